"""report.html: one file that a person opens, reads and sends on; it works offline and asks nobody.

    plain data -> context -> template (everything escaped) -> file

Nothing from a cell, a header or a name ever becomes markup or script: the template escapes all of
it, and a content security policy lets only the one style and the one script of this package run,
known by their hashes. Cells are masked unless the run was asked to show them.
"""

from __future__ import annotations

import base64
import hashlib
import platform
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from importlib import metadata
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from bulkload import messages
from bulkload.cells import masked, printable
from bulkload.messages.phrases import number, phrase
from bulkload.records import Cause, Reject, RunReport, Status
from bulkload.reports.atomic import write_bytes
from bulkload.reports.log import RejectLog
from bulkload.reports.plot import plot
from bulkload.reports.results import Delivered
from bulkload.reports.seen import SeenRejects
from bulkload.reports.summary import shown, status_name, verdict

_MAX_CAUSES = 40


def write_html(
    path: Path | str,
    report: RunReport,
    rejects: Iterable[Reject],
    delivered: Delivered | None = None,
    *,
    language: str = "en",
    show_values: bool = False,
) -> None:
    """Write report.html.

    Args:
        path: The final name.
        report: The finished run.
        rejects: All rejects by ascending row number; the table holds the first `MAX_REJECTS`, the
            rest is counted. A log has done so already.
        delivered: What has an ID in the system; None where nothing was sent.
        language: One of `messages.LANGUAGES`.
        show_values: Whether cells and keys are shown; otherwise only their shape.
    """
    from markupsafe import Markup

    from bulkload.reports.compiled import compiled  # it loads Jinja, for the end of a run

    css, script, template = (_part(f"report.{ending}") for ending in ("css", "js", "html"))
    context = _context(
        report, rejects, delivered or Delivered(), language=language, show_values=show_values
    )
    html = compiled("report.html", template).render(
        **context,
        policy=_policy(css, script),
        css=Markup(css),  # noqa: S704 - the package's own file
        script=Markup(script),  # noqa: S704 - the package's own file
    )
    write_bytes(Path(path), html.encode("utf-8", "backslashreplace"))


def _policy(css: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src '{_hash(css)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _part(name: str) -> str:
    return files("bulkload.reports").joinpath("templates", name).read_text("utf-8")


def _context(
    report: RunReport,
    rejects: Iterable[Reject],
    delivered: Delivered,
    *,
    language: str,
    show_values: bool,
) -> dict[str, Any]:
    def t(name: str, **values: Any) -> str:
        return phrase(name, language, **values)

    seen = rejects.seen if isinstance(rejects, RejectLog) else SeenRejects(rejects)
    entries = _Entries(seen, language, show_values=show_values)
    counts = _counts(report, language)
    context = {
        "language": language,
        "report": report,
        "t": t,
        "n": lambda value: number(value, language),
        "show_values": show_values,
        "source_name": str(report.source.get("name") or report.verb),
        "title": f"{report.source.get('name') or report.verb} · bulkload",
        "verdict": verdict(report, language),
        "tone": _tone(report),
        "counts": counts,
        "bar": _bar(counts, report.counts.rows),
        "bar_title": ", ".join(f"{part['name']}: {part['rows']}" for part in counts),
        "causes": [entries.cause(cause) for cause in report.causes[:_MAX_CAUSES]],
        "warnings": [entries.cause(cause) for cause in report.warnings[:_MAX_CAUSES]],
        "columns": entries.columns(),
        "rejects": entries.rejects,
        "problems": entries.problems,
        "filter_columns": list(entries.numbers),
        "filter_codes": sorted({entry.code for entry in entries.rejects}),
        "findings": [
            _finding(found, language, show_values=show_values) for found in report.findings
        ],
        "duplicates": entries.duplicates,
        "duplicate": Status.DUPLICATE,
        "plot": plot(report.timeline, language),
        "results": [
            {
                "row_number": result.row_number,
                "key": result.key if show_values else masked(result.key),
                "status": status_name(result.status, report, language),
                "remote_id": result.remote_id,
            }
            for result in delivered.first
        ],
        "more_results": delivered.more,
        "about": _about(report, language),
        "files": [(_file(kind, t), path) for kind, path in report.files.items()],
    }
    context["contents"] = _contents(context, t)
    return context


class _Entry(NamedTuple):
    """A reject as the page shows it; thousands stand in its table, and this is read fastest."""

    row_number: int
    column: str
    column_number: int
    cell: str
    what: str
    fix: str
    code: str
    first_row: str


class _Entries:
    """What the page says of the rejects that were kept for it."""

    def __init__(self, seen: SeenRejects, language: str, *, show_values: bool) -> None:
        self._seen = seen
        self._language = language
        self._show_values = show_values
        self._said: dict[tuple[object, ...], tuple[str, str]] = {}
        """What is wrong and how to mend it, by what the sentences are made of: masked, many are alike."""
        columns = dict.fromkeys(reject.column for reject in seen.first)
        self.numbers = {column: number for number, column in enumerate(columns, start=1)}
        """Number by column: names come from the file, numbers are safe to compare."""
        self.rejects = [self._entry(reject) for reject in seen.first]
        self.duplicates = [self._entry(reject) for reject in seen.duplicates]
        self.problems = sum(seen.problems.values())

    def cause(self, cause: Cause) -> dict[str, Any]:
        """Return a cause with its examples."""
        known = self._seen.examples.get((cause.code, cause.column), [cause.example])
        examples = [self._entry(reject) for reject in known]
        return {
            "rows": cause.rows,
            "title": messages.title(cause.code, self._language),
            "column": cause.column,
            "fix": examples[0].fix,
            "mapping_line": cause.mapping_line.strip(),
            "mends": cause.mends,
            "examples": examples,
        }

    def columns(self) -> list[dict[str, Any]]:
        """Return the number of problems by column, the most frequent first."""
        by_column: Counter[str] = Counter()
        for (_code, column), problems in self._seen.problems.items():
            by_column[column] += problems
        most = max(by_column.values(), default=1)
        return [
            {"name": name, "problems": problems, "share": round(problems / most * 100, 1)}
            for name, problems in by_column.most_common(_MAX_CAUSES)
        ]

    def _entry(self, reject: Reject) -> _Entry:
        safe = shown(reject, show_values=self._show_values)
        cell = printable(safe.cell)
        safe = safe if cell == safe.cell else replace(safe, cell=cell)
        what, fix = self._sentences(safe)
        return _Entry(
            row_number=reject.row_number,
            column=reject.column,
            column_number=self.numbers.get(reject.column, 0),
            cell=safe.cell,
            what=what,
            fix=fix,
            code=reject.code,
            first_row=reject.details.get("first_row", ""),
        )

    def _sentences(self, safe: Reject) -> tuple[str, str]:
        made_of = (safe.code, safe.column, safe.field, safe.cell, *safe.details.items())
        said = self._said.get(made_of)
        if said is None:
            said = messages.what_and_fix(safe, self._language)
            # A sentence with the row number in it is of that row alone.
            if not any(str(safe.row_number) in sentence for sentence in said):
                self._said[made_of] = said
        return said


def _counts(report: RunReport, language: str) -> list[dict[str, Any]]:
    rows = max(report.counts.rows, 1)
    decimal = phrase("decimal", language)
    return [
        {
            "status": status.value,
            "name": status_name(status, report, language),
            "rows": report.counts[status],
            "share": _share(report.counts[status] / rows).replace(".", decimal),
        }
        for status in Status
        if report.counts[status]
    ]


def _share(part: float) -> str:
    percent = round(part * 100, 1)
    return f"{percent} %" if percent else "< 0.1 %"


def _bar(counts: list[dict[str, Any]], rows: int) -> list[dict[str, Any]]:
    parts, at = [], 0.0
    for part in counts:
        width = part["rows"] / max(rows, 1) * 1000
        parts.append(part | {"x": f"{at:.2f}", "width": f"{max(width, 1.0):.2f}"})
        at += width
    return parts


def _finding(found: Any, language: str, *, show_values: bool) -> dict[str, Any]:
    if not show_values:
        found = replace(found, examples=tuple(masked(example) for example in found.examples))
    found = replace(found, examples=tuple(printable(example) for example in found.examples))
    return {
        "column": found.column,
        "what": messages.what(found, language),
        "fix": messages.fix(found, language),
        "cells": found.cells,
        "count": found.count,
        "mapping_line": found.mapping_line.strip(),
    }


def _about(report: RunReport, language: str) -> list[tuple[str, str]]:
    source, mapping, profile = report.source, report.mapping, report.profile
    entries: list[tuple[str, Any]] = [
        ("html-run", report.run_id),
        ("html-started", report.started_utc),
        ("html-finished", report.finished_utc),
        ("html-source", source.get("path")),
        ("html-sheet", source.get("sheet")),
        ("html-size", _bytes(source, language)),
        ("html-fingerprint", source.get("sha256")),
        ("html-mapping", mapping.get("path") or mapping.get("name")),
        ("html-fingerprint", mapping.get("sha256")),
        ("html-profile", _joined(profile)),
        ("html-versions", _versions()),
    ]
    return [(phrase(name, language), str(value)) for name, value in entries if value]


def _bytes(source: Mapping[str, Any], language: str) -> str:
    size = source.get("size_bytes")
    return f"{number(size, language)} B" if isinstance(size, int) else ""


def _joined(profile: Mapping[str, Any]) -> str:
    return " · ".join(str(value) for value in profile.values() if value)


def _versions() -> str:
    packages = ("bulkload", "polars", "pydantic", "httpx")
    return ", ".join(
        [
            *(f"{name} {metadata.version(name)}" for name in packages),
            f"Python {platform.python_version()}",
        ]
    )


def _tone(report: RunReport) -> str:
    if not report.counts.conserved:
        return "wrong"
    return "needs" if report.exit_code else "good"


def _file(kind: str, t: Callable[[str], str]) -> str:
    try:
        return t(f"file-{kind}")
    except KeyError:
        return kind


def _contents(
    context: Mapping[str, Any], t: Callable[[str], str]
) -> list[tuple[str, str, int | None]]:
    sections = (
        ("counts", "html-counts", None),
        ("causes", "html-causes", len(context["causes"])),
        ("columns", "html-columns", len(context["columns"])),
        ("rejects", "html-rejects", context["problems"]),
        ("warnings", "html-warnings", len(context["warnings"])),
        ("findings", "html-findings", len(context["findings"])),
        ("duplicates", "html-duplicates", context["report"].counts[Status.DUPLICATE]),
        ("timeline", "html-timeline", None if context["plot"] else 0),
        ("results", "html-results", len(context["results"]) + context["more_results"]),
        ("about", "html-about", None),
    )
    return [(anchor, t(name), count) for anchor, name, count in sections if count is None or count]
