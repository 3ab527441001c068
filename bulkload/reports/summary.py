"""The end of a run in a few sentences, for a terminal or a mail."""

from __future__ import annotations

from bulkload import messages
from bulkload.cells import masked, printable
from bulkload.messages.phrases import phrase
from bulkload.records import NEEDS_A_PERSON, Cause, Reject, RunReport, Status

MAX_CAUSES = 6
_MAX_CELL = 60
_SHORT = 3


def verdict(report: RunReport, language: str = "en") -> str:
    """Return the run in one or two sentences: where the rows ended and whether anyone is needed."""
    counts = report.counts
    source = printable(str(report.source.get("name", "")))
    if not counts.rows and not counts.by_status:
        return phrase("nothing-read", language, source=source)
    parts = ", ".join(
        f"{phrase('number', language, value=counts[status])} {status_name(status, report, language)}"
        for status in Status
        if counts[status]
    )
    name = "row-read" if counts.rows == 1 else "rows-read"
    read = phrase(name, language, rows=counts.rows, source=source, parts=parts)
    needed = sum(counts[status] for status in NEEDS_A_PERSON)
    if not counts.conserved:
        end = phrase("not-conserved", language, report=report.files.get("report", "report.json"))
    elif needed:
        end = phrase("one-needs-you" if needed == 1 else "some-need-you", language, rows=needed)
    elif counts[Status.PENDING] and not report.dry_run:
        end = phrase("pending-left", language)
    elif report.unseen:
        end = phrase("not-seen", language, rows=report.unseen)
    elif counts[Status.EXISTING]:
        end = phrase("existing-left", language)
    elif counts[Status.SKIPPED] == counts.rows:
        end = phrase("none-to-send", language)
    else:
        which = "others" if counts[Status.SKIPPED] else "all"
        end = phrase(f"{which}-{'valid' if report.dry_run else 'accepted'}", language)
    return f"{read} {end}"


def summary_lines(
    report: RunReport, language: str = "en", *, show_values: bool = False
) -> list[str]:
    """Return what the user reads when a run has ended: at most about 24 lines, plain text.

    Args:
        report: The finished run.
        language: One of `messages.LANGUAGES`.
        show_values: Whether examples may show what the cells say; otherwise only their shape.

    Returns:
        Lines without markup or control characters, whatever the cells, headers and names hold.
    """
    lines = [verdict(report, language)]
    if report.dry_run:
        lines.append(phrase("dry-run", language))
    if report.delivered_before:
        lines.append(phrase("delivered-before", language, rows=report.delivered_before))
    lines += [printable(note) for note in report.notes]
    lines += _cause_lines(report, language, show_values=show_values)
    if report.warnings:
        rows = sum(cause.rows for cause in report.warnings)
        lines.append(phrase("warnings", language, rows=rows))
    if report.findings:
        name = "one-finding" if len(report.findings) == 1 else "findings"
        lines.append(phrase(name, language, number=len(report.findings)))
    if report.files:
        lines.append(phrase("files", language))
        lines += [
            f"  {printable(path)}  ({_file(kind, language)})" for kind, path in report.files.items()
        ]
    mendable = report.files.get("workbook") or report.files.get("rejects")
    if mendable:
        lines.append(phrase("next-step", language, path=printable(mendable)))
    return lines


def _cause_lines(report: RunReport, language: str, *, show_values: bool) -> list[str]:
    if not report.causes:
        return []
    lines = [phrase("why", language)]
    for cause in report.causes[:MAX_CAUSES]:
        example = shown(cause.example, show_values=show_values)
        sentence = printable(messages.what(example, language))
        lines.append(
            "  "
            + phrase(
                "cause",
                language,
                rows=cause.rows,
                what=sentence,
                row_number=cause.example.row_number,
            )
        )
        if cause.mapping_line:
            lines.append("    " + _mended(cause, language))
    if len(report.causes) > MAX_CAUSES:
        more = len(report.causes) - MAX_CAUSES
        lines.append("  " + phrase("more-causes", language, more=more))
    return lines


def shown(reject: Reject, *, show_values: bool) -> Reject:
    """Return a reject whose cell may be shown: its shape alone unless `show_values`; never a novel."""
    cell, details = reject.cell, dict(reject.details)
    if not show_values:
        # A detail may be a piece of the cell: the domain of an address, the days of a date.
        details = {
            name: masked(value) if len(value) > _SHORT and value in cell else value
            for name, value in details.items()
        }
        cell = masked(cell)
    if len(cell) > _MAX_CELL:
        cell = cell[:_MAX_CELL] + "…"
    return Reject(
        reject.row_number, reject.code, reject.column, reject.field, cell, details, reject.status
    )


def _mended(cause: Cause, language: str) -> str:
    return phrase(
        "mended-by", language, mends=cause.mends, line=printable(cause.mapping_line.strip())
    )


def status_name(status: Status, report: RunReport, language: str = "en") -> str:
    """Return a status in the reader's words; what a dry run leaves undecided can be sent."""
    if report.dry_run and status is Status.PENDING:
        return phrase("status-valid", language)
    return phrase(f"status-{status.value}", language)


def _file(kind: str, language: str) -> str:
    try:
        return phrase(f"file-{kind}", language)
    except KeyError:
        return kind
