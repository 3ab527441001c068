"""REFERENCE.md, made from the catalogue: what every code means, how it comes about, how to mend it.

python -m bulkload.messages.reference      writes it anew
"""

from __future__ import annotations

import re
from pathlib import Path

from bulkload.messages import en, title
from bulkload.messages.entry import Message

PATH = Path(__file__).with_name("REFERENCE.md")

_START = """# What bulkload says about rows and files

Every problem has a stable code: it stands in the sheet `Problems` of `rejects.xlsx`, in `report.html`, in `report.json`
and in the metrics. This page lists all of them with what usually causes them and what mends them. Words in *italics*
stand for the column, the cell and the like.

Made from the catalogue by `python -m bulkload.messages.reference`.
"""


def reference() -> str:
    """Return the text of REFERENCE.md."""
    problems = {code: m for code, m in en.MESSAGES.items() if is_about_a_row(m)}
    findings = {code: m for code, m in en.MESSAGES.items() if code not in problems}
    parts = [_START, "## Rows that are not sent\n", _contents(problems)]
    parts += [_page(code, problems[code]) for code in sorted(problems)]
    parts += [
        "## Things about a file that are worth a look\n\nNothing of this stops a row, and nothing was changed.\n",
        _contents(findings),
    ]
    parts += [_page(code, findings[code]) for code in sorted(findings)]
    return "\n".join(parts)


def is_about_a_row(message: Message) -> bool:
    """Return whether a message speaks of one cell or row, not of a whole column or file."""
    return bool(re.search(r"\{(cell|row_number|field|action)\}", message.what)) or (
        "{column}" in message.what
        and "{count}" not in message.what
        and bool(message.example)
        and "{examples}" not in message.what
        and "{order}" not in message.what
    )


def _contents(messages: dict[str, Message]) -> str:
    return "\n".join(f"- [`{code}`](#{code}) {title(code)}" for code in sorted(messages)) + "\n"


def _page(code: str, message: Message) -> str:
    lines = [f"### {code}", "", f"{_spoken(message.what)}.", ""]
    if message.cause:
        lines += [f"**Cause:** {message.cause}.", ""]
    if message.example:
        lines += [f"**Example:** `` {message.example} ``", ""]
    lines += [f"**Remedy:** {_spoken(message.fix)}.", ""]
    return "\n".join(lines)


def _spoken(template: str) -> str:
    text = re.sub(
        r"(?<!\{)\{(\w+)\}(?!\})", lambda found: f"*{found[1].replace('_', ' ')}*", template
    )
    return text.replace("{{", "{").replace("}}", "}").replace("<", "&lt;")


if __name__ == "__main__":
    PATH.write_text(reference(), "utf-8")
