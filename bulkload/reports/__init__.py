"""What people read about a run, and the files they mend: from plain data, never from other stages.

rejects    RejectsWriter      rejects.csv, the original cells and their problems
results    write_results      results.csv, one line for every payload
causes     CauseCounter       many rejects, few causes
summary    summary_lines      the end of a run in sentences
document   write_report       report.json, for machines
export     ExportWriter       customers as .csv, .xlsx, .parquet
"""

from bulkload.reports.atomic import atomic_file, private_folder, safe_name
from bulkload.reports.causes import CauseCounter
from bulkload.reports.document import report_document, report_schema, write_report
from bulkload.reports.export import ExportWriter, flat
from bulkload.reports.rejects import RejectsWriter
from bulkload.reports.results import write_results
from bulkload.reports.summary import summary_lines, verdict

__all__ = [
    "CauseCounter",
    "ExportWriter",
    "RejectsWriter",
    "atomic_file",
    "flat",
    "private_folder",
    "report_document",
    "report_schema",
    "safe_name",
    "summary_lines",
    "verdict",
    "write_report",
    "write_results",
]
