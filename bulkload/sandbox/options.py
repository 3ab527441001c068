"""What can be set about the sandbox; everything that a vendor leaves undocumented is a switch here.

The defaults of switches are guesses, and labelled so where they are listed for people.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from bulkload.sandbox.faults import FaultPlan

T = TypeVar("T")
Switch = Literal["yes", "no"]


def _switch(default: T, label: str, *choices: str) -> T:
    field: T = dataclasses.field(default=default, metadata={"label": label, "of": choices})
    return field


@dataclass(frozen=True)
class _Switches:
    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value, choices = getattr(self, field.name), field.metadata["of"]
            if choices and value not in choices:
                raise ValueError(f"{field.name} must be one of {', '.join(choices)}, not {value!r}")
            if not choices and (isinstance(value, bool) or not 0 <= value < math.inf):
                raise ValueError(f"{field.name} must be a number from 0 on, not {value!r}")


@dataclass(frozen=True)
class LoyaltyDogSwitches(_Switches):
    """What LoyaltyDog does not document, and its limits."""

    duplicates: str = _switch(
        "allow",
        "a create whose e-mail or phone the program holds already",
        "allow",
        "409",
        "422",
        "return-existing",
    )
    omitted_points: str = _switch("keep", "`points` left out of a PUT", "keep", "zero")
    custom_fields_on_put: str = _switch("merge", "customFields in a PUT", "merge", "replace")
    short_list: str = _switch("no", "list items without customFields", "no", "yes")
    list_order: str = _switch("oldest", "order of a list without orderBy", "oldest", "newest")
    list_limit_max: int = _switch(0, "most customers on a page, silently; 0 = no maximum")
    filters: str = _switch("exact", "how email= and phone= match", "exact", "contains")
    foreign_program: str = _switch("404", "a program that is not there or not yours", "404", "403")
    phone_check: str = _switch("e164", "what a phone must look like", "e164", "none")
    required_fields: str = _switch("ignored", "a program's requiredFields", "ignored", "enforced")
    jwt_idempotency: str = _switch("ignored", "Idempotency-Key with a JWT", "ignored", "honoured")
    delete_status: str = _switch("202", "status of a DELETE", "202", "200")
    token_lifetime_s: float = _switch(0.0, "life of a token from POST /v2/token; 0 = no end")
    retry_after: str = _switch("seconds", "form of Retry-After", "seconds", "date")
    reset: str = _switch("seconds", "form of X-RateLimit-Reset", "seconds", "epoch")
    burst_per_minute: int = _switch(60, "calls a minute for an ld_* key; 0 = no limit")
    sustained_per_hour: int = _switch(1_000, "calls an hour for an ld_* key; 0 = no limit")
    monthly: int = _switch(10_000, "calls a UTC month for an ld_* key; 0 = no limit")
    edge_per_10s: int = _switch(0, "calls in 10 s for everybody (documented: 300); 0 = no limit")
    subscription: str = _switch("active", "billing of ld_* keys (402)", "active", "lapsed")
    read_delay_s: float = _switch(0.0, "how long reads lag behind writes")


@dataclass(frozen=True)
class VoucherifySwitches(_Switches):
    """What Voucherify does not document, and its limits."""

    unknown_id: str = _switch("404", "a POST with an `id` that is not there", "404", "create")
    partial_metadata: str = _switch("merge", "metadata in a write", "merge", "replace")
    partial_address: str = _switch("merge", "address in a write", "merge", "replace")
    source_id_case: str = _switch("sensitive", "how source_id compares", "sensitive", "insensitive")
    filters: str = _switch("exact", "how email=, name= and city= match", "exact", "contains")
    birthdate_check: str = _switch("iso", "what a birthdate must look like", "iso", "none")
    phone_check: str = _switch("none", "what a phone must look like", "none", "format")
    dial_prefix: int = _switch(0, "calling code put before a phone without `+`; 0 = left alone")
    bulk_metadata_failure: str = _switch(
        "row", "what wrong metadata in bulk/async fails", "row", "request"
    )
    bulk_rows_max: int = _switch(0, "most rows in bulk/async (100 until 2024); 0 = no maximum")
    export_headers: str = _switch("fields", "header row of an export", "fields", "human")
    async_s: float = _switch(0.2, "how long an async action takes; they queue")
    export_s: float = _switch(0.2, "how long an export takes")
    token_lifetime_s: float = _switch(900.0, "life of an OAuth token (documented: 900)")
    calls_per_minute: int = _switch(0, "documented: 100 or 2,000 by plan; 0 = no limit")
    calls_per_hour: int = _switch(0, "documented for sandbox projects: 100; 0 = no limit")
    calls_per_cycle: int = _switch(0, "documented: 100,000 or 300,000 by plan; 0 = no limit")
    bulk_calls_per_hour: int = _switch(0, "bulk calls have a bucket of their own; 0 = no limit")
    read_delay_s: float = _switch(0.0, "how long reads lag behind writes")


@dataclass(frozen=True)
class LealSwitches(_Switches):
    """What Leal does not document, and its limits."""

    create_status: str = _switch("201", "status of a successful create", "201", "200")
    errors_shape: str = _switch("object", "shape of `errors` in a 422", "object", "list")
    known_reference: str = _switch(
        "return-existing",
        "a create with an external reference that is known",
        "return-existing",
        "update",
        "taken",
    )
    wrong_type_status: str = _switch("422", "status for a parameter of another type", "422", "400")
    wrong_birthday: str = _switch("refuse", "a birthday that is no date", "refuse", "null")
    null_clears: str = _switch("yes", "null in a PATCH empties the field", "yes", "no")
    list_cards: str = _switch("yes", "customers in lists carry their cards", "yes", "no")
    past_last_page: str = _switch("empty", "a page past the last one", "empty", "404")
    created_card: str = _switch(
        "customer_cards", "where a create shows the new card", "customer_cards", "customer_card"
    )
    items_default: int = _switch(20, "customers on a page without items=")
    items_max: int = _switch(100, "most customers on a page, silently")
    retired: str = _switch("no", "every call gets 410", "no", "yes")
    calls_per_window: int = _switch(0, "rate limit, announced by /api/v1/status; 0 = no limit")
    window_s: int = _switch(60, "seconds of the rate limit's window")
    read_delay_s: float = _switch(0.0, "how long reads lag behind writes")


@dataclass(frozen=True)
class SandboxOptions:
    """How a sandbox is to run.

    Raises:
        ValueError: a switch or a fault plan says something that is not possible.
    """

    data: Path | None = None
    """SQLite file that keeps everything; None keeps it in memory."""
    port: int = 0
    """0 takes a free one."""
    host: str = "127.0.0.1"
    """A loopback address; no other is accepted."""
    loyaltydog: LoyaltyDogSwitches = LoyaltyDogSwitches()
    voucherify: VoucherifySwitches = VoucherifySwitches()
    leal: LealSwitches = LealSwitches()
    faults: FaultPlan | str = ""
    """`429=5%,500-before=3%,500-after=4%,drop=5%,late=8%,slow=1%`, or a plan."""
    seed: int = 0
    """Decides which calls the faults hit."""
    record_calls: bool = False
    """Keep a line for every call in `Sandbox.calls` (grows without end: for tests)."""

    def __post_init__(self) -> None:
        if self.host not in ("127.0.0.1", "localhost", "::1"):
            raise ValueError(
                f"the sandbox listens on loopback only (127.0.0.1, ::1), not on {self.host!r}"
            )
        _ = self.fault_plan  # a wrong plan is said at once
        if not 0 <= self.port <= 65535:  # noqa: PLR2004 - what a port can be
            raise ValueError(f"port must be from 0 to 65535, not {self.port}")

    @property
    def fault_plan(self) -> FaultPlan:
        """The faults, read."""
        return FaultPlan.parse(self.faults) if isinstance(self.faults, str) else self.faults


def switches() -> dict[str, tuple[Any, tuple[str, ...], str]]:
    """Return default, choices and meaning of every switch by name (`loyaltydog.duplicates`)."""
    return {
        f"{system}.{field.name}": (field.default, field.metadata["of"], field.metadata["label"])
        for system, kind in SYSTEMS.items()
        for field in dataclasses.fields(kind)
    }


def with_switches(options: SandboxOptions, settings: Iterable[str]) -> SandboxOptions:
    """Return `options` with switches set from texts like `loyaltydog.duplicates=409`.

    Raises:
        ValueError: an unknown switch (naming the closest one) or an impossible value.
    """
    known = switches()
    for setting in settings:
        name, equals, text = setting.partition("=")
        if name not in known or not equals:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {close[0]}=...?" if close else ""
            raise ValueError(f"{setting!r} is no switch (SYSTEM.NAME=VALUE){hint}")
        default, choices, _ = known[name]
        system, _, field = name.partition(".")
        try:
            value = text if choices else type(default)(text)
        except ValueError:
            raise ValueError(f"{name} must be a number, not {text!r}") from None
        changed = dataclasses.replace(getattr(options, system), **{field: value})
        options = dataclasses.replace(options, **{system: changed})
    return options


SYSTEMS: dict[str, type[_Switches]] = {
    "loyaltydog": LoyaltyDogSwitches,
    "voucherify": VoucherifySwitches,
    "leal": LealSwitches,
}
