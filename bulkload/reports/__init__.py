"""What people read about a run, and the files they mend: from plain data, never from other stages.

A name is loaded when it is first used: a run that writes no workbook loads nothing for one.

rejects    RejectsWriter      rejects.csv, the original cells and their problems
log        RejectLog          all rejects of a run, on disk
rendering  Rendering          language, masking and formats
causes     CauseCounter       many rejects, few causes
folder     write_all          everything below in one call
results    write_results      results.csv, one line for every payload
workbook   write_workbook     rejects.xlsx, the user's workbook with the problems marked
html       write_html         report.html, for people
document   write_report       report.json, for machines
metrics    write_metrics      metrics.prom, for Prometheus
events     EventLog           what happens during a run, one JSON object a line
summary    summary_lines      the end of a run in sentences
export     ExportWriter       customers as .csv, .xlsx, .parquet
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bulkload.reports.atomic import atomic_file, new_private_folder, private_folder, safe_name
    from bulkload.reports.causes import CauseCounter, with_mapping_line
    from bulkload.reports.document import report_document, report_schema, write_report
    from bulkload.reports.events import EventLog
    from bulkload.reports.export import ExportWriter, flat
    from bulkload.reports.folder import MOST_PROBLEMS, reject_log, write_all
    from bulkload.reports.html import write_html
    from bulkload.reports.log import RejectLog
    from bulkload.reports.metrics import write_metrics
    from bulkload.reports.rejects import RejectsWriter
    from bulkload.reports.rendering import Rendering
    from bulkload.reports.results import Delivered, write_results
    from bulkload.reports.summary import status_name, summary_lines, verdict
    from bulkload.reports.table import RejectedRows, Table
    from bulkload.reports.workbook import write_workbook

_FILES = {
    "atomic": ("atomic_file", "new_private_folder", "private_folder", "safe_name"),
    "causes": ("CauseCounter", "with_mapping_line"),
    "document": ("report_document", "report_schema", "write_report"),
    "events": ("EventLog",),
    "export": ("ExportWriter", "flat"),
    "folder": ("MOST_PROBLEMS", "reject_log", "write_all"),
    "html": ("write_html",),
    "log": ("RejectLog",),
    "metrics": ("write_metrics",),
    "rejects": ("RejectsWriter",),
    "rendering": ("Rendering",),
    "results": ("Delivered", "write_results"),
    "summary": ("status_name", "summary_lines", "verdict"),
    "table": ("RejectedRows", "Table"),
    "workbook": ("write_workbook",),
}
_FILE_OF = {name: file for file, names in _FILES.items() for name in names}

__all__ = [
    "MOST_PROBLEMS",
    "CauseCounter",
    "Delivered",
    "EventLog",
    "ExportWriter",
    "RejectLog",
    "RejectedRows",
    "RejectsWriter",
    "Rendering",
    "Table",
    "atomic_file",
    "flat",
    "new_private_folder",
    "private_folder",
    "reject_log",
    "report_document",
    "report_schema",
    "safe_name",
    "status_name",
    "summary_lines",
    "verdict",
    "with_mapping_line",
    "write_all",
    "write_html",
    "write_metrics",
    "write_report",
    "write_results",
    "write_workbook",
]


def __getattr__(name: str) -> Any:
    """Load a name of this room on first use."""
    if name not in _FILE_OF:
        raise AttributeError(f"module `bulkload.reports` has no attribute `{name}`")
    return getattr(importlib.import_module(f"bulkload.reports.{_FILE_OF[name]}"), name)
