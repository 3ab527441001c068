"""Several files as one source: `exports/*.csv` read one after the other, as one run.

Every file must have the same headers. Row numbers go on from file to file, so that each names one
row; `description["files"]` says which numbers belong to which file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import polars as pl

from bulkload.errors import BadInputError
from bulkload.records import Finding
from bulkload.sources.source import ROW_NUMBER, Batch, Malformed, Source


@dataclass(kw_only=True)
class SeveralSources(Source):
    """Files with the same headers, in order of their names."""

    sources: list[Source] = field(repr=False)
    found: list[Finding] = field(default_factory=list)

    @property
    def sha256(self) -> str:
        """Digest over the digests of all files, in order."""
        joined = "\n".join(source.sha256 for source in self.sources)
        return hashlib.sha256(joined.encode()).hexdigest()

    @property
    def is_unchanged(self) -> bool:
        """Whether no file has changed."""
        return all(source.is_unchanged for source in self.sources)

    @property
    def findings(self) -> list[Finding]:
        """What was found in each file, one after the other; cells are named by their own file."""
        return list(self.found)

    def read_ahead(self) -> None:
        """Begin with the first file."""
        self.sources[0].read_ahead()

    def batches(self) -> Iterator[Batch]:
        """Yield all rows of all files; row numbers go on."""
        before, found = 0, []
        files: list[dict[str, object]] = []
        for source in self.sources:
            last = 1
            for batch in source.batches():
                numbers = batch.rows[ROW_NUMBER]
                highest = [one.row_number for one in batch.malformed]
                highest += [int(numbers[-1])] if len(numbers) else []
                last = max(last, *highest)
                moved = (numbers + before).cast(pl.UInt32)
                malformed = tuple(_moved(one, before) for one in batch.malformed)
                columns = [ROW_NUMBER, *self.headers]
                yield Batch(batch.rows.with_columns(moved).select(columns), malformed)
            files.append({"path": source.path, "sha256": source.sha256, "rows_after": before})
            found += [_named(one, source.name) for one in source.findings]
            before += last
        self.found = found
        self.description = {**self.description, "files": files}

    def close(self) -> None:
        """Let go of all files."""
        for source in self.sources:
            source.close()


def join_sources(pattern: str, sources: list[Source]) -> Source:
    """Return several sources as one.

    Raises:
        BadInputError: A file has other headers than the first one.
    """
    first = sources[0]
    for other in sources[1:]:
        missing = sorted(set(first.headers) ^ set(other.headers))
        if missing:
            names = ", ".join(f"`{name}`" for name in missing[:5])
            raise BadInputError(
                f"`{other.path}` has other columns than `{first.path}`",
                where=f"only one of the two has {names}",
                fix="load files with different columns one at a time",
            )
    return SeveralSources(
        name=pattern,
        path=pattern,
        format=first.format,
        size_bytes=sum(source.size_bytes for source in sources),
        headers=first.headers,
        sheet=first.sheet,
        own_columns=first.own_columns,
        description={**first.description, "files": [source.path for source in sources]},
        sources=sources,
    )


def _moved(one: Malformed, before: int) -> Malformed:
    number = one.row_number + before
    first, *more = (replace(reject, row_number=number) for reject in one.rejects)
    return replace(one, row_number=number, reject=first, more=tuple(more))


def _named(finding: Finding, name: str) -> Finding:
    return replace(finding, cells=tuple(f"{name}!{cell}" for cell in finding.cells))
