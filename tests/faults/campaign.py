"""Kill the real program again and again, and count what was lost.

python -m tests.faults.campaign --kills 50 --rows 1000
python -m tests.faults.campaign --kills 500 --rows 10000 --faults 25%
python -m tests.faults.campaign --kills 10 --rows 300 --broken no_intent     a control: must fail
python -m tests.faults.campaign --system voucherify-bulk --kills 40 --rows 1000
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.faults.driver import Driver, Outcome, Plan
from tests.faults.endpoints import HASHED_KEY, JWT
from tests.faults.systems import LANES, SystemDriver


def figures(plan: Plan, outcome: Outcome) -> dict[str, object]:
    """Return everything that a campaign found, for people and machines."""
    return {
        "kills": outcome.kills,
        "lives": outcome.lives,
        "lives_that_ended_first": len(outcome.exit_codes),
        **outcome.verdict.figures(),
        "journals_corrupt": outcome.corrupt,
        "in_flight_at_kill_max": max(outcome.in_flight, default=0),
        "unknown_at_kill_max": max(outcome.unknown, default=0),
        "concurrency": plan.concurrency,
        "faults_injected": sum(outcome.injected.values()),
        "exit_codes": sorted(set(outcome.exit_codes)),
        "seconds": round(outcome.seconds, 1),
        "kept": outcome.kept,
    }


def share(text: str) -> float:
    """Read `25%` or `0.25`."""
    return float(text[:-1]) / 100 if text.endswith("%") else float(text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a campaign and print its figures; 1 if the promise was broken."""
    default = Plan()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--system",
        choices=["fault-server", *LANES],
        default="fault-server",
        help="send into the sandbox of a system instead, faults hit reads as well",
    )
    parser.add_argument("--kills", type=int, default=default.kills)
    parser.add_argument("--rows", type=int, default=default.rows)
    parser.add_argument("--faults", type=share, default=default.faults, help="share of the creates")
    parser.add_argument("--seed", type=int, default=default.seed)
    parser.add_argument("--concurrency", type=int, default=default.concurrency)
    parser.add_argument("--rate", default=default.rate)
    parser.add_argument("--quiesce", type=float, default=default.quiesce_s, metavar="SECONDS")
    parser.add_argument("--late", type=float, default=default.late_s, metavar="SECONDS")
    parser.add_argument("--on-unknown", choices=["reconcile", "review"], default="reconcile")
    parser.add_argument("--keyed", action="store_true", help="use an ld_* key")
    parser.add_argument("--minutes", type=float, default=default.minutes, help="stop killing then")
    parser.add_argument("--broken", default="", help="a control, see tests.faults.broken")
    parser.add_argument("--keep", type=Path, help="folder for the files of the campaign")
    said = parser.parse_args(arguments)
    plan = Plan(
        kills=said.kills,
        rows=said.rows,
        faults=said.faults,
        seed=said.seed,
        concurrency=said.concurrency,
        rate=said.rate,
        quiesce_s=said.quiesce,
        late_s=said.late,
        on_unknown=said.on_unknown,
        token=HASHED_KEY if said.keyed else JWT,
        minutes=said.minutes,
        broken=said.broken,
    )
    with tempfile.TemporaryDirectory() as temporary:
        folder = said.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        driver = (
            SystemDriver(folder.absolute(), plan, LANES[said.system])
            if said.system in LANES
            else Driver(folder.absolute(), plan)
        )
        outcome = driver.run()
    sys.stdout.write(json.dumps(figures(plan, outcome), indent=2) + "\n")
    if outcome.unfinished:
        sys.stderr.write(outcome.unfinished + "\n")
    return int(not outcome.kept)


if __name__ == "__main__":
    sys.exit(main())
