"""The fault matrix: what each kind of fault is tried with, and what was reached.

    python -m tests.faults.matrix                       every row at the size of everyday tests
    python -m tests.faults.matrix --full                at the size that a release asks for; hours
    python -m tests.faults.matrix --full --only T-07 --only T-25
    python -m tests.faults.matrix --full --skip T-02 --skip T-36

Every row is a selection of the tests, with the figures that they report.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.faults.process import ROOT
from tests.faults.sizes import SETTING

STORMS = "tests/faults/test_storms.py"
PROGRAM = "tests/faults/test_program.py"
DISK = "tests/faults/test_journal_disk.py"
SOCKETS = "tests/faults/test_sockets.py"
UPLOAD = "tests/delivery/test_upload.py"
OUTCOMES = "tests/delivery/test_outcomes.py"
SIGNALS = "tests/faults/test_signals.py"
RETRY = "tests/delivery/test_retry.py"
HISTORY = "tests/delivery/test_history.py"


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of fault."""

    name: str
    fault: str
    asked: str
    """The figure to reach."""
    tests: tuple[str, ...]
    """Files of tests, or `file::test`."""


ROWS = (
    Row("T-01", "crash at every step", "every boundary x 4 promises x 8 answers x 1-3 rows, 0 problems",
        ("tests/faults/test_crash_points.py",)),
    Row("T-02", "kill -9 at any moment", "500 kills x 10,000 rows: 0 lost, doubled, stuck",
        (f"{PROGRAM}::test_kills_at_random_moments_lose_and_double_nothing",
         f"{PROGRAM}::test_the_kill_test_sees_a_program_without_intents",
         "tests/faults/test_systems.py")),
    Row("T-03", "kill -9 at named points", "every point at least 20 times",
        (f"{PROGRAM}::test_kills_at_every_point_lose_and_double_nothing",)),
    Row("T-04", "simulated time", "20,000 seeds, 0 problems", ("tests/faults/test_simulations.py",)),
    Row("T-05", "disorder", "2,000 examples x 50 steps", ("tests/faults/test_stateful.py",)),
    Row("T-06", "power cut", "200 cuts, 0 acknowledged intents lost; control > 0",
        (f"{DISK}::test_no_power_cut_takes_back_an_acknowledged_intent",
         f"{DISK}::test_the_power_cut_test_sees_a_journal_that_does_not_sync")),
    Row("T-07", "intent before send", "1,000 rows, 0 violations", ("tests/faults/test_system_calls.py",)),
    Row("T-08", "applied late", "1,000 rows, 20 % late, 0 doubled; control > 0",
        (f"{STORMS}::test_a_create_applied_long_after_the_client_died_is_waited_for",)),
    Row("T-09", "applied after the quiet time", "200 rows under review: 0 doubled",
        (f"{STORMS}::test_later_than_the_quiet_time_needs_review_to_be_safe",)),
    Row("T-10", "look-ups that are behind", "200 rows, 0 doubled",
        (f"{STORMS}::test_look_ups_that_are_blind_for_a_while_are_waited_for",)),
    Row("T-11", "status and exception table", "about 150 cases",
        (OUTCOMES, f"{UPLOAD}::test_an_update_is_repeated_by_reading_again")),
    Row("T-12", "what a socket can do", "14 of 14",
        (f"{SOCKETS}::test_a_broken_exchange_is_unknown",
         f"{SOCKETS}::test_a_connection_reset_on_accept_is_not_taken_for_not_sent",
         f"{SOCKETS}::test_an_idle_connection_that_dies_under_the_next_request_is_unknown",
         f"{SOCKETS}::test_what_never_reached_a_server_is_known_not_to_be_sent")),
    Row("T-13", "applied, answer useless", "100 each, all found",
        (f"{STORMS}::test_a_create_that_took_effect_unseen_is_found",)),
    Row("T-14", "429 storm", "at most 2 % refused, at least 90 % of the hidden limit",
        (f"{STORMS}::test_a_hidden_limit_is_found_and_used",)),
    Row("T-15", "rate", "1,000 rows, at most 20 requests in any second",
        (f"{STORMS}::test_the_rate_is_never_exceeded", f"{UPLOAD}::test_no_second_holds_more_than_the_rate")),
    Row("T-16", "five minutes of 503", "at most 1.1 x rows + 100 requests",
        (f"{STORMS}::test_an_outage_is_not_answered_with_more_requests",)),
    Row("T-17", "breaker", "all delivered, 0 failed",
        (f"{STORMS}::test_a_breaker_probes_with_reads_and_fails_nobody",)),
    Row("T-18", "token expires", "1 renewal for 16 refusals",
        (f"{PROGRAM}::test_an_expired_token_is_renewed_once",
         f"{PROGRAM}::test_a_token_that_cannot_be_renewed_stops_the_run_and_fails_no_row",
         f"{UPLOAD}::test_a_token_is_renewed_once_for_all")),
    Row("T-19", "dripping, huge and compressed bodies", "a bomb of 300 MB costs under 50 MB",
        (f"{SOCKETS}::test_a_compressed_bomb_does_not_grow_the_process",
         f"{SOCKETS}::test_a_broken_exchange_is_unknown")),
    Row("T-20", "disk full", "4 ways, 0 lost or doubled",
        (f"{DISK}::test_a_full_database_stops_the_writing", f"{DISK}::test_a_file_size_limit_stops_the_writing",
         f"{DISK}::test_a_full_disk_stops_the_writing", f"{PROGRAM}::test_a_full_disk_costs_nothing_but_time")),
    Row("T-21", "failed fsync", "20 positions",
        (f"{DISK}::test_after_a_failed_sync_nothing_is_acknowledged_any_more",)),
    Row("T-22", "damaged journal", "200 flipped bits, 0 silent restarts",
        (f"{DISK}::test_a_flipped_bit_never_makes_a_journal_forget", f"{DISK}::test_a_damaged_journal_is_refused",
         f"{DISK}::test_a_zeroed_header_is_refused", f"{DISK}::test_half_a_database_is_refused",
         f"{PROGRAM}::test_a_damaged_journal_stops_the_run_before_anything_is_sent")),
    Row("T-23", "lost journal", "1,000 rows, 0 creates",
        (f"{PROGRAM}::test_a_lost_journal_costs_no_duplicate",
         f"{STORMS}::test_a_lost_journal_creates_nobody_twice")),
    Row("T-24", "clock jumps", "8 cases",
        (f"{STORMS}::test_a_jump_of_the_wall_clock_shortens_no_wait", f"{UPLOAD}::test_the_wall_clock_may_jump")),
    Row("T-25", "two runs at once", "100 races, 1 winner each; refused within 2 s",
        ("tests/faults/test_at_once.py",)),
    Row("T-26", "changed input", "6 cases: refused by name, or only what is new is sent",
        (HISTORY, f"{PROGRAM}::test_an_edited_file_sends_only_what_is_not_delivered",
         f"{UPLOAD}::test_an_edited_file_sends_only_what_is_new")),
    Row("T-27", "signals and closed outputs", "50 each; ended within 30 s, at once when asked twice",
        (SIGNALS,)),
    Row("T-28", "results file", "200 kills, 0 torn; control > 0", ("tests/faults/test_results_file.py",)),
    Row("T-29", "customers twice in the file", "10,000 rows, at most 1 create each",
        (f"{PROGRAM}::test_customers_who_stand_in_the_file_twice_are_created_once",)),
    Row("T-30", "poor lines", "500 rows over each", ("tests/faults/test_lines.py",)),
    Row("T-31", "PostgreSQL as the journal", "there is no such journal yet", ()),
    Row("T-32", "jitter and quota", "10,000 draws within 20 %; quota within its bounds",
        (f"{RETRY}::test_jitter_is_full_and_uniform", "tests/delivery/test_health.py")),
    Row("T-33", "Retry-After", "every form; 10,000 texts without an exception",
        (f"{RETRY}::test_retry_after_is_read_in_both_its_forms", f"{RETRY}::test_no_header_breaks_the_reader",
         f"{RETRY}::test_a_date_and_seconds_say_the_same", "tests/connectors/test_answers.py")),
    Row("T-34", "bulk jobs", "4 cases: every row ends",
        ("tests/connectors/test_bulk_lane.py::test_every_row_ends_whatever_happens_to_its_batch",)),
    Row("T-35", "hostile workbooks", "one sentence, exit code 65",
        ("tests/sources/test_workbooks.py::test_a_hostile_workbook_ends_in_one_sentence",
         "tests/sources/test_workbooks.py::test_refusing_hostile_workbooks_takes_little_memory")),
    Row("T-36", "long run", "1,000,000 rows: memory grows by less than 10 %, open files constant",
        ("tests/faults/test_soak.py",)),
    Row("T-37", "export is killed", "50 kills, every customer once", ("tests/faults/test_exports.py",)),
    Row("T-38", "many unknown rows", "2,000 rows, a walk through the pages or 2 look-ups each",
        (f"{STORMS}::test_many_unknown_rows_are_found_with_few_calls",)),
)  # fmt: skip


@dataclass(slots=True)
class Reached:
    """What the tests of a row say."""

    cases: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    figures: dict[str, float | str] = field(default_factory=dict)
    """Numbers of several cases add up; the worst counts where a name ends in `_max` or `_min`."""

    @property
    def kept(self) -> bool:
        """Whether there were tests, and none failed."""
        return self.cases > 0 and not self.failed

    def add(self, name: str, text: str) -> None:
        """Take one figure of one case."""
        try:
            number = float(text)
        except ValueError:
            self.figures[name] = text
            return
        before = self.figures.get(name)
        if not isinstance(before, float):
            self.figures[name] = number
        elif name.endswith("_max"):
            self.figures[name] = max(before, number)
        elif name.endswith("_min"):
            self.figures[name] = min(before, number)
        else:
            self.figures[name] = before + number

    def words(self) -> str:
        """Say it in one line."""
        cases = f"{self.cases} cases" + (f", {self.skipped} skipped" if self.skipped else "")
        said = [cases] + ([f"{self.failed} FAILED"] if self.failed else [])
        for name, figure in self.figures.items():
            number = f"{figure:,g}" if isinstance(figure, float) and figure < 1e5 else figure
            number = f"{figure:,.0f}" if isinstance(figure, float) and figure >= 1e5 else number
            said.append(f"{name.replace('_', ' ')} {number}")
        return ", ".join(said)


def run(row: Row, *, full: bool) -> Reached:
    """Run the tests of a row in a process of their own, and collect what they report."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        words = ("-q", "-p", "no:cacheprovider", f"--junit-xml={report}")
        started = time.monotonic()
        ran = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                *words,
                "-o",
                "timeout=0",
                "-o",
                "junit_family=xunit1",
                *row.tests,
            ],
            cwd=ROOT,
            env={**os.environ, SETTING: "full" if full else "small"},
            capture_output=True,
            text=True,
            check=False,
        )
        reached = Reached(seconds=time.monotonic() - started)
        if not report.exists():
            sys.stderr.write(ran.stdout + ran.stderr)
            return reached
        for case in ET.parse(report).iter("testcase"):  # noqa: S314 - written by pytest just now
            read(case, reached)
        if reached.failed:
            sys.stderr.write(ran.stdout[-6000:])
        return reached


def read(case: ET.Element, into: Reached) -> None:
    """Take one case of pytest's report."""
    into.cases += 1
    into.skipped += case.find("skipped") is not None
    into.failed += case.find("failure") is not None or case.find("error") is not None
    for said in case.iter("property"):
        into.add(said.get("name", ""), said.get("value", ""))


def chosen(only: Iterable[str], skip: Iterable[str]) -> list[Row]:
    """Return the rows that are asked for; ValueError for one that does not exist."""
    names = {row.name for row in ROWS}
    if unknown := {*only, *skip} - names:
        raise ValueError(f"there is no row {', '.join(sorted(unknown))}")
    wanted = set(only) or names
    return [row for row in ROWS if row.name in wanted and row.name not in set(skip)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run rows and print one line for each; 1 if one was not reached."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--full", action="store_true", help="at the size of a release")
    parser.add_argument("--only", action="append", default=[], metavar="ROW")
    parser.add_argument("--skip", action="append", default=[], metavar="ROW")
    said = parser.parse_args(arguments)
    try:
        rows = chosen(said.only, said.skip)
    except ValueError as error:
        parser.error(str(error))
    broken = 0
    for row in rows:
        if not row.tests:
            sys.stdout.write(f"{row.name}  -       {row.fault}: {row.asked}\n")
            continue
        reached = run(row, full=said.full)
        broken += not reached.kept
        verdict = "reached" if reached.kept else "BROKEN "
        sys.stdout.write(
            f"{row.name}  {verdict}  {row.fault}: {reached.words()}"
            f"  (asked: {row.asked}; {reached.seconds:.0f} s)\n"
        )
        sys.stdout.flush()
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
