"""All files of a run, written in one call when it has ended.

    results.csv  rejects.xlsx  report.html  report.json  (metrics.prom)

rejects.csv is not among them: `RejectsWriter` writes it while the source is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from bulkload.errors import BulkloadError
from bulkload.records import Reject, Result, RunReport
from bulkload.reports.document import write_report
from bulkload.reports.html import write_html
from bulkload.reports.metrics import write_metrics
from bulkload.reports.results import write_results
from bulkload.reports.workbook import Table, write_workbook


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """How a run is shown."""

    language: str = "en"
    """One of `messages.LANGUAGES`."""
    show_values: bool = False
    """Show cells in report.html and report.json; otherwise only their shape."""
    results_format: str = "csv"
    """`csv`, `xlsx` or `parquet`."""
    metrics: bool = False
    """Write metrics.prom as well."""


def write_all(
    folder: Path | str,
    report: RunReport,
    *,
    rejects: Callable[[], Iterable[Reject]],
    table: Table | None = None,
    results: Callable[[], Iterable[Result]] | None = None,
    rendering: Rendering = Rendering(),
) -> None:
    """Write every file of a run but rejects.csv, and name them all in `report.files`.

    Each file appears whole or not at all. A workbook that cannot be written, because a cell does not
    fit into one, becomes a note in the report; rejects.csv holds the same rows.

    Args:
        folder: The run's folder, there already.
        report: The finished run; `files` and `notes` grow. What stands in `files` already stays.
        rejects: Gives all rejects (not the warnings) by ascending row number, each time from the
            first: the `__iter__` of a `RejectLog`.
        table: The source; None: no rejects.xlsx.
        results: Gives all results in source order, each time from the first; None where nothing was
            sent.
        rendering: Language, masking, formats.

    Raises:
        BulkloadError: The folder cannot be written to.
    """
    folder = Path(folder)
    files = dict(report.files)
    found: dict[str, str] = {}
    if results is not None:
        path = folder / f"results.{rendering.results_format}"
        write_results(path, results())
        found["results"] = str(path)
    if table is not None and next(iter(rejects()), None) is not None:
        path = folder / "rejects.xlsx"
        try:
            report.notes += write_workbook(path, table, rejects, rendering.language)
            found["workbook"] = str(path)
        except BulkloadError as error:
            report.notes.append(f"rejects.xlsx was not written: {error.what} ({error.where})")
    found["html"] = str(folder / "report.html")
    found["report"] = str(folder / "report.json")
    if rendering.metrics:
        found["metrics"] = str(folder / "metrics.prom")
    both = found | files
    order = ("results", "rejects", "workbook", "html", "report", "metrics")
    report.files = {kind: both[kind] for kind in (*order, *both) if kind in both}
    write_html(
        folder / "report.html",
        report,
        rejects(),
        results() if results else (),
        language=rendering.language,
        show_values=rendering.show_values,
    )
    write_report(
        folder / "report.json", report, rendering.language, show_values=rendering.show_values
    )
    if rendering.metrics:
        write_metrics(folder / "metrics.prom", report)
