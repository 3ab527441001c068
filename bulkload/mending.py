"""Lines of a mapping that would mend what a run has rejected: looked for, tried, counted.

mending      run -> lines that would mend its rejects    `bulkload mapping fix`
with_lines   what a run has seen -> its causes, with such lines

Changes are compared on a sample of the rejected rows; only the best of them is tried on the whole
source, so that the number promised is the number that validating again gives.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from bulkload.connectors import connector_for
from bulkload.errors import BadInputError, BulkloadError
from bulkload.mapping import BoundMapping, MappingDocument, load_mapping, shipped_mappings
from bulkload.records import Cause, Field, Kind, Reject, Schema
from bulkload.sources import Source, SourceOptions, open_source
from bulkload.validation import Judge, judge_all

if TYPE_CHECKING:
    from bulkload.mapping.fixes import Mending, Proposal, Tally

MANY_ROWS = 10
"""Rows that share a cause before a run looks for a line that mends them."""
MOST_LINES = 3
MOST_JUDGED_BYTES = 50_000_000
"""Size of a source beyond which a run does not judge it again for that."""
MOST_TRIED = 200
"""Rejected rows of one cause on which changes are compared."""
_MOST_CELLS = 5_000
"""Rejects of one cause that are looked at for ideas."""
_PHONES = 1_000


@dataclass(slots=True)
class Sample:
    """What is kept of the rejected rows while they go by: enough to look for lines that mend them."""

    fields: Sequence[Field]
    rejects: list[Reject] = field(default_factory=list)
    phones: list[str] = field(default_factory=list)
    """Cells of the columns with phones."""
    _parts: list[pl.DataFrame] = field(default_factory=list)
    _seen: Counter[tuple[str, str]] = field(default_factory=Counter)
    _rows: int = 0
    _problems: int = 0

    @property
    def tally(self) -> Tally:
        """How much is wrong in all; rows that could not be cut into cells are among it."""
        from bulkload.mapping.fixes import Tally

        return Tally(self._rows, self._problems)

    @property
    def rows(self) -> pl.DataFrame | None:
        """Some of the rejected rows, in source order; None if there are none."""
        return pl.concat(self._parts) if self._parts else None

    def only(self, causes: Container[tuple[str, str]]) -> Sample:
        """Return what was kept for some causes, by code and column; the tally stays that of all."""
        rejects = [one for one in self.rejects if (one.code, one.column) in causes]
        numbers = {one.row_number for one in rejects}
        parts = [part.filter(pl.col("row_number").is_in(numbers)) for part in self._parts]
        return replace(self, rejects=rejects, _parts=parts)

    def add(self, rows: pl.DataFrame, rejects: Sequence[Reject], malformed: int) -> None:
        """Take note of a batch: its rows, their problems, and how many rows could not be cut."""
        self._rows += len({reject.row_number for reject in rejects}) + malformed
        self._problems += len(rejects) + malformed
        wanted: set[int] = set()
        seen = self._seen
        for reject in rejects:
            cause = (reject.code, reject.column)
            times = seen[cause] = seen.get(cause, 0) + 1
            if times <= MOST_TRIED:
                wanted.add(reject.row_number)
            if times <= _MOST_CELLS:
                self.rejects.append(reject)
        if wanted:
            few = rows.filter(pl.col("row_number").is_in(list(wanted)))
            # A filtered frame keeps all the text of its batch in memory; a copy does not.
            self._parts.append(pl.DataFrame(few.to_dict(as_series=False), schema=few.schema))
        columns = [c for known in self.fields if known.kind is Kind.PHONE for c in known.columns]
        for column in columns:
            missing = _PHONES - len(self.phones)
            if missing > 0:
                self.phones += rows[column].drop_nulls().head(missing).to_list()


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
        from bulkload.mapping.fixes import write_mapping

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
    schema = connector_for(str(report["profile"]["connector"])).schema
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

    trials = _Trials(found, schema, whole)
    return RunMending(trials.mending(document), found.fields, found.rejects, document.path)


def with_lines(
    causes: Sequence[Cause],
    source: Source,
    document: MappingDocument,
    schema: Schema,
    sample: Sample,
) -> list[Cause]:
    """Return causes with the mapping line that would mend them, and how many rows it mends.

    Only causes of many rows are worth the search, and only where judging again is quick.

    Args:
        causes: What the source was rejected for, the most frequent first.
        source: Open; it is judged again for each line that is promised.
        document: The mapping that it was judged with.
        schema: What the system accepts.
        sample: What was kept of all batches of the source.
    """
    many = [cause for cause in causes if cause.rows >= MANY_ROWS][:MOST_LINES]
    if not many or source.size_bytes > MOST_JUDGED_BYTES:
        return list(causes)

    def whole(tried: MappingDocument) -> Tally:
        return _judged(tried, source, schema).tally

    wanted = {(cause.code, cause.column) for cause in many}
    sought = sample.only(wanted)
    mending_ = _Trials(sought, schema, whole).mending(document)
    lines = {
        (proposal.code, proposal.column): proposal
        for proposal in mending_.proposals(sought.fields, sought.rejects)
        if proposal.mends
    }
    return [_with_line(cause, lines.get((cause.code, cause.column))) for cause in causes]


def _with_line(cause: Cause, proposal: Proposal | None) -> Cause:
    if proposal is None:
        return cause
    return replace(cause, mapping_line=proposal.line, mends=proposal.mends)


@dataclass(frozen=True, slots=True)
class _Trials:
    """Tries changed mappings, on the sample and on the whole source."""

    sample: Sample
    schema: Schema
    whole: Callable[[MappingDocument], Tally]

    def mending(self, document: MappingDocument) -> Mending:
        """Return what looks for changes to a mapping."""
        from bulkload.mapping.fixes import Mending

        home = _home(document, self.sample)
        return Mending(document, self.sample.tally, self._quick, self.whole, region=home)

    def _quick(self, tried: MappingDocument) -> Tally:
        from bulkload.mapping.fixes import Tally

        few = self.sample.rows
        if few is None:
            return Tally(0, 0)
        bound = tried.bind(few.columns[1:], self.schema, source="the rejected rows")
        # Doubled customers cannot be told from a part of the rows.
        rejects = _judge(bound, self.schema, keys=()).split(few, bound.apply(few)).rejects
        return Tally(len({reject.row_number for reject in rejects}), len(rejects))


def _home(document: MappingDocument, sample: Sample) -> str | None:
    """Return where a file seems to be at home: by its locale, or by the calling codes in it."""
    from bulkload.mapping.evidence import region_of_calling_codes

    locale = document.rules.locale
    if locale is not None:
        return locale[-2:].upper() if locale != "sv" else "SE"
    return region_of_calling_codes(sample.phones)


def _judge(bound: BoundMapping, schema: Schema, *, keys: Sequence[str]) -> Judge:
    return Judge(
        bound.fields,
        schema_name=schema.name,
        one_of=bound.one_of,
        keys=keys,
        action=bound.action,
        bodies=False,
    )


def _judged(document: MappingDocument, source: Source, schema: Schema) -> Sample:
    bound = document.bind(source.headers, schema, source=source.name)
    judge = _judge(bound, schema, keys=bound.keys)
    sample = Sample(bound.fields)
    for batch, verdicts in judge_all(judge, source.batches(), bound):
        sample.add(batch.rows, verdicts.rejects, len(batch.malformed))
    return sample


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
