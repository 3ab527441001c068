"""What a run is about to do, known before its first call: balances, side effects, calls, duration."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import polars as pl

from bulkload.connectors.base import (
    AnnouncesLimits,
    BulkLane,
    Connector,
    CountsSideEffects,
    DeclaresFields,
    FitsMapping,
    HasBulkLane,
    Limit,
    PayloadCounts,
    Promise,
)
from bulkload.destination import Destination
from bulkload.errors import BulkloadError, SafetyStopError
from bulkload.progress import Plan, Progress
from bulkload.records import Field, Kind, Result, Severity
from bulkload.validation.fast.patterns import TRUE_WORDS, spellings_of
from bulkload.validation.fast.tiers import OK
from bulkload.wire import WireError

if TYPE_CHECKING:
    from bulkload.delivery import RunJournal
    from bulkload.wire import Wire

BULK_FROM_ROWS = 100
"""From so many rows on the bulk lane saves calls enough to wait for its jobs."""
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
        customers = "1 customer" if self.customers == 1 else f"{self.customers:,} customers"
        return f"{self.total:,} {self.field} {verb} {customers}"


class Tally:
    """Counts what accepted rows say, batch by batch."""

    def __init__(self, fields: Sequence[Field]) -> None:
        sent = [field for field in fields if field.how != "keep"]
        self._said = {field.name: _says(field) for field in sent}
        """Whether a row speaks of each field."""
        self._balances = tuple(
            field
            for field in sent
            if field.kind is Kind.INTEGER and field.name.rpartition(".")[2] in BALANCES
        )
        self._counts: Counter[str] = Counter()
        self._totals: Counter[str] = Counter()
        self._moved: Counter[str] = Counter()
        self._payloads = 0

    def add(self, records: Sequence[pl.DataFrame]) -> None:
        """Count those records of a batch that became payloads, as `Verdicts.records` has them."""
        accepted = pl.col(OK)
        for frame in records:
            said = frame.select_seq(
                accepted.sum(),
                *((says & accepted).sum().alias(name) for name, says in self._said.items()),
            )
            sent, *counts = said.row(0)
            self._payloads += sent
            self._counts.update(dict(zip(self._said, counts, strict=True)))
            for field in self._balances:
                self._move(field.name, frame.select_seq(pl.when(accepted).then(field.name)))

    def _move(self, name: str, cells: pl.DataFrame) -> None:
        values = cells.select_seq(pl.first().cast(pl.Int64, strict=False)).to_series()
        if values.null_count() > cells[name].null_count():
            # A whole number may have spaces around it, or a point and zeros behind it.
            numbers = pl.first().str.strip_chars().str.replace(r"\.0+$", "")
            values = cells.select_seq(numbers.cast(pl.Int64, strict=False)).to_series()
        self._totals[name] += int(values.sum())
        self._moved[name] += int(values.abs().sum())

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


def _says(field: Field) -> pl.Expr:
    """Whether a row speaks of a field; of consents only a yes counts."""
    cell = pl.col(field.name)
    if field.kind is Kind.BOOLEAN:
        return cell.is_in(spellings_of(TRUE_WORDS)).fill_null(value=False)
    return cell.is_not_null()


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


def lane_of(connector: Connector, wanted: str, rows: int) -> BulkLane | None:
    """Return the bulk lane that so many rows take; None if they go one by one.

    Raises:
        BulkloadError: The system does not have the lane that is asked for.
    """
    has_one = isinstance(connector, HasBulkLane) and connector.promises().create is Promise.UPSERT
    if wanted == "single" or (wanted == "auto" and (not has_one or rows < BULK_FROM_ROWS)):
        return None
    if not isinstance(connector, HasBulkLane) or not has_one:
        raise BulkloadError(
            f"{connector.name} has no bulk lane",
            where=f"--lane {wanted}",
            fix="leave it out; rows are then sent one by one",
        )
    return connector.bulk_lane("" if wanted in ("auto", "bulk") else wanted)


def fitted(
    wanted: Destination, fields: Sequence[Field], agreed: tuple[str, ...] = ()
) -> Destination:
    """Return the destination with a connector that knows what will be sent."""
    connector = wanted.connector
    if not isinstance(connector, FitsMapping):
        return wanted
    return replace(wanted, connector=connector.fitted(fields, agreed=frozenset(agreed)))


async def _told(ready: Destination) -> Destination:
    connector = ready.connector
    request = connector.limits() if isinstance(connector, AnnouncesLimits) else None
    if request is None or not isinstance(connector, AnnouncesLimits):
        return ready
    async with ready.wire(ready.credentials()) as wire:
        try:
            return replace(ready, connector=connector.told(await wire.send(request)))
        except WireError:
            # Whoever cannot be reached is told about by the first call that matters.
            return ready


def told(ready: Destination) -> Destination:
    """Return the destination with the limits that the system tells, where it tells them."""
    import asyncio

    return asyncio.run(_told(ready))


def used(run: RunJournal, limits: Sequence[Limit]) -> dict[str, int]:
    """Return how much of each limit earlier requests of all runs have used up."""
    now = datetime.now(UTC)
    month_s = (now - now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)).total_seconds()
    return {
        limit.name: len(
            run.sent_ages_s(month_s if limit.calendar_month else limit.per_s, limit.calls)
        )
        for limit in limits
    }


def plan(
    ready: Destination,
    tally: Tally,
    *,
    delivered_before: int = 0,
    already_used: Mapping[str, int] | None = None,
    headroom: float = 0.0,
    lane: BulkLane | None = None,
) -> Plan:
    """Return what the user should know before the first call.

    Args:
        ready: Where it goes.
        tally: Of the payloads of which something may be sent.
        delivered_before: How many others there are.
        already_used: How much of each limit is used up, by its name.
        headroom: Share of each limit that is left to others.
        lane: Of several rows a call; None: one by one.
    """
    from bulkload.connectors.forecast import forecast

    to_send = tally.counts.payloads
    connector = ready.connector
    effects = (
        connector.side_effects(tally.counts) if isinstance(connector, CountsSideEffects) else ()
    )
    limits = list(connector.promises().limits)
    if rate := ready.delivery().rate:
        limits.append(Limit(rate.calls, rate.per_s, "your --rate"))
    # A batch is one call and, as a rule, one or two questions after it.
    calls = to_send if lane is None else 3 * -(-to_send // lane.max_rows)
    foreseen = forecast(calls, limits, already_used, now=datetime.now(UTC), headroom=headroom)
    dangers = [lane.danger] if lane is not None and lane.danger else []
    return Plan(
        to_send=to_send,
        delivered_before=delivered_before,
        profile=ready.profile.name,
        connector=connector.name,
        program=ready.profile.program,
        is_local=ready.profile.is_local,
        side_effects=[*dangers, *map(str, tally.balances), *(e.text for e in effects)],
        forecast=[foreseen.text] if to_send and (foreseen.slowest or foreseen.stopped_by) else [],
    )


async def check_definitions(
    connector: Connector,
    wire: Wire,
    fields: Sequence[Field],
    progress: Progress,
    *,
    is_move: bool = False,
) -> None:
    """Compare the mapped fields with those that the program declares, before anything is sent.

    Args:
        connector: Knows where they are declared.
        wire: Asks there.
        fields: As mapped.
        progress: Hears what is odd.
        is_move: The mapping was made from an export's headers, which do not tell the kinds of
            custom fields: what does not suit is told, and the system has the last word.

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
        if problem.severity is Severity.REJECT and not is_move:
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
            f"stopped after the first {len(tried)} rows: the rest was not agreed to",
            fix="without `--canary` the same command goes on where this run stopped",
        )
