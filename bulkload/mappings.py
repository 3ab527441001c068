"""Writing, checking and mending mappings: what `bulkload mapping` does, as functions.

suggested   source -> a commented mapping              `bulkload mapping init`
checked     mapping (+ source) -> what it does          `bulkload mapping check` and `explain`
inventory   the mappings that come with bulkload        `bulkload mapping list`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from bulkload.connectors import connector_for
from bulkload.errors import BulkloadError, did_you_mean
from bulkload.mapping import BoundMapping, MappingDocument, load_mapping, shipped_mappings
from bulkload.mapping.draft import Draft, Hints, draft
from bulkload.mapping.evidence import home_region
from bulkload.mapping.explain import Explanation, explain
from bulkload.mapping.fixes import REGIONS
from bulkload.mapping.suggest import POSSIBLE, Suggestion, suggest
from bulkload.records import Schema
from bulkload.sources import Source, SourceOptions, open_source
from bulkload.validation.phone import phone

EXAMPLE_ROWS = 1_000


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
