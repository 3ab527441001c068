"""Writing, checking and mending mappings: what `bulkload mapping` does, as functions.

suggested   source -> a commented mapping              `bulkload mapping init`
checked     mapping (+ source) -> what it does          `bulkload mapping check` and `explain`
mending     run -> lines that would mend its rejects    `bulkload mapping fix`
inventory   the mappings that come with bulkload        `bulkload mapping list`
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from bulkload.connectors import connector_for
from bulkload.errors import BadInputError, BulkloadError, did_you_mean
from bulkload.mapping import BoundMapping, MappingDocument, load_mapping, shipped_mappings
from bulkload.mapping.draft import Draft, Hints, draft
from bulkload.mapping.evidence import home_region, region_of_calling_codes
from bulkload.mapping.explain import Explanation, explain
from bulkload.mapping.fixes import REGIONS, Mending, Proposal, Tally, write_mapping
from bulkload.mapping.suggest import POSSIBLE, Suggestion, suggest
from bulkload.records import Cause, Field, Kind, Reject, Schema
from bulkload.sources import Source, SourceOptions, open_source
from bulkload.validation import Judge
from bulkload.validation.phone import phone

EXAMPLE_ROWS = 1_000
MANY_ROWS = 10
"""Rows that share a cause before a run looks for a line that mends them."""
MOST_LINES = 3
MOST_JUDGED_BYTES = 50_000_000
"""Size of a source beyond which a run does not judge it again for that."""
MOST_TRIED_ROWS = 50_000
"""Rejected rows on which changes are compared; beyond, the whole source is judged."""


def schema_of(connector: str) -> Schema:
    """Return what a system accepts.

    Raises:
        BulkloadError: There is no such system.
    """
    return connector_for(connector).schema


def is_phone(text: str, region: str) -> bool:
    """Say whether a text is a phone number for people at home in a region."""
    try:
        phone(text, region)
    except ValueError:
        return False
    return True


def inventory() -> list[tuple[str, str, str]]:
    """Return name, system and description of every mapping that comes with bulkload."""
    documents = [load_mapping(path) for path in shipped_mappings().values()]
    return [(d.name, d.connector or "any", d.rules.description) for d in documents]


@dataclass(frozen=True, slots=True)
class Suggested:
    """What the columns of a source seem to hold, before a person has decided."""

    source: str
    connector: str
    suggestions: Sequence[Suggestion]
    region: str | None
    region_why: str

    def draft(self, decisions: Mapping[str, str] | None = None) -> Draft:
        """Write the mapping, with a person's decisions: by column a field, or `ignore`."""
        hints = Hints(self.region, self.region_why, decisions or {})
        return draft(self.suggestions, connector=self.connector, source=self.source, hints=hints)


def suggested(
    source: str | Path, *, connector: str = "loyaltydog", reading: SourceOptions | None = None
) -> Suggested:
    """Judge the columns of a source by headers and cells.

    Raises:
        BulkloadError: The source cannot be read, or the system is not known.
    """
    schema_of(connector)
    with open_source(source, reading or SourceOptions()) as opened:
        rows = _first_rows(opened)
        found = suggest(rows, opened.headers)
        region, why = _region(found, rows)
        return Suggested(opened.name, connector, found, region, why)


def _region(found: Sequence[Suggestion], rows: pl.DataFrame) -> tuple[str | None, str]:
    """Return where most of the phones without calling code are valid."""
    for suggestion in found:
        if suggestion.thing in {"phone", "mobile"} and suggestion.score >= POSSIBLE:
            cells = rows[suggestion.header].drop_nulls().to_list()
            home = home_region(cells, is_phone, REGIONS)
            if home is not None:
                region, share = home
                why = f"{share:.0%} of those without calling code in `{suggestion.header}` are valid there"
                return region, why
    return None, ""


def _first_rows(opened: Source) -> pl.DataFrame:
    empty = pl.DataFrame(
        schema={"row_number": pl.UInt32, **dict.fromkeys(opened.headers, pl.String)}
    )
    return next((batch.rows for batch in opened.batches()), empty)


@dataclass(frozen=True, slots=True)
class Checked:
    """A mapping that is right, and what it does with a source, if there is one."""

    document: MappingDocument
    bound: BoundMapping | None = None
    explanations: Sequence[Explanation] = ()


def checked(
    mapping: str | Path,
    source: str | Path | None = None,
    *,
    connector: str | None = None,
    reading: SourceOptions | None = None,
) -> Checked:
    """Check a mapping, and how it fits a source.

    Raises:
        BulkloadError: With file:line:column and the closest valid word.
    """
    document = load_mapping(mapping)
    schema = schema_of(connector or document.connector or "loyaltydog")
    if source is None:
        _check_fields(document, schema)
        return Checked(document)
    with open_source(source, reading or SourceOptions()) as opened:
        bound = document.bind(opened.headers, schema, source=opened.name)
        rows = _first_rows(opened).head(EXAMPLE_ROWS)
        return Checked(document, bound, explain(document, bound, rows))


def _check_fields(document: MappingDocument, schema: Schema) -> None:
    """Refuse fields that the system does not have, without knowing any columns."""
    for name in document.rules.fields:
        if schema.field(name) is None:
            names = [known.name for known in schema.fields]
            raise BulkloadError(
                f"`{name}` is not a field of {schema.name}",
                where=document.where("fields", name),
                fix=did_you_mean(name, names)
                + "the fields are: "
                + ", ".join(f"`{known}`" for known in names)
                + "".join(f", `{prefix}NAME`" for prefix in schema.open_prefixes),
            )


@dataclass(slots=True)
class RunMending:
    """A run's mapping, and the lines that would mend what it rejected."""

    mending: Mending
    fields: Sequence[Field]
    rejects: Sequence[Reject]
    path: Path
    """The mapping's file."""

    def proposals(self) -> Iterator[Proposal]:
        """Yield lines with the number of rows that each mends on top of those accepted before it."""
        yield from self.mending.proposals(self.fields, self.rejects)

    def write(self, to: Path | None = None) -> Path:
        """Write the mapping with what was accepted; a shipped one as a copy in this folder.

        Raises:
            BulkloadError: It cannot be written.
        """
        shipped = self.path.resolve() in {path.resolve() for path in shipped_mappings().values()}
        target = to or (Path(self.path.name) if shipped else self.path)
        write_mapping(target, self.mending.text(), replace=target.resolve() == self.path.resolve())
        return target


def mending(run: str | Path, *, reading: SourceOptions | None = None) -> RunMending:
    """Judge the source of a run again and look for lines that would mend its rejects.

    Args:
        run: Folder of the run, or its `report.json`.
        reading: How the source is cut into cells, if the run was told so.

    Raises:
        BulkloadError: The folder holds no report, or source and mapping are not those of the run.
    """
    report = _report(Path(run))
    document = load_mapping(Path(str(report["mapping"]["path"])))
    schema = schema_of(str(report["profile"]["connector"]))
    source = Path(str(report["source"]["path"]))
    if document.sha256 != report["mapping"]["sha256"]:
        raise BulkloadError(
            "the mapping has changed since this run",
            where=str(document.path),
            fix="run `bulkload validate` again and mend that run",
        )
    options = reading or SourceOptions()

    with open_source(source, options) as opened:
        found = _judged(document, opened, schema)

    def whole(tried: MappingDocument) -> Tally:
        with open_source(source, options) as again:
            return _judged(tried, again, schema).tally

    started = _mending(document, found, schema, whole)
    return RunMending(started, found.fields, found.rejects, document.path)


def with_lines(
    causes: Sequence[Cause], source: Source, document: MappingDocument, schema: Schema
) -> list[Cause]:
    """Return causes with the mapping line that would mend them, and how many rows it mends.

    Only causes of many rows are worth the search, and only where judging again is quick.

    Args:
        causes: What the source was rejected for, the most frequent first.
        source: Open; it is judged again, once and once more for each line that is promised.
        document: The mapping that it was judged with.
        schema: What the system accepts.
    """
    many = [cause for cause in causes if cause.rows >= MANY_ROWS][:MOST_LINES]
    if not many or source.size_bytes > MOST_JUDGED_BYTES:
        return list(causes)
    found = _judged(document, source, schema)

    def whole(tried: MappingDocument) -> Tally:
        return _judged(tried, source, schema).tally

    wanted = {(cause.code, cause.column) for cause in many}
    rejects = [reject for reject in found.rejects if (reject.code, reject.column) in wanted]
    lines = {
        (proposal.code, proposal.column): proposal
        for proposal in _mending(document, found, schema, whole).proposals(found.fields, rejects)
        if proposal.mends
    }
    return [_with_line(cause, lines.get((cause.code, cause.column))) for cause in causes]


def _with_line(cause: Cause, proposal: Proposal | None) -> Cause:
    if proposal is None:
        return cause
    return replace(cause, mapping_line=proposal.line, mends=proposal.mends)


def _mending(
    document: MappingDocument,
    found: _Judged,
    schema: Schema,
    whole: Callable[[MappingDocument], Tally],
) -> Mending:
    """Return a mending that compares changes on the rejected rows alone, if they are not too many."""
    few = found.rows

    def quick(tried: MappingDocument) -> Tally:
        if few is None or few.height > MOST_TRIED_ROWS:
            return whole(tried)
        bound = tried.bind(few.columns[1:], schema, source="the rejected rows")
        # Doubled customers cannot be told from a part of the rows.
        rejects = _judge(bound, schema, keys=()).split(few, bound.apply(few)).rejects
        return Tally(len({reject.row_number for reject in rejects}), len(rejects))

    return Mending(document, found.tally, quick, whole, region=_home(document, found))


def _home(document: MappingDocument, found: _Judged) -> str | None:
    """Return where a file seems to be at home: by its locale, or by the calling codes in it."""
    locale = document.rules.locale
    if locale is not None:
        return locale[-2:].upper() if locale != "sv" else "SE"
    return region_of_calling_codes(found.phones)


@dataclass(frozen=True, slots=True)
class _Judged:
    fields: Sequence[Field]
    rejects: Sequence[Reject]
    tally: Tally
    """Rows that could not be cut into cells are among them."""
    rows: pl.DataFrame | None
    """The rejected rows."""
    phones: Sequence[str]
    """Cells of the columns with phones, the first thousand."""


def _judge(bound: BoundMapping, schema: Schema, *, keys: Sequence[str] | None = None) -> Judge:
    return Judge(
        bound.fields,
        schema_name=schema.name,
        one_of=bound.one_of,
        keys=bound.keys if keys is None else keys,
        action=bound.action,
    )


def _judged(document: MappingDocument, source: Source, schema: Schema) -> _Judged:
    rejects: list[Reject] = []
    malformed = 0
    parts: list[pl.DataFrame] = []
    phones: list[str] = []
    bound = document.bind(source.headers, schema, source=source.name)
    judge = _judge(bound, schema)
    columns = [c for f in bound.fields if f.kind is Kind.PHONE for c in f.columns]
    for batch in source.batches():
        found = judge.split(batch.rows, bound.apply(batch.rows)).rejects
        rejects += found
        malformed += len(batch.malformed)
        for column in columns:
            phones += (
                batch.rows[column].drop_nulls().head(max(0, EXAMPLE_ROWS - len(phones))).to_list()
            )
        numbers = {reject.row_number for reject in found}
        parts.append(batch.rows.filter(pl.col("row_number").is_in(list(numbers))))
    rows = len({reject.row_number for reject in rejects})
    tally = Tally(rows + malformed, len(rejects) + malformed)
    return _Judged(bound.fields, rejects, tally, pl.concat(parts) if parts else None, phones)


def _report(run: Path) -> dict[str, Any]:
    path = run / "report.json" if run.is_dir() else run
    parts: Any = {}
    reason = "it is no report of a run"
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        parts = report if isinstance(report, dict) else {}
    except OSError as error:
        reason = error.strerror or reason
    except ValueError:
        pass
    if all(isinstance(parts.get(part), dict) for part in ("mapping", "source", "profile")):
        return dict(parts)
    raise BadInputError(
        f"the run `{run}` cannot be read: {reason}",
        where=str(path),
        fix="name the folder that `bulkload validate` or `bulkload import` has written",
    )
