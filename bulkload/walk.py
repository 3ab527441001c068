"""One source on its way to one destination: judged, sent, written down.

    judge    source -> rows -> records -> payloads and rejects       every row counted, nothing sent
    send     payloads -> results                                      through the journal
    finish   journal and counts -> results.csv, rejects.csv, report.json

Judging is repeatable: the same source gives the same verdicts each time, so a real run judges once
for the user's eyes and once more to send, and neither holds all rows in memory.
"""

from __future__ import annotations

import asyncio
import gc
import json
import secrets
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Self

import polars as pl

from bulkload import reports
from bulkload.delivery import Journal, RunJournal, Stop, Tick, Watcher, upload
from bulkload.destination import Destination, destination
from bulkload.errors import BadInputError, SafetyStopError
from bulkload.mapping import BoundMapping, MappingDocument, find_mapping, load_mapping
from bulkload.options import LoadOptions
from bulkload.planning import Tally, check_balances, check_definitions, plan, show_canary
from bulkload.progress import Progress
from bulkload.records import Action, Payload, Reject, Result, RunReport, Status
from bulkload.sources import Batch, Source
from bulkload.validation import Judge, Verdicts, judge_all


@dataclass(frozen=True, slots=True)
class Judged:
    """One batch and what was said about it."""

    batch: Batch
    records: pl.DataFrame
    verdicts: Verdicts

    @property
    def problems(self) -> list[Reject]:
        """All reasons why rows of the batch are not sent."""
        return [*self.verdicts.rejects, *(bad.reject for bad in self.batch.malformed)]


@dataclass(slots=True)
class Walk:
    """One source on its way to one destination."""

    source: Source
    mapping: BoundMapping
    destination: Destination
    folder: Path
    report: RunReport
    tally: Tally
    fingerprint: tuple[int, int]
    """Modification time and size of the file when the run began."""
    rendering: reports.Rendering
    rejects: reports.RejectLog
    results_format: str = "csv"
    delivered: reports.Delivered = field(default_factory=reports.Delivered)
    """What was seen of the results while they were written."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.rejects.close()

    def judged(self, *, bodies: bool = False) -> Iterator[Judged]:
        """Judge the source from its first row; the same verdicts each time.

        Args:
            bodies: Whether payloads carry what is sent; counting and reporting can do without.

        Raises:
            BadInputError: The file is not the one with which the run began.
        """
        self._check_unchanged()
        judge = Judge(
            self.mapping.fields,
            schema_name=self.destination.connector.schema.name,
            one_of=self.mapping.one_of,
            keys=self.mapping.keys,
            action=self.mapping.action,
            bodies=bodies,
        )
        ahead: deque[pl.DataFrame] = deque()

        def records(rows: pl.DataFrame) -> pl.DataFrame:
            ahead.append(self.mapping.apply(rows))
            return ahead[-1]

        for batch, verdicts in judge_all(judge, self.source.batches(), records):
            yield Judged(batch, ahead.popleft(), verdicts)
        self._check_unchanged()

    def payloads(self) -> Iterator[Payload]:
        """Yield what can be sent, in source order."""
        for judged in self.judged(bodies=True):
            yield from _payloads(judged.verdicts.payloads)

    def judge(self, progress: Progress) -> None:
        """Count where every row stands before anything is sent, and write the rejects."""
        counts = self.report.counts
        causes, warnings = reports.CauseCounter(), reports.CauseCounter()
        # What start-up made lives until the end; the collector need not walk it again and again.
        gc.freeze()
        with self._rejects_writer() as writer:
            for judged in self.judged():
                batch, verdicts = judged.batch, judged.verdicts
                writer.write(batch.rows, verdicts.rejects, batch.malformed)
                causes.add(judged.problems)
                self.rejects.add(judged.problems)
                warnings.add(verdicts.warnings)
                self.tally.add(judged.records, verdicts.payloads)
                counts.rows += batch.rows.height + len(batch.malformed)
                counts.by_status.update(_ends(judged.problems).values())
                counts.add(Status.SKIPPED, len({skip.row_number for skip in verdicts.skipped}))
                counts.add(Status.PENDING, verdicts.payloads.height)
                progress.judged(counts.rows, counts[Status.REJECTED] + counts[Status.DUPLICATE])
        self._name_rejects(writer)
        self.report.causes = causes.causes()
        self.report.warnings = warnings.causes()
        self.report.findings = self.source.findings

    def send(self, ready: Destination, options: LoadOptions, progress: Progress) -> RunReport:
        """Deliver what is valid; whatever happens, write down what became of it."""
        check_balances(self.tally.balances, options.max_points_delta)
        with Journal.open(ready.journal_path) as journal:
            run = journal.begin(
                source_sha256=self.source.sha256,
                mapping_sha256=self.mapping.sha256,
                target=self.destination.target,
                facts=self._facts(options),
                new=options.new,
            )
            self.report.run_id = run.run_id
            if run.resumed:
                self.report.notes.append(f"went on with the interrupted run {run.run_id}")
                progress.say(f"going on with the interrupted run {run.run_id}")
            counts = self.report.counts
            run.judged(counts.rows, {**counts.by_status, Status.PENDING: 0})
            self._agree(ready, run, progress)
            try:
                asyncio.run(self._deliver(ready, run, options, progress))
                run.finish(rows=self.report.counts.rows)
            finally:
                self.write_down(run)
        return self.report

    def _agree(self, ready: Destination, run: RunJournal, progress: Progress) -> None:
        """Show what is about to be sent.

        Raises:
            SafetyStopError: The user does not want it.
        """
        known = sum(1 for _ in run.known(self.payloads()))
        proposal = plan(ready, self.tally, delivered_before=known)
        if proposal.to_send and not progress.confirm(proposal):
            raise SafetyStopError("nothing was sent, as you wished")

    def _facts(self, options: LoadOptions) -> dict[str, Any]:
        """Return what `resume` needs to begin where this run ends; never a secret."""
        said = asdict(options)
        return {
            "source": self.source.path,
            "source_name": self.source.name,
            "folder": str(self.folder.absolute()),
            "options": {
                **{name: str(v) if isinstance(v, Path) else v for name, v in said.items()},
                "mapping": self.report.mapping["path"],
                "out": str(self.folder.absolute()),
            },
        }

    async def _deliver(
        self, ready: Destination, run: RunJournal, options: LoadOptions, progress: Progress
    ) -> None:
        credentials = ready.credentials()
        with Stop().on_signals() as stop:
            async with ready.wire(credentials) as wire:

                def sent(payloads: Iterable[Payload]) -> AsyncIterator[Result]:
                    return upload(
                        payloads,
                        connector=ready.connector,
                        wire=wire,
                        journal=run,
                        options=options.delivery(ready),
                        credentials=credentials,
                        watcher=Watcher(say=progress.say, tick=self._tick),
                        stop=stop,
                    )

                await check_definitions(ready.connector, wire, self.mapping.fields, progress)
                if options.canary:
                    first = list(islice(self.payloads(), options.canary))
                    tried = [result async for result in sent(first)]
                    await show_canary(ready.connector, wire, tried, progress)
                await self._count(sent(self.payloads()), progress)
        self.report.delivered_before = run.delivered_before
        if run.delivered_before_s:
            self.report.delivered_before_utc = utc(
                datetime.fromtimestamp(run.delivered_before_s, UTC)
            )

    async def _count(self, results: AsyncIterator[Result], progress: Progress) -> None:
        counts = self.report.counts
        total = counts[Status.PENDING]
        async for result in results:
            counts.add(Status.PENDING, -1)
            counts.add(result.status)
            progress.sent(counts, total)

    def _tick(self, tick: Tick) -> None:
        self.report.timeline.append(
            {
                "at_s": tick.at_s,
                "sent": tick.sent,
                "applied": tick.applied,
                "throttled": tick.throttled,
                "retried": tick.retried,
                "latency_ms_p50": tick.latency_ms_p50,
            }
        )

    def write_down(self, run: RunJournal) -> None:
        """Derive the run's files from its journal: results, and refused rows among the rejects."""
        failed = {
            result.row_number: result for result in run.results() if result.status is Status.FAILED
        }
        if failed:
            self._add_refused(failed)
        path = self.folder / f"results.{self.results_format}"
        reports.write_results(path, self.delivered.watch(self._results(run)))
        self.report.files["results"] = str(path)
        self.finish()

    def _results(self, run: RunJournal) -> Iterator[Result]:
        """Yield the results in source order, with the keys that the journal does not know."""
        known = run.results()
        result = next(known, None)
        for row_number, key in self._keys():
            while result is not None and result.row_number < row_number:
                result = next(known, None)
            if result is not None and result.row_number == row_number:
                yield replace(result, key=key)
            else:
                yield Result(row_number, key, Status.PENDING)

    def _keys(self) -> Iterator[tuple[int, str]]:
        """Yield row number and preferred key of every payload, in source order."""
        for judged in self.judged():
            payloads = judged.verdicts.payloads
            keys = [pl.col(name) for name in payloads.columns if name.startswith("key:")]
            key = pl.coalesce(*keys, pl.lit("")).alias("key")
            yield from payloads.select("row_number", key).iter_rows()

    def _add_refused(self, failed: Mapping[int, Result]) -> None:
        """Write rejects.csv anew, with the rows that the system refused among them."""
        causes = reports.CauseCounter()
        self.rejects.close()
        self.rejects = reports.RejectLog()
        with self._rejects_writer() as writer:
            for judged in self.judged():
                refused = [
                    Reject(
                        number,
                        "refused-by-system",
                        details={"message": failed[number].message},
                        status=Status.FAILED,
                    )
                    for number in judged.verdicts.payloads["row_number"].to_list()
                    if number in failed
                ]
                writer.write(
                    judged.batch.rows, [*judged.verdicts.rejects, *refused], judged.batch.malformed
                )
                causes.add([*judged.problems, *refused])
                self.rejects.add([*judged.problems, *refused])
        self._name_rejects(writer)
        self.report.causes = causes.causes()

    def _check_unchanged(self) -> None:
        if _fingerprint(self.source) != self.fingerprint:
            raise BadInputError(
                f"`{self.source.name}` was changed while it was read",
                where=self.source.path,
                fix="run the same command again; what has been sent is known and not sent again",
            )

    def finish(self) -> RunReport:
        """Write all files of the run and return its report."""
        self.report.finished_utc = utc(datetime.now(UTC))
        reports.write_all(
            self.folder,
            self.report,
            rejects=lambda: self.rejects,
            table=self._table(),
            delivered=self.delivered if "results" in self.report.files else None,
            rendering=self.rendering,
        )
        return self.report

    def _table(self) -> reports.Table:
        """Return the source as the workbook of rejects needs it."""
        choices = {
            column: field.choices
            for field in self.mapping.fields
            for column in field.columns
            if field.choices
        }
        return reports.Table(
            headers=self.source.headers,
            batches=self.source.batches,
            path=self.source.path,
            format=self.source.format,
            sheet=self.source.sheet,
            rows=self.report.counts.rows,
            choices=choices,
        )

    def _rejects_writer(self) -> reports.RejectsWriter:
        return reports.RejectsWriter(
            self.folder / "rejects.csv", self.source.headers, language=self.rendering.language
        )

    def _name_rejects(self, writer: reports.RejectsWriter) -> None:
        """Name the file in the report if there was anything to write."""
        if writer.rows:
            self.report.files["rejects"] = str(writer.path)


def begin(source: Source, options: LoadOptions) -> Walk:
    """Bring source, mapping and destination together; nothing is read or sent yet.

    Raises:
        BulkloadError: They do not fit, or one of them cannot be used.
    """
    wanted = destination(options.target)
    document, found = _mapping(source, options.mapping, wanted)
    bound = document.bind(source.headers, wanted.connector.schema, source=source.name)
    started = datetime.now(UTC)
    folder = reports.private_folder(_folder(options.out, source.name, started))
    report = RunReport(
        run_id=run_id(started),
        verb="validate" if options.dry_run else "import",
        dry_run=options.dry_run,
        started_utc=utc(started),
        source={
            "name": source.name,
            "path": source.path,
            "format": source.format,
            "sha256": source.sha256,
            "size_bytes": source.size_bytes,
            "headers": list(source.headers),
            "sheet": source.sheet,
            **source.description,
        },
        mapping={
            "name": document.name,
            "path": str(document.path),
            "sha256": document.sha256,
            "found": found,
        },
        profile=wanted.description(),
    )
    return Walk(
        source,
        bound,
        wanted,
        folder,
        report,
        Tally(bound.fields),
        _fingerprint(source),
        options.rendering,
        reports.RejectLog(),
        options.results_format,
    )


def _fingerprint(source: Source) -> tuple[int, int]:
    try:
        found = Path(source.path).stat()
    except OSError:
        return (0, source.size_bytes)
    return (found.st_mtime_ns, found.st_size)


def _mapping(
    source: Source, wanted: str | Path | None, to: Destination
) -> tuple[MappingDocument, str]:
    if wanted is not None:
        return load_mapping(wanted), "as you said"
    path = find_mapping(source.headers, connector=to.connector.name)
    return load_mapping(path), "found by the headers"


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


def _ends(rejects: Iterable[Reject]) -> dict[int, Status]:
    """Return where each of these rows ends: a row that is wrong is rejected, whatever else it is."""
    ends: dict[int, Status] = {}
    for reject in rejects:
        if ends.get(reject.row_number) is not Status.REJECTED:
            ends[reject.row_number] = reject.status
    return ends


def _folder(out: str | Path | None, source_name: str, started: datetime) -> Path:
    if out is not None:
        return Path(out)
    stem = reports.safe_name(source_name.partition(".")[0])
    return Path("bulkload-runs") / f"{started:%Y%m%d-%H%M%S}-{stem}"


def run_id(started: datetime) -> str:
    """Return a new id for a run; a run that sends has the journal's instead."""
    return f"{started:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def utc(moment: datetime) -> str:
    """Return a moment as reports write it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
