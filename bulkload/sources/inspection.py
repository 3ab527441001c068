"""What a source looks like before anything is done with it: dialect, columns, traces of damage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from bulkload import messages
from bulkload.records import Finding
from bulkload.sources.headers import column_letters
from bulkload.sources.intake import DEFAULT_OPTIONS, open_source
from bulkload.sources.reading import FileSource
from bulkload.sources.source import Malformed, SourceOptions

EXAMPLES = 3
MOST_DISTINCT = 100_000
"""Different values of a column that are counted; beyond that it is `more than`."""
_LETTERS, _DIGITS = r"\p{L}", r"\p{N}"


@dataclass(slots=True)
class ColumnProfile:
    """One column of a source."""

    name: str
    place: str
    """Letter of the column in a spreadsheet."""
    filled: int = 0
    distinct: int = 0
    """At most `MOST_DISTINCT` + 1, which means: more."""
    examples: list[str] = field(default_factory=list)
    """The first different values; letters and digits are masked unless they were asked for."""


@dataclass(slots=True)
class Inspection:
    """A source, described."""

    name: str
    path: str
    format: str
    size_bytes: int
    sha256: str
    sheet: str | None
    description: Mapping[str, Any]
    rows: int
    malformed: int
    columns: list[ColumnProfile]
    findings: list[Finding]
    rejects: list[Malformed]
    """The first malformed rows."""

    def document(self) -> dict[str, Any]:
        """Return everything for machines."""
        return {
            "name": self.name,
            "path": self.path,
            "format": self.format,
            "size_bytes": self.size_bytes,
            "sha256": self.sha256,
            "sheet": self.sheet,
            **self.description,
            "rows": self.rows,
            "malformed": self.malformed,
            "columns": [
                {**asdict(column), "fill_rate": round(column.filled / max(1, self.rows), 4)}
                for column in self.columns
            ],
            "findings": [
                {
                    "code": finding.code,
                    "what": messages.what(finding),
                    "fix": messages.fix(finding),
                    "column": finding.column,
                    "cells": list(finding.cells),
                    "count": finding.count,
                    "mapping_line": finding.mapping_line,
                }
                for finding in self.findings
            ],
            "malformed_rows": [
                {"row_number": one.row_number, "what": messages.what(reject)}
                for one in self.rejects
                for reject in one.rejects
            ],
        }

    def lines(self) -> list[str]:
        """Return everything for people."""
        lines = [f"{self.name}: {self.format}, {self.size_bytes:,} bytes, {self.rows:,} rows"]
        lines += [f"  {word}: {_spoken(value)}" for word, value in _flat(self.description)]
        width = max((len(column.name) for column in self.columns), default=0)
        lines += ["", f"  {'':3} {'column':{width}}   filled   distinct  examples"]
        for column in self.columns:
            share = 100 * column.filled / max(1, self.rows)
            more = column.distinct > MOST_DISTINCT
            distinct = f">{MOST_DISTINCT:,}" if more else f"{column.distinct:,}"
            examples = " | ".join(column.examples)
            lines.append(
                f"  {column.place:3} {column.name:{width}}  {share:6.1f}%  {distinct:>9}  {examples}"
            )
        if self.malformed:
            lines += ["", f"{self.malformed:,} rows cannot be read:"]
            lines += [f"  {messages.what(bad)}" for one in self.rejects for bad in one.rejects]
        if self.findings:
            lines += ["", "What is odd:"]
        for finding in self.findings:
            where = f" [{', '.join(finding.cells)}]" if finding.cells else ""
            lines.append(f"  {messages.what(finding)}{where}")
            lines.append(f"    hint: {messages.fix(finding)}")
            if finding.mapping_line:
                lines.append(f"    mapping: {finding.mapping_line}")
        return lines


def inspect_source(
    path: str | Path, options: SourceOptions = DEFAULT_OPTIONS, *, show_values: bool = False
) -> Inspection:
    """Read a whole source and describe it.

    Args:
        path: A file, or `-` for standard input.
        options: What is known better than what would be found out.
        show_values: Show cells as they are; otherwise letters become `x` and digits `9`.

    Raises:
        BadInputError: The source cannot be read.
    """
    with open_source(path, options) as source:
        places = source.table.positions if isinstance(source, FileSource) else {}
        profiles = [
            ColumnProfile(name, column_letters(places.get(name, number)))
            for number, name in enumerate(source.headers, start=1)
        ]
        hashes = {name: pl.Series([], dtype=pl.UInt64) for name in source.headers}
        rows, malformed = 0, 0
        rejects: list[Malformed] = []
        for batch in source.batches():
            rows += batch.rows.height
            malformed += len(batch.malformed)
            rejects += batch.malformed[: 5 - len(rejects)] if len(rejects) < 5 else ()  # noqa: PLR2004
            for profile in profiles:
                cells = batch.rows[profile.name].drop_nulls()
                profile.filled += len(cells)
                if len(profile.examples) < EXAMPLES:
                    _take_examples(profile, cells)
                if len(hashes[profile.name]) <= MOST_DISTINCT:
                    both = pl.concat([hashes[profile.name], cells.hash()])
                    hashes[profile.name] = both.unique().head(MOST_DISTINCT + 1)
        for profile in profiles:
            profile.distinct = len(hashes[profile.name])
            if not show_values:
                profile.examples = [masked(example) for example in profile.examples]
        findings = source.findings if show_values else [_masked(one) for one in source.findings]
        return Inspection(
            name=source.name,
            path=source.path,
            format=source.format,
            size_bytes=source.size_bytes,
            sha256=source.sha256,
            sheet=source.sheet,
            description=source.description,
            rows=rows,
            malformed=malformed,
            columns=profiles,
            findings=findings,
            rejects=rejects,
        )


def masked(text: str) -> str:
    """Return a text with every letter as `x` and every digit as `9`: its shape, not its content."""
    return "".join("x" if c.isalpha() else "9" if c.isnumeric() else c for c in text)


def _masked(finding: Finding) -> Finding:
    if not finding.column or finding.code.startswith("header-"):
        return finding
    return Finding(
        finding.code,
        finding.column,
        finding.cells,
        finding.count,
        tuple(masked(example) for example in finding.examples),
        finding.details,
        finding.mapping_line,
    )


def _take_examples(profile: ColumnProfile, cells: pl.Series) -> None:
    for cell in cells.head(1_000).unique(maintain_order=True):
        if cell not in profile.examples:
            profile.examples.append(cell[:60])
        if len(profile.examples) >= EXAMPLES:
            return


def _flat(description: Mapping[str, Any]) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for word, value in description.items():
        found += _flat(value) if isinstance(value, Mapping) else [(word, value)]
    return [(word.replace("_", " "), value) for word, value in found if value not in ("", [], None)]


def _spoken(value: Any) -> str:
    if isinstance(value, list):
        return " | ".join(map(str, value))
    return {"\t": "tab", ",": "comma", ";": "semicolon", "|": "bar"}.get(value, str(value))
