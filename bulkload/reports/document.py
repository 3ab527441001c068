"""report.json: the run for machines, also what `--json` prints.

The shape is `report.schema.json` beside this module. `schema_version` grows when a reader of the
document would have to change; fields may be added without that.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import metadata
from importlib.resources import files
from pathlib import Path
from typing import Any

from bulkload import messages
from bulkload.records import Cause, Finding, RunReport, Status
from bulkload.reports.atomic import write_bytes
from bulkload.reports.summary import shown, verdict

SCHEMA_VERSION = 1


def report_document(
    report: RunReport, language: str = "en", *, show_values: bool = False
) -> dict[str, Any]:
    """Return a run as JSON values; sentences in `language`, cells masked unless `show_values`."""
    counts = report.counts
    return {
        "schema_version": SCHEMA_VERSION,
        "bulkload_version": metadata.version("bulkload"),
        "run_id": report.run_id,
        "verb": report.verb,
        "dry_run": report.dry_run,
        "started_utc": report.started_utc,
        "finished_utc": report.finished_utc,
        "exit_code": report.exit_code,
        "verdict": verdict(report, language),
        "source": dict(report.source),
        "mapping": dict(report.mapping),
        "profile": dict(report.profile),
        "counts": {
            "rows": counts.rows,
            "conserved": counts.conserved,
            "by_status": {status.value: counts[status] for status in Status},
        },
        "causes": [_cause(cause, language, show_values=show_values) for cause in report.causes],
        "warnings": [_cause(cause, language, show_values=show_values) for cause in report.warnings],
        "findings": [_finding(found, language) for found in report.findings],
        "delivered_before": report.delivered_before,
        "delivered_before_utc": report.delivered_before_utc,
        "files": dict(report.files),
        "timeline": [dict(entry) for entry in report.timeline],
        "notes": list(report.notes),
        "details": dict(report.details),
    }


def write_report(
    path: Path | str, report: RunReport, language: str = "en", *, show_values: bool = False
) -> None:
    """Write report.json; arguments as in `report_document`."""
    document = report_document(report, language, show_values=show_values)
    text = json.dumps(document, ensure_ascii=False, indent=2, default=str)
    # A lone surrogate in a file name cannot be UTF-8; as an escape it is still valid JSON.
    write_bytes(Path(path), (text + "\n").encode("utf-8", "backslashreplace"))


def report_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of report.json."""
    text = files("bulkload.reports").joinpath("report.schema.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def _cause(cause: Cause, language: str, *, show_values: bool) -> dict[str, Any]:
    example = shown(cause.example, show_values=show_values)
    return {
        "code": cause.code,
        "column": cause.column,
        "rows": cause.rows,
        "what": messages.what(example, language),
        "fix": messages.fix(example, language),
        "example": {
            "row_number": example.row_number,
            "field": example.field,
            "cell": example.cell,
            "details": _texts(example.details),
        },
        "mapping_line": cause.mapping_line,
        "mends": cause.mends,
    }


def _finding(found: Finding, language: str) -> dict[str, Any]:
    return {
        "code": found.code,
        "column": found.column,
        "what": messages.what(found, language),
        "fix": messages.fix(found, language),
        "count": found.count,
        "cells": list(found.cells),
        "details": _texts(found.details),
        "mapping_line": found.mapping_line,
    }


def _texts(details: Mapping[str, str]) -> dict[str, str]:
    return {name: str(value) for name, value in details.items()}
