"""One source on its way through its mapping and the judge, as often as it is asked for.

    source -> rows -> records -> payloads and rejects

Judging is repeatable: the same source gives the same verdicts each time. So a run judges for the
user's eyes, and again to send and to write down, and never holds all rows in memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from bulkload.errors import BadInputError
from bulkload.mapping import BoundMapping
from bulkload.records import Action, Payload, Reject
from bulkload.sources import Batch, Source
from bulkload.validation import Judge, Verdicts, judge_all


@dataclass(frozen=True, slots=True)
class Judged:
    """One batch and what was said about it."""

    batch: Batch
    verdicts: Verdicts

    @property
    def problems(self) -> list[Reject]:
        """All reasons why rows of the batch are not sent."""
        malformed = (reject for bad in self.batch.malformed for reject in bad.rejects)
        return [*self.verdicts.rejects, *malformed]


class Walk:
    """A source, the mapping bound to it, and the name of what its rows become.

    Args:
        source: Open; it may be read several times.
        mapping: Bound to the source's headers.
        schema_name: The payload in the vendor's words.
    """

    def __init__(self, source: Source, mapping: BoundMapping, *, schema_name: str) -> None:
        self.source = source
        self.mapping = mapping
        self._schema_name = schema_name

    def judged(self, *, bodies: bool = False, records: bool = False) -> Iterator[Judged]:
        """Judge the source from its first row; the same verdicts each time.

        Args:
            bodies: Whether payloads carry what is sent; counting and reporting can do without.
            records: Whether verdicts tell what the rows say.

        Raises:
            BadInputError: The file is not the one with which the run began.
        """
        self._check_unchanged()
        judge = Judge(
            self.mapping.fields,
            schema_name=self._schema_name,
            one_of=self.mapping.one_of,
            keys=self.mapping.keys,
            action=self.mapping.action,
            bodies=bodies,
            records=records,
        )
        for batch, verdicts in judge_all(judge, self.source.batches(), self.mapping):
            yield Judged(batch, verdicts)
            # They fill memory until the next ones are there.
            del batch, verdicts
        self._check_unchanged()

    def payloads(self) -> Iterator[Payload]:
        """Yield what can be sent, in source order."""
        for judged in self.judged(bodies=True):
            yield from _payloads(judged.verdicts.payloads.sort("row_number"))

    def preferred_keys(self) -> Iterator[tuple[int, str]]:
        """Yield row number and preferred key of every payload, in source order."""
        for judged in self.judged():
            payloads = judged.verdicts.payloads.sort("row_number")
            keys = [pl.col(name) for name in payloads.columns if name.startswith("key:")]
            key = pl.coalesce(*keys, pl.lit("")).alias("key")
            yield from payloads.select("row_number", key).iter_rows()

    def _check_unchanged(self) -> None:
        if not self.source.is_unchanged:
            raise BadInputError(
                f"`{self.source.name}` was changed while it was read",
                where=self.source.path,
                fix="run the same command again; what has been sent is known and not sent again",
            )


def _payloads(frame: pl.DataFrame) -> Iterator[Payload]:
    keys = [name for name in frame.columns if name.startswith("key:")]
    names = [name.removeprefix("key:") for name in keys]
    chosen = frame.select("row_number", "body", "action", "extra", *keys)
    for row_number, body, action, extra, *values in chosen.iter_rows():
        yield Payload(
            row_number=row_number,
            keys={name: key for name, key in zip(names, values, strict=True) if key is not None},
            body=body.encode(),
            action=Action(action),
            extra=json.loads(extra) if extra else {},
        )
