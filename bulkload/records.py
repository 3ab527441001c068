r"""The nouns of a run, in the order a row meets them.

    row -> record -> Payload -> (wire.Request) -> Result
                 \-> Reject

Every one carries `row_number`, the number a person sees beside that row when the file is open in a
spreadsheet (header = 1), so any line of any report leads back to a cell. Plain frozen data: no I/O,
no polars, no httpx, nothing imported from the rest of the package.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """The one place in which a source row ends."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    """The system holds exactly this already; nothing was sent."""
    EXISTING = "existing"
    """The customer was there before, with other values; nothing was sent."""
    REJECTED = "rejected"
    """The row is wrong and was not sent; the rejects file says why."""
    DUPLICATE = "duplicate"
    """An earlier row of the source names the same customer."""
    SKIPPED = "skipped"
    """The mapping says that this row is not to be sent."""
    FAILED = "failed"
    """The system refused the row."""
    REVIEW = "review"
    """It cannot be proven whether the customer was created; a person looks, bulkload never resends."""
    PENDING = "pending"
    """Not decided: the run stopped before this row and can be resumed."""


FINAL = tuple(status for status in Status if status is not Status.PENDING)
NEEDS_A_PERSON = (Status.REJECTED, Status.DUPLICATE, Status.FAILED, Status.REVIEW)


class Action(StrEnum):
    """What is to be done with a payload's customer."""

    CREATE = "create"
    UPDATE = "update"
    UPSERT = "upsert"


class Severity(StrEnum):
    """How much a failed check weighs."""

    REJECT = "reject"
    WARN = "warn"
    OFF = "off"


class Kind(StrEnum):
    """What may stand in a field. Transforms, verdicts and their fast twins hang on the kind alone."""

    TEXT = "text"
    EMAIL = "email"
    PHONE = "phone"
    INTEGER = "integer"
    NUMBER = "number"
    DATE = "date"
    DATETIME = "datetime"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    HEX_ID = "hex_id"
    URL = "url"
    LIST = "list"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Field:
    """One place in the payload, what may stand there, and which columns it is read from.

    A connector declares fields without columns (its schema); a mapping binds them to columns.
    """

    name: str
    """Dotted path in the JSON body: `email`, `customFields.birthday`."""
    kind: Kind = Kind.TEXT
    columns: tuple[str, ...] = ()
    """Headers as the source shows them; empty for constants and for a connector's own declaration."""
    required: bool = False
    severity: Severity = Severity.REJECT
    region: str | None = None
    """Default region of a phone without calling code, ISO 3166-1 alpha-2."""
    choices: tuple[str, ...] = ()
    max_length: int | None = None
    """Characters."""
    minimum: int | None = None
    maximum: int | None = None
    clear_when_blank: bool = False
    """Send null for a blank cell instead of leaving the field out."""
    how: str = "set"
    """For balances: `set`, `add` or `keep`."""


@dataclass(frozen=True, slots=True)
class Schema:
    """What one system accepts for one customer."""

    name: str
    """Name of the payload in the vendor's words, `CreateCustomerPayload`."""
    fields: tuple[Field, ...]
    open_prefixes: tuple[str, ...] = ()
    """Paths below which any name is allowed, `customFields.`."""
    open_kinds: Mapping[str, Kind] = dataclasses.field(default_factory=dict)
    """By path, what the names below it say, if that is not text."""
    one_of: tuple[str, ...] = ()
    """At least one of these fields is needed unless the mapping says otherwise."""
    keys: tuple[str, ...] = ()
    """Fields that name a customer, in the order in which they are preferred."""

    def field(self, name: str) -> Field | None:
        """Return the declaration of `name`, or None if the system does not know it."""
        for declared in self.fields:
            if declared.name == name:
                return declared
        for prefix in self.open_prefixes:
            if name.startswith(prefix) and len(name) > len(prefix):
                return Field(name, self.open_kinds.get(prefix, Kind.TEXT))
        return None


@dataclass(frozen=True, slots=True)
class Reject:
    """One reason why one row is not sent (or, as a warning, why it deserves a look).

    It holds the parts, not the sentence: `messages` makes the sentence, in the reader's language.
    """

    row_number: int
    code: str
    """Stable and documented: `email-invalid`, `phone-too-short`."""
    column: str = ""
    """Header of the cell; empty where the whole row is meant."""
    field: str = ""
    cell: str = ""
    """The cell's own text."""
    details: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """What the sentence of this code needs besides the cell: `{"region": "DE"}`."""
    status: Status = Status.REJECTED


@dataclass(frozen=True, slots=True)
class Payload:
    """A record that passed validation: the exact JSON body, with keys and digest."""

    row_number: int
    keys: Mapping[str, str]
    """Normalised natural keys by field name: `{"email": "ada@example.com", "phone": "+12025550143"}`."""
    body: bytes
    """Compact JSON, exactly what a create sends."""
    action: Action = Action.CREATE
    extra: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """What is asked for besides the body: `{"points_add": 50}`."""

    @property
    def key(self) -> str:
        """The preferred key, for people: the first that the payload has; empty without any."""
        return next(iter(self.keys.values()), "")

    @property
    def digest(self) -> bytes:
        """16 bytes that differ when anything that would be sent differs."""
        spoken = repr(sorted(self.extra.items())).encode() if self.extra else b""
        return hashlib.blake2b(self.body + b"\0" + spoken, digest_size=16).digest()


@dataclass(frozen=True, slots=True)
class Result:
    """The final word on one payload."""

    row_number: int
    key: str
    status: Status
    remote_id: str = ""
    http_status: int | None = None
    attempts: int = 0
    message: str = ""
    extra: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Further columns of the results file: `{"apple_wallet_url": ...}`."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a column or a sheet that a person should know; nothing was changed."""

    code: str
    column: str = ""
    cells: tuple[str, ...] = ()
    """Places as the spreadsheet names them (`C17`), the first few."""
    count: int = 0
    examples: tuple[str, ...] = ()
    details: Mapping[str, str] = dataclasses.field(default_factory=dict)
    mapping_line: str = ""
    """The line of the mapping that would mend it; empty if none would."""


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer as a system holds it."""

    remote_id: str
    fields: Mapping[str, Any]
    """The system's own object, nested as it came."""


@dataclass(slots=True)
class Counts:
    """How many rows were read and where they ended."""

    rows: int = 0
    by_status: Counter[Status] = dataclasses.field(default_factory=Counter)

    def add(self, status: Status, number: int = 1) -> None:
        """Count `number` rows as ended in `status`."""
        self.by_status[status] += number

    def __getitem__(self, status: Status) -> int:
        return self.by_status[status]

    @property
    def conserved(self) -> bool:
        """Whether every row read has ended in exactly one place."""
        return self.rows == sum(self.by_status.values())


@dataclass(frozen=True, slots=True)
class Cause:
    """Rejects that share one code and one column, counted together."""

    code: str
    column: str
    rows: int
    example: Reject
    mapping_line: str = ""
    """The line of the mapping that would mend them; empty if none would."""
    mends: int = 0
    """How many of the rows that line would mend."""


@dataclass(slots=True)
class RunReport:
    """What a run did, for people (`reports`) and for machines (`report.json`, `--json`)."""

    run_id: str
    verb: str
    """`import`, `validate`, `export`, `resume`."""
    dry_run: bool
    started_utc: str
    """ISO 8601, seconds, `Z`."""
    finished_utc: str = ""
    source: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """name, path, format, sha256, size_bytes, headers, dialect or sheet."""
    mapping: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """name, path, sha256, how it was found."""
    profile: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """name, connector, base_url, program. Never a secret."""
    counts: Counts = dataclasses.field(default_factory=Counts)
    causes: list[Cause] = dataclasses.field(default_factory=list)
    warnings: list[Cause] = dataclasses.field(default_factory=list)
    findings: list[Finding] = dataclasses.field(default_factory=list)
    delivered_before: int = 0
    """Rows that an earlier run delivered, counted under `unchanged` or `existing` as well."""
    delivered_before_utc: str = ""
    """When the newest of them was delivered."""
    files: dict[str, str] = dataclasses.field(default_factory=dict)
    """Path by what it is: `results`, `rejects`, `workbook`, `html`, `report`."""
    timeline: list[Mapping[str, float]] = dataclasses.field(default_factory=list)
    """One entry a second of sending: at_s, sent, applied, throttled, retried, latency_ms_p50."""
    notes: list[str] = dataclasses.field(default_factory=list)
    """Sentences that the user should read, in order."""
    details: dict[str, Any] = dataclasses.field(default_factory=dict)
    """What a later stage adds for machines: forecast, balances, effects."""

    unseen: int = 0
    """Delivered customers whom the system did not show when it was read back."""
    ended_by: int = 0
    """Exit code of the error that ended the run before its last row; 0 if none did."""

    @property
    def exit_code(self) -> int:
        """0 all rows accepted, 1 some need a person, 70 the counts do not add up (a bug).

        Of a run that ended early, that of its error.
        """
        if not self.counts.conserved:
            return 70
        if self.ended_by:
            return self.ended_by
        return int(self.unseen > 0 or any(self.counts[status] for status in NEEDS_A_PERSON))
