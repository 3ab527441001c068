"""The files of a run that are written when it has ended, in one call.

    rejects.xlsx  report.html  report.json  (metrics.prom)

`RejectsWriter` writes rejects.csv while the source is read, `write_results` results.csv from the journal.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sized
from pathlib import Path

from bulkload.errors import BulkloadError
from bulkload.messages.phrases import phrase
from bulkload.records import Reject, RunReport
from bulkload.reports.document import write_report
from bulkload.reports.html import write_html
from bulkload.reports.log import RejectLog
from bulkload.reports.rendering import Rendering
from bulkload.reports.results import Delivered
from bulkload.reports.table import Table

MOST_PROBLEMS = 10_000
"""More than this nobody mends cell by cell; the mapping is mended instead, or rejects.csv."""
_AS_USUAL = Rendering()
_REJECTS = {"rejects": "rejects.csv", "workbook": "rejects.xlsx"}
"""What a person may have begun to mend, so it is never removed."""


def reject_log(rendering: Rendering = _AS_USUAL) -> RejectLog:
    """Return a log that keeps what `write_all` will ask for."""
    return RejectLog(most={"always": None, "never": 0}.get(rendering.workbook, MOST_PROBLEMS))


def write_all(
    folder: Path | str,
    report: RunReport,
    *,
    rejects: Callable[[], Iterable[Reject]],
    table: Table | None = None,
    delivered: Delivered | None = None,
    rendering: Rendering = _AS_USUAL,
) -> None:
    """Write the workbook to mend, the report to read and the one for machines; name them in the report.

    Each file appears whole or not at all. A workbook that cannot be written, because a cell does not
    fit into one, becomes a note in the report; rejects.csv holds the same rows.

    Args:
        folder: The run's folder, there already.
        report: The finished run; `files` and `notes` grow. It may be called again, with more rejects.
        rejects: Gives all rejects (not the warnings) by ascending row number, each time from the
            first: the `__iter__` of a `RejectLog`.
        table: The source; None: no rejects.xlsx.
        delivered: What was seen of the results; None where nothing was sent.
        rendering: Language, masking, further files.

    Raises:
        BulkloadError: The folder cannot be written to.
    """
    folder = Path(folder)
    found = dict(report.files)
    if table is not None and _wants_workbook(report, rejects, rendering):
        from bulkload.reports.workbook import write_workbook

        path = folder / "rejects.xlsx"
        try:
            report.notes += write_workbook(path, table, rejects, rendering.language)
            found["workbook"] = str(path)
        except BulkloadError as error:
            why = f"{error.what} ({error.where})" if error.where else error.what
            report.notes.append(phrase("note-no-workbook", rendering.language, reason=why))
    found["html"] = str(folder / "report.html")
    found["report"] = str(folder / "report.json")
    if rendering.metrics:
        found["metrics"] = str(folder / "metrics.prom")
    older = [
        name for kind, name in _REJECTS.items() if kind not in found and (folder / name).exists()
    ]
    if older:
        report.notes.append(phrase("note-older-files", rendering.language, files=", ".join(older)))
    order = ("results", "rejects", "workbook", "html", "report", "metrics")
    report.files = {kind: found[kind] for kind in (*order, *found) if kind in found}
    write_html(
        folder / "report.html",
        report,
        rejects(),
        delivered,
        language=rendering.language,
        show_values=rendering.show_values,
    )
    write_report(
        folder / "report.json", report, rendering.language, show_values=rendering.show_values
    )
    if rendering.metrics:
        from bulkload.reports.metrics import write_metrics

        write_metrics(folder / "metrics.prom", report)


def _wants_workbook(
    report: RunReport, rejects: Callable[[], Iterable[Reject]], rendering: Rendering
) -> bool:
    found = rejects()
    if isinstance(found, Sized):
        problems = len(found)
    else:
        problems = sum(1 for _ in itertools.islice(found, MOST_PROBLEMS + 1))
    if not problems or rendering.workbook == "never":
        return False
    if rendering.workbook == "auto" and problems > MOST_PROBLEMS:
        most = phrase("number", rendering.language, value=MOST_PROBLEMS)
        report.notes.append(phrase("note-workbook-left-out", rendering.language, most=most))
        return False
    return True
