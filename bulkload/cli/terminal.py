"""What a person sees: a progress bar while they watch, plain lines when not, a summary at the end.

Everything here goes to standard error; standard output is for data alone.
"""

from __future__ import annotations

import dataclasses
import json
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING

import click

from bulkload.cli import printable
from bulkload.errors import BulkloadError
from bulkload.progress import Plan, Progress
from bulkload.records import Counts, RunReport, Status

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.table import Table

    from bulkload.doctor import Check
    from bulkload.reports import Rendering

LINE_EVERY_S = 5.0
"""How often a plain line tells where a run stands when nobody watches."""

_STYLES = {
    Status.CREATED: "green",
    Status.UPDATED: "green",
    Status.REJECTED: "yellow",
    Status.DUPLICATE: "yellow",
    Status.FAILED: "red",
    Status.REVIEW: "red",
}


@dataclass(slots=True)
class Consent:
    """What the user has agreed to on the command line."""

    yes: bool = False
    yes_production: str | None = None
    is_withdrawn: bool = False
    """They have pressed Ctrl-C since."""

    def covers(self, plan: Plan) -> bool:
        """Whether the first call needs no further word.

        Raises:
            KeyboardInterrupt: It was withdrawn, and whoever was interrupted did not say so.
        """
        self.must_stand()
        if plan.is_local:
            return True
        if self.yes_production is not None:
            return self.yes_production == (plan.program or plan.connector)
        return self.yes and sys.stdin.isatty()

    def must_stand(self) -> None:
        """Go on only if nothing was withdrawn.

        Raises:
            KeyboardInterrupt: It was, and whoever was interrupted did not say so.
        """
        if self.is_withdrawn:
            raise KeyboardInterrupt


@contextmanager
def watcher(
    *, yes: bool = False, yes_production: str | None = None, log_format: str = "text"
) -> Iterator[Progress]:
    """Yield what draws the progress of a run: bars for a terminal, lines for everything else.

    Args:
        yes: Agree without being asked, where a person sits at the terminal.
        yes_production: The program of a real system to which the run may send unasked.
        log_format: `text`, or `json`: one object a line instead.
    """
    consent = Consent(yes, yes_production)
    progress: Progress
    if log_format == "json":
        from bulkload.reports import EventLog

        progress = EventLog(sys.stderr.write, behind=_Silent(consent))
    else:
        progress = _Bars(consent) if sys.stderr.isatty() else _Lines(consent)
    with _interrupts(consent):
        try:
            yield progress
        finally:
            progress.close()


@contextmanager
def _interrupts(consent: Consent) -> Iterator[None]:
    """Remember Ctrl-C: code that it strikes may swallow it, or raise something else in its place.

    Pydantic does both while it builds a validator, and so do classes while they are made.
    """
    # In a background job it is ignored, and stays so; threads other than the main one never get it.
    is_heard = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not is_heard or threading.current_thread() is not threading.main_thread():
        yield
        return

    def received(number: int, frame: FrameType | None) -> None:
        consent.is_withdrawn = True
        signal.default_int_handler(number, frame)

    signal.signal(signal.SIGINT, received)
    try:
        yield
    except BulkloadError:
        raise
    except Exception as error:
        if consent.is_withdrawn:
            raise KeyboardInterrupt from error
        raise
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


class _Terminal(Progress):
    """Speaks on standard error and asks before anything leaves this machine."""

    def __init__(self, consent: Consent) -> None:
        self._consent = consent

    def say(self, sentence: str) -> None:
        click.echo(printable(sentence), err=True)

    def confirm(self, plan: Plan) -> bool:
        self.close()
        what = f"{_customers(plan.to_send)} will be sent to {plan.connector}"
        self.say(
            f"{what}, program {plan.program} (profile {plan.profile})" if plan.program else what
        )
        for sentence in (*plan.side_effects, *plan.forecast):
            self.say(f"  {sentence}")
        if self._consent.covers(plan):
            return True
        if not sys.stdin.isatty():
            return False
        return click.confirm("Send them?", err=True)

    def canary(self, customers: Sequence[str]) -> bool:
        self.close()
        self.say("the first customers, as the system holds them now:")
        for customer in customers:
            self.say(f"  {customer}")
        self._consent.must_stand()
        if not sys.stdin.isatty():
            return False
        try:
            return click.confirm("Send the rest?", err=True)
        except click.Abort:
            # What was typed ended without an answer, which is no yes.
            return False


class _Silent(_Terminal):
    """Says nothing, and agrees only to what was agreed to on the command line."""

    def say(self, sentence: str) -> None:
        pass

    def confirm(self, plan: Plan) -> bool:
        return self._consent.covers(plan)

    def canary(self, customers: Sequence[str]) -> bool:
        return False


class _Lines(_Terminal):
    """Plain lines, a few seconds apart."""

    def __init__(self, consent: Consent, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(consent)
        self._clock = clock
        self._last_s = clock()
        self._first: tuple[float, int] | None = None
        """When something was sent for the first time, and how much had been sent before."""

    def _due(self) -> bool:
        if self._clock() - self._last_s < LINE_EVERY_S:
            return False
        self._last_s = self._clock()
        return True

    def judged(self, rows: int, rejected: int) -> None:
        if self._due():
            self.say(f"checked {_number(rows)} rows, {_number(rejected)} rejected")

    def sent(self, counts: Counts, total: int) -> None:
        done = total - counts[Status.PENDING]
        self._first = self._first or (self._clock(), done)
        if self._due():
            since_s, before = self._first
            seconds = max(self._clock() - since_s, 0.001)
            self.say(
                f"sent {_number(done)} of {_number(total)}, {_number(counts[Status.FAILED])} failed, "
                f"{(done - before) / seconds:.1f}/s"
            )

    def exported(self, customers: int, total: int | None) -> None:
        if self._due():
            self.say(f"read {_customers(customers)}")


class _Bars(_Terminal):
    """One bar with rate and time left."""

    def __init__(self, consent: Consent) -> None:
        super().__init__(consent)
        self._bars: Bars | None = None

    def _bar(self, words: str, total: int | None) -> Bars:
        if self._bars is None:
            from rich.console import Console
            from rich.progress import (
                BarColumn,
                MofNCompleteColumn,
                Progress,
                TextColumn,
                TimeRemainingColumn,
            )

            self._bars = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[rate]}"),
                TimeRemainingColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._bars.add_task(words, total=total, rate="")
            self._bars.start()
        return self._bars

    def _show(self, words: str, done: int, total: int | None) -> None:
        bars = self._bar(words, total)
        speed = bars.tasks[0].speed
        bars.update(
            bars.task_ids[0],
            description=words,
            completed=done,
            rate=f"{speed:.0f}/s" if speed else "",
        )

    def judged(self, rows: int, rejected: int) -> None:
        self._show(f"checking, {_number(rejected)} rejected", rows, None)

    def sent(self, counts: Counts, total: int) -> None:
        words = f"sending, {_number(counts[Status.FAILED])} failed"
        self._show(words, total - counts[Status.PENDING], total)

    def exported(self, customers: int, total: int | None) -> None:
        self._show("reading", customers, total)

    def say(self, sentence: str) -> None:
        self.close()
        super().say(sentence)

    def close(self) -> None:
        if self._bars is not None:
            self._bars.stop()
            self._bars = None


def show(
    report: RunReport,
    *,
    as_json: bool,
    rendering: Rendering | None = None,
    log_format: str = "text",
) -> int:
    """Print a report, for people or machines, and return the exit code."""
    from bulkload.reports import Rendering, report_document

    shown = rendering or Rendering()
    if as_json:
        document = report_document(report, shown.language, show_values=shown.show_values)
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
    elif log_format == "json":
        pass
    elif report.verb == "export":
        click.echo(
            f"{_customers(report.details['customers'])} written to {report.files['export']}",
            err=True,
        )
    else:
        from rich.console import Console

        _summary(report, shown, Console(stderr=True, highlight=False))
    return report.exit_code


def _summary(report: RunReport, shown: Rendering, console: Console) -> None:
    from rich.text import Text

    from bulkload.reports import summary_lines

    console.print(_counts(report, shown.language))
    for line in summary_lines(report, shown.language, show_values=shown.show_values):
        console.print(Text(line), soft_wrap=True)


def _counts(report: RunReport, language: str) -> Table:
    from rich.table import Table
    from rich.text import Text

    from bulkload.messages.phrases import phrase
    from bulkload.reports import status_name

    def grouped(count: int) -> str:
        return phrase("number", language, value=count)

    table = Table(box=None, show_header=False, padding=(0, 1, 0, 0))
    table.add_column(justify="right")
    table.add_column()
    counts = report.counts
    for status in Status:
        if number := counts[status]:
            words = Text(status_name(status, report, language), style=_STYLES.get(status, ""))
            table.add_row(grouped(number), words)
    table.add_row("=" * max(len(grouped(counts.rows)), 1), "")
    table.add_row(grouped(counts.rows), phrase("count-read", language))
    return table


def _number(count: int) -> str:
    return f"{count:,}"


def _customers(count: int) -> str:
    return "1 customer" if count == 1 else f"{_number(count)} customers"


def show_checks(checks: Sequence[Check], *, as_json: bool) -> int:
    """Print what was examined and return the worst exit code."""
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(check) for check in checks], indent=2))
    for check in checks if not as_json else ():
        click.echo(f"{'ok ' if check.is_well else 'BAD'} {check.name}: {printable(check.what)}")
        if check.fix:
            click.echo(f"    hint: {printable(check.fix)}")
    return max((check.exit_code for check in checks), default=0)
