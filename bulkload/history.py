"""What earlier runs did, and going on with those that were interrupted.

runs                  all runs of all profiles on this machine      `bulkload runs`
show_run              one of them                                   `bulkload runs show`
resume                goes on where it stopped                      `bulkload resume`
write_reports_again   results, rejects and report from the journal  `bulkload runs report`
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from bulkload import settings
from bulkload.begin import begin
from bulkload.delivery import Journal
from bulkload.delivery.entries import RunSummary
from bulkload.destination import reached
from bulkload.errors import BadInputError, BulkloadError, InterruptedRunError, SafetyStopError
from bulkload.options import LoadOptions
from bulkload.progress import QUIET, Progress
from bulkload.records import RunReport, Status
from bulkload.reports import Rendering
from bulkload.run import Run
from bulkload.sources import SourceOptions, open_source

_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run and the journal that knows it."""

    summary: RunSummary
    journal: Path

    @property
    def run_id(self) -> str:
        """Its id, as `resume` and `show` take it."""
        return self.summary.run_id

    @property
    def source(self) -> str:
        """Name of the file."""
        return str(self.summary.facts.get("source_name", ""))

    @property
    def options(self) -> LoadOptions:
        """What was said about it, so that it goes on as it began."""
        said: Mapping[str, Any] = self.summary.facts.get("options", {})
        nested = {"reading", "rendering", "agreed"}
        known = {field.name for field in fields(LoadOptions)} - {"new", "dry_run"} - nested
        words = {name: value for name, value in said.items() if name in known}
        return LoadOptions(
            **words,
            agreed=tuple(said.get("agreed", ())),
            rendering=Rendering(**said.get("rendering", {})),
            reading=SourceOptions(**said.get("reading", {})),
        )

    def document(self) -> dict[str, Any]:
        """Return everything for machines."""
        summary = self.summary
        return {
            "run_id": summary.run_id,
            "complete": summary.is_complete,
            "started_utc": summary.started_utc,
            "finished_utc": summary.finished_utc,
            "source": summary.facts.get("source", ""),
            "source_sha256": summary.binding.source_sha256,
            "mapping_sha256": summary.binding.mapping_sha256,
            "target": summary.binding.target,
            "folder": summary.facts.get("folder", ""),
            "rows": summary.rows,
            "counts": {status.value: number for status, number in summary.counts.items()},
            "journal": str(self.journal),
        }


def runs() -> list[PastRun]:
    """Return all runs of all journals on this machine, the newest first.

    Raises:
        BadInputError: A journal cannot be read.
    """
    found = []
    for path in settings.journals():
        with Journal.read(path) as journal:
            found += [PastRun(summary, path) for summary in journal.runs()]
    # Within a second, those of one journal are told apart by their numbers.
    return sorted(
        found, key=lambda run: (run.summary.started_utc, run.summary.number), reverse=True
    )


def show_run(run_id: str) -> PastRun:
    """Return one run by its id, or by an unmistakable beginning of it.

    Raises:
        BulkloadError: There is none, or more than one.
    """
    found = [run for run in runs() if run.run_id.startswith(run_id)]
    exact = [run for run in found if run.run_id == run_id]
    if len(exact or found) != 1:
        raise BulkloadError(
            f"several runs begin with `{run_id}`" if found else f"there is no run `{run_id}`",
            where=str(settings.state_dir()),
            fix="`bulkload runs` lists them",
        )
    return (exact or found)[0]


def resume(
    run_id: str | None = None, *, max_wait_s: float | None = None, progress: Progress = QUIET
) -> RunReport:
    """Go on with an interrupted run; without an id with the newest one.

    Args:
        run_id: Of the run, or an unmistakable beginning of it.
        max_wait_s: Longest that the system may keep it waiting; None: as it began.
        progress: Hears how it goes.

    Raises:
        BulkloadError: There is none, or it is complete.
        BadInputError: Source, mapping or target are not what the run is bound to.
    """
    past, *others = [show_run(run_id)] if run_id else _interrupted()
    try:
        return _gone_on_with(past, max_wait_s, progress)
    except BulkloadError as error:
        if others and not isinstance(error, InterruptedRunError | SafetyStopError):
            ids = ", ".join(other.run_id for other in others[:_MOST_NAMED])
            named = f"`bulkload resume RUN` goes on with another interrupted run: {ids}"
            error.fix = f"{error.fix}\nhint: {named}" if error.fix else named
        raise


def _gone_on_with(past: PastRun, max_wait_s: float | None, progress: Progress) -> RunReport:
    if past.summary.is_complete:
        raise BulkloadError(
            f"run {past.run_id} is complete",
            where=str(past.journal),
            fix=f"`bulkload runs report {past.run_id}` writes its files again",
        )
    options = past.options
    if max_wait_s is not None:
        options = replace(options, max_wait_s=max_wait_s)
    with open_source(_path(past), options.reading) as source, begin(source, options) as begun:
        begun.report.verb = "resume"
        _check_binding(past, begun)
        begun.judge(progress)
        with reached(begun.destination, progress) as ready:
            return begun.send(ready, options, progress)


def write_reports_again(run_id: str, *, progress: Progress = QUIET) -> RunReport:
    """Write the files of a run once more, from its journal and its source; nothing is sent.

    Raises:
        BulkloadError: There is no such run.
        BadInputError: The source is not there any more, or has changed.
    """
    past = show_run(run_id)
    options = past.options
    with open_source(_path(past), options.reading) as source, begin(source, options) as begun:
        _check_binding(past, begun)
        begun.judge(progress)
        begun.report.run_id = past.run_id
        begun.report.started_utc = past.summary.started_utc
        with Journal.read(past.journal) as journal:
            run = journal.resume(past.run_id)
            counts = begun.report.counts
            _keep_verification(begun)
            for result in run.results():
                counts.add(Status.PENDING, -1)
                counts.add(result.status)
            begun.write_down(run)
        return begun.report


def _keep_verification(begun: Run) -> None:
    """Go on saying what reading back found: the journal does not know."""
    # Where there is no such report any more, nothing can be kept.
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        before = json.loads((begun.folder / "report.json").read_text("utf-8"))
        if before["run_id"] == begun.report.run_id and "verification" in before["details"]:
            found = before["details"]["verification"]
            begun.report.unseen = int(found["delivered"]) - int(found["found"])
            begun.report.details["verification"] = found


def _interrupted() -> list[PastRun]:
    """Return the runs that have not ended, the newest first; at least one."""
    found = [run for run in runs() if not run.summary.is_complete]
    if not found:
        raise BulkloadError(
            "there is no interrupted run",
            where=str(settings.state_dir()),
            fix="`bulkload runs` lists all of them",
        )
    return found


def _path(past: PastRun) -> str:
    path = str(past.summary.facts.get("source", ""))
    if path == "-":
        raise BadInputError(
            f"run {past.run_id} read standard input, which is gone",
            fix="import the same data again: what is delivered already is not sent again",
        )
    return path


def _check_binding(past: PastRun, begun: Run) -> None:
    """Refuse to go on with anything but what the run began with."""
    binding = past.summary.binding
    found = {
        f"the source `{begun.walk.source.name}`": (binding.source_sha256, begun.walk.source.sha256),
        f"the mapping `{begun.walk.mapping.name}`": (
            binding.mapping_sha256,
            begun.walk.mapping.sha256,
        ),
        f"the target `{begun.destination.target}`": (binding.target, begun.destination.target),
    }
    changed = [what for what, (before, now) in found.items() if before != now]
    if changed:
        raise BadInputError(
            f"{' and '.join(changed)} changed since run {past.run_id} began; nothing was sent",
            where=str(past.journal),
            fix="`bulkload import` takes it as it is now, and does not send again what is delivered",
        )
