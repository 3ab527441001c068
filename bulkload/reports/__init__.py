"""What people read about a run, and the files they mend: from plain data, never from other stages.

rejects    RejectsWriter      rejects.csv, the original cells and their problems
log        RejectLog          all rejects of a run, on disk
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

from bulkload.reports.atomic import atomic_file, new_private_folder, private_folder, safe_name
from bulkload.reports.causes import CauseCounter, with_mapping_line
from bulkload.reports.document import report_document, report_schema, write_report
from bulkload.reports.events import EventLog
from bulkload.reports.export import ExportWriter, flat
from bulkload.reports.folder import MOST_PROBLEMS, Rendering, write_all
from bulkload.reports.html import write_html
from bulkload.reports.log import RejectLog
from bulkload.reports.metrics import write_metrics
from bulkload.reports.rejects import RejectsWriter
from bulkload.reports.results import Delivered, write_results
from bulkload.reports.summary import summary_lines, verdict
from bulkload.reports.workbook import RejectedRows, Table, write_workbook

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
    "report_document",
    "report_schema",
    "safe_name",
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
