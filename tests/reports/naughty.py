"""Texts that break writers, and a reject to hang them on."""

from bulkload.records import Reject

NAUGHTY = [
    "",
    "=1+1",
    '=HYPERLINK("http://example.com","x")',
    "+49 171 1234567",
    "+1+cmd|' /C calc'!A0",
    "-5",
    "@SUM(A1)",
    "\tx",
    "\rx",
    "'=1",
    "''",
    "'t Hart",
    " lead and trail ",
    'quote " inside',
    "a,b;c\td",
    "line\nend",
    "line\r\nend",
    "_x000D_ and _x005F_",
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "{{7*7}} {% raw %}",
    "\x1b]0;x\x07[red]",
    "\u202eevil",
    "Zoë Åström 東京 🎉",
    "nul \x00 byte",
    "mailto:a@example.com",
    "\ufeffbom",
    "00123",
    "1e5",
    "4.915E+11",
    "TRUE",
    "2026-01-02",
]


def reject(row_number: int, cell: str = "=1+1", **parts: object) -> Reject:
    """A duplicate, the one code that needs nothing else."""
    given = {"column": "E-mail", "field": "email", "details": {"first_row": "2"}} | parts
    return Reject(row_number, "duplicate-in-file", cell=cell, **given)  # type: ignore[arg-type]
