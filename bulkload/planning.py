"""What a run is about to do, known before its first call: balances, side effects, calls, duration."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from bulkload.connectors.base import (
    Connector,
    CountsSideEffects,
    DeclaresFields,
    Limit,
    PayloadCounts,
)
from bulkload.connectors.forecast import forecast
from bulkload.destination import Destination
from bulkload.errors import BulkloadError, SafetyStopError
from bulkload.progress import Plan, Progress
from bulkload.records import Field, Kind, Result, Severity
from bulkload.wire import Wire, WireError

BALANCES = ("points", "stamps")
"""Last words of the fields that hold a customer's balance."""


@dataclass(frozen=True, slots=True)
class Balance:
    """What a run does to one balance."""

    field: str
    how: str
    """`set` or `add`."""
    customers: int
    total: int
    moved: int
    """Sum without signs."""

    def __str__(self) -> str:
        verb = "are added for" if self.how == "add" else "are set for"
        return f"{self.total:,} {self.field} {verb} {self.customers:,} customers"


class Tally:
    """Counts what accepted rows say, batch by batch."""

    def __init__(self, fields: Sequence[Field]) -> None:
        self._fields = tuple(field for field in fields if field.how != "keep")
        self._balances = tuple(
            field
            for field in self._fields
            if field.kind is Kind.INTEGER and field.name.rpartition(".")[2] in BALANCES
        )
        self._counts: Counter[str] = Counter()
        self._totals: Counter[str] = Counter()
        self._moved: Counter[str] = Counter()
        self._payloads = 0

    def add(self, records: pl.DataFrame, payloads: pl.DataFrame) -> None:
        """Count those records that became payloads."""
        self._payloads += payloads.height
        if payloads.height != records.height:
            records = records.join(payloads.select("row_number"), on="row_number", how="semi")
        said = records.select(self._said(field).alias(field.name) for field in self._fields)
        if said.height:
            self._counts.update(dict(zip(said.columns, said.row(0), strict=True)))
        for field in self._balances:
            numbers = records[field.name].str.strip_chars().str.replace(r"\.0+$", "")
            values = numbers.cast(pl.Int64, strict=False)
            self._totals[field.name] += int(values.sum())
            self._moved[field.name] += int(values.abs().sum())

    @staticmethod
    def _said(field: Field) -> pl.Expr:
        column = pl.col(field.name)
        return (
            (column == "true").sum() if field.kind is Kind.BOOLEAN else column.is_not_null().sum()
        )

    @property
    def counts(self) -> PayloadCounts:
        """How many payloads speak of each field."""
        return PayloadCounts(self._payloads, dict(self._counts))

    @property
    def balances(self) -> list[Balance]:
        """What happens to balances, of those that are touched."""
        return [
            Balance(field.name, field.how, self._counts[field.name], self._totals[field.name], self._moved[field.name])
            for field in self._balances
            if self._counts[field.name]
        ]  # fmt: skip


def check_balances(balances: Sequence[Balance], limit: int | None) -> None:
    """Stop the run if it would move more points or stamps than the user expects.

    Raises:
        SafetyStopError: The sum over all balances, without signs, is above `limit`.
    """
    moved = sum(balance.moved for balance in balances)
    if limit is not None and moved > limit:
        raise SafetyStopError(
            f"this run would move {moved:,} points or stamps, and --max-points-delta allows {limit:,}; "
            "nothing was sent",
            where="; ".join(map(str, balances)),
            fix=f"look at the column and its `numbers:` rule; if it is right, allow {moved}",
        )


def plan(ready: Destination, tally: Tally, *, delivered_before: int = 0) -> Plan:
    """Return what the user should know before the first call."""
    to_send = max(0, tally.counts.payloads - delivered_before)
    connector = ready.connector
    effects = (
        connector.side_effects(tally.counts) if isinstance(connector, CountsSideEffects) else ()
    )
    limits = list(connector.promises().limits)
    if rate := ready.delivery().rate:
        limits.append(Limit(rate.calls, rate.per_s, "your --rate"))
    foreseen = forecast(to_send, limits, now=datetime.now(UTC))
    return Plan(
        to_send=to_send,
        delivered_before=delivered_before,
        profile=ready.profile.name,
        connector=connector.name,
        program=ready.profile.program,
        is_local=ready.profile.is_local,
        side_effects=[*map(str, tally.balances), *(e.text for e in effects if e.wanted)],
        forecast=[foreseen.text] if to_send and (foreseen.slowest or foreseen.stopped_by) else [],
    )


async def check_definitions(
    connector: Connector, wire: Wire, fields: Sequence[Field], progress: Progress
) -> None:
    """Compare the mapped fields with those that the program declares, before anything is sent.

    Raises:
        BulkloadError: The program would refuse or lose a field.
    """
    if not isinstance(connector, DeclaresFields):
        return
    try:
        answer = await wire.send(connector.definitions())
    except WireError:
        # Whoever cannot be reached is told about by the first call that matters.
        return
    for problem in connector.check(connector.definitions_of(answer), fields):
        if problem.severity is Severity.REJECT:
            raise BulkloadError(
                problem.message,
                where=f"field `{problem.field}`",
                fix="correct the mapping, or the program's custom fields",
            )
        progress.say(f"note: field `{problem.field}`: {problem.message}")


async def show_canary(
    connector: Connector, wire: Wire, tried: Sequence[Result], progress: Progress
) -> None:
    """Read the first customers back and ask whether to go on.

    Raises:
        SafetyStopError: The user does not want the rest; the run can be resumed.
    """
    seen = []
    for result in tried:
        if result.remote_id:
            found = connector.customers(await wire.send(connector.get(result.remote_id)))
            held = json.dumps(dict(found[0].fields), ensure_ascii=False) if found else "not there"
            seen.append(f"row {result.row_number} {result.status}: {held}")
        else:
            seen.append(f"row {result.row_number} {result.status}: {result.message}")
    if not progress.canary(seen):
        raise SafetyStopError(
            f"stopped after the first {len(tried)} rows, as you wished",
            fix="the same command goes on where this run stopped",
        )
