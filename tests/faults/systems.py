"""The campaign of kills over every system, against the sandbox as the oracle.

    outcome = SystemDriver(folder, Plan(kills=5, rows=100), LANES["leal"]).run()

The real program is killed at random moments while a share of all calls goes wrong, reads too.
What the sandbox holds on disk at the end, the journal and the results file must agree.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from bulkload.sandbox.credentials import APP_ID, APP_TOKEN, JWT, LD_KEY, LEAL_ACCOUNT_ID, LEAL_TOKEN
from bulkload.sandbox.credentials import PROGRAM_ID as PROGRAM
from tests.faults.broken import SMALL_BATCH
from tests.faults.checker import Line, Verdict, check, read_results
from tests.faults.driver import Driver, Plan, journal_lines
from tests.faults.process import RunningServer
from tests.faults.sandboxed import RunningSandbox, customers

FAULTS = {"429": 0.005, "500-before": 0.075, "500-after": 0.04, "drop": 0.05, "late": 0.08}
"""What goes wrong at 25 %; other shares in the same proportion. Seldom a 429: with each of them the
systems say that the calls of this minute are spent, and the program believes it and waits."""
SETTINGS = """\
default: faults
profiles:
  faults: {{connector: {connector}, program: "{program}", base_url: "{base_url}",
    token: "${{FAULTS_TOKEN}}", app_id: "{app_id}", options: {{limits: none}}}}
"""
CONTACT = "  email: {column: email}\n  phone: {column: phone}\n"


@dataclass(frozen=True, slots=True)
class Lane:
    """One way into one system."""

    connector: str
    token: str
    fields: str
    """Of the mapping, beside the contact."""
    scope: str
    """Where the sandbox keeps the customers."""
    program: str = ""
    app_id: str = ""
    flags: tuple[str, ...] = ()
    """Further words of the command line."""
    switches: tuple[str, ...] = ()
    """Of the sandbox."""
    narrowed: str = ""
    """How the program is made to send more calls, see `tests.faults.broken`."""
    has_reference: bool = False
    """Whether the store's reference is the row's own."""


_LOYALTYDOG = Lane(
    "loyaltydog", JWT, "  firstName: {column: name}\n", f"loyaltydog/{PROGRAM}", PROGRAM
)
_VOUCHERIFY = Lane(
    "voucherify",
    APP_TOKEN,
    "  source_id: {column: reference}\n  name: {column: name}\n",
    "voucherify",
    app_id=APP_ID,
    flags=("--lane", "single"),
    has_reference=True,
)
LANES = {
    "loyaltydog": _LOYALTYDOG,
    "loyaltydog-key": replace(
        _LOYALTYDOG,
        token=LD_KEY,
        switches=tuple(
            f"loyaltydog.{limit}=0"
            for limit in ("burst_per_minute", "sustained_per_hour", "monthly")
        ),
    ),
    "voucherify": _VOUCHERIFY,
    "voucherify-bulk": replace(_VOUCHERIFY, flags=("--lane", "bulk"), narrowed="small_batches"),
    "leal": Lane(
        "leal",
        LEAL_TOKEN,
        "  first_name: {column: name}\n",
        f"leal/{LEAL_ACCOUNT_ID}",
        str(LEAL_ACCOUNT_ID),
    ),
}


class SystemDriver(Driver):
    """One campaign over one lane in one folder."""

    def __init__(self, folder: Path, plan: Plan, lane: Lane) -> None:
        broken = "+".join(filter(None, (lane.narrowed, plan.broken)))
        flags = lane.flags + plan.flags
        super().__init__(folder, replace(plan, token=lane.token, flags=flags, broken=broken))
        self.lane = lane
        if lane.narrowed:
            # A job takes a while, and it is while it waits that the life is to end.
            self.rows_in_a_call, self.longer_s = SMALL_BATCH, 0.6
        self.data = folder / "sandbox.sqlite"

    def server(self) -> RunningServer:
        """Return the oracle, started, with its faults."""
        plan = self.plan
        rates = [f"{name}={share * plan.faults / 0.25:.6f}" for name, share in FAULTS.items()]
        faults = ",".join([*rates, f"late_s={plan.late_s}", "retry_after_s=0"])
        return RunningSandbox(
            self.data, self.lane.scope, faults=faults, switches=self.lane.switches, seed=plan.seed
        )

    def prepare(self, server: RunningServer, base_url: str = "") -> None:
        """Write source, mapping and settings."""
        lane = self.lane
        lines = ["email,phone,name,reference"]
        for number in range(self.plan.rows):
            email, phone = f"customer{number}@example.com", f"+49151{20_000_000 + number}"
            reference = f"r-{number}"
            lines.append(f"{email},{phone},Name{number},{reference}")
            self.expected[number + 2] = _identity(email, reference if lane.has_reference else "")
        self.source.write_text("\n".join(lines) + "\n")
        mode = "mode: upsert\n" if lane.has_reference else ""
        rest = "" if lane.has_reference else "ignore: [reference]\n"
        (self.folder / "mapping.yaml").write_text(
            f"bulkload: 1\nconnector: {lane.connector}\n{mode}fields:\n{CONTACT}{lane.fields}{rest}"
        )
        settings = SETTINGS.format(
            connector=lane.connector,
            program=lane.program,
            base_url=base_url or server.base_url,
            app_id=lane.app_id,
        )
        (self.folder / "bulkload.yaml").write_text(settings)

    def verdict(self) -> Verdict:
        """Compare the sandbox's file, the journal and the results file."""
        held = [
            (_identity(email, reference if self.lane.has_reference else ""), remote_id)
            for email, _, reference, remote_id in customers(self.data, self.lane.scope)
        ]
        path, results = self.journal(), self.out / "results.csv"
        ids = dict(held)
        return check(
            self.expected,
            held,
            [self._named(line, ids) for line in (journal_lines(path) if path else [])],
            [
                self._named(line, ids)
                for line in (read_results(results) if results.exists() else [])
            ],
        )

    def _named(self, line: Line, ids: dict[str, str]) -> Line:
        """Put the id in the place of the row's own reference, where the lane tells only that."""
        identity = self.expected[line.row_number]
        if self.lane.has_reference and identity.endswith(f" {line.remote_id}"):
            return replace(line, remote_id=ids.get(identity, ""))
        return line


def _identity(email: str, reference: str) -> str:
    return f"{email} {reference}".strip()
