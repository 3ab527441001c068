"""One run: a source judged, sent to its destination, and written down.

judge        every row counted, rejects.csv, nothing sent
send         payloads -> results, through the journal
write_down   journal -> results, and the refused rows among the rejects
finish       workbook, page and report.json
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import polars as pl

from bulkload import reports
from bulkload.destination import Destination
from bulkload.errors import SafetyStopError, exit_code_of
from bulkload.mapping import load_mapping
from bulkload.mending import Sample, with_lines
from bulkload.options import LoadOptions
from bulkload.planning import (
    Tally,
    check_balances,
    check_definitions,
    lane_of,
    plan,
    show_canary,
    told,
    used,
)
from bulkload.progress import Progress
from bulkload.records import Cause, Payload, Reject, Result, RunReport, Status
from bulkload.walk import Walk

if TYPE_CHECKING:
    from bulkload.delivery import RunJournal, Tick


@dataclass(slots=True)
class Run:
    """One source on its way to one destination."""

    walk: Walk
    destination: Destination
    folder: Path
    report: RunReport
    tally: Tally
    rendering: reports.Rendering
    rejects: reports.RejectLog
    results_format: str = "csv"
    is_move: bool = False
    """The source is another system's export, so the two are reconciled at the end."""
    delivered: reports.Delivered = field(default_factory=reports.Delivered)
    """What was seen of the results while they were written."""
    rejected: reports.RejectedRows = field(
        default_factory=lambda: reports.RejectedRows(reports.MOST_PROBLEMS)
    )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.rejects.close()

    def judge(self, progress: Progress) -> None:
        """Count where every row stands before anything is sent, and write the rejects."""
        counts = self.report.counts
        causes, warnings = reports.CauseCounter(), reports.CauseCounter()
        sample = Sample(self.walk.mapping.fields)
        # What rows say is told before the first call alone.
        is_told = not self.report.dry_run
        with self._rejects_writer() as writer:
            for judged in self.walk.judged(records=is_told):
                batch, verdicts = judged.batch, judged.verdicts
                writer.write(batch.rows, verdicts.rejects, batch.malformed)
                causes.add(judged.problems)
                self.rejects.add(judged.problems)
                warnings.add(verdicts.warnings)
                sample.add(batch.rows, verdicts.rejects, len(batch.malformed))
                self.rejected.add(batch, {reject.row_number for reject in verdicts.rejects})
                if is_told:
                    self.tally.add(verdicts.records)
                counts.rows += batch.rows.height + len(batch.malformed)
                counts.by_status.update(_ends(judged.problems).values())
                counts.add(Status.SKIPPED, len({skip.row_number for skip in verdicts.skipped}))
                counts.add(Status.PENDING, verdicts.payloads.height)
                progress.judged(counts.rows, counts[Status.REJECTED])
                del judged, batch, verdicts
        self._name_rejects(writer)
        self.report.causes = self._with_lines(causes.causes(), sample)
        self.report.warnings = warnings.causes()
        self.report.findings = self.walk.source.findings
        self.report.source = {**self.report.source, "sha256": self.walk.source.sha256}

    def _with_lines(self, causes: list[Cause], sample: Sample) -> list[Cause]:
        """Say which line of the mapping would mend a cause of many rows."""
        if self.is_move:
            return causes
        document = load_mapping(str(self.report.mapping["path"]))
        schema = self.destination.connector.schema
        return with_lines(causes, self.walk.source, document, schema, sample)

    def send(self, ready: Destination, options: LoadOptions, progress: Progress) -> RunReport:
        """Deliver what is valid; whatever happens, write down what became of it."""
        import asyncio

        from bulkload.delivery import Journal

        with Journal.open(ready.journal_path) as journal:
            run = journal.begin(
                source_sha256=self.walk.source.sha256,
                mapping_sha256=self.walk.mapping.sha256,
                target=self.destination.target,
                facts=self._facts(options),
                new=options.new,
            )
            self.report.run_id = run.run_id
            if run.resumed:
                self.report.notes.append(f"went on with the interrupted run {run.run_id}")
                progress.say(f"going on with the interrupted run {run.run_id}")
            try:
                counts = self.report.counts
                run.judged(counts.rows, {**counts.by_status, Status.PENDING: 0})
                ready = self._agreed(ready, run, options, progress)
            except BaseException:
                # What an earlier process had begun was agreed to then, and waits for another word.
                if not run.resumed:
                    run.withdraw()
                raise
            try:
                asyncio.run(self._deliver(ready, run, options, progress))
                run.finish(rows=self.report.counts.rows)
            except BaseException as error:
                self.report.ended_by = exit_code_of(error)
                try:
                    self.write_down(run)
                except Exception as second:  # noqa: BLE001 - what ended the run is what matters
                    progress.say(f"note: the run's files were not written: {second}")
                raise
            self.write_down(run)
        return self.report

    def _agreed(
        self, ready: Destination, journal: RunJournal, options: LoadOptions, progress: Progress
    ) -> Destination:
        """Show what is about to be sent; return the destination with the limits that it tells.

        Raises:
            SafetyStopError: It moves more than is allowed, or the user does not want it.
        """
        settled = [payload.row_number for payload in journal.settled(self.walk.payloads())]
        left = self._tally_without(settled) if settled else self.tally
        # Before anything is asked from the system.
        check_balances(left.balances, options.max_points_delta)
        ready = told(ready)
        limits = ready.connector.promises().limits
        proposal = plan(
            ready,
            left,
            delivered_before=len(settled),
            already_used=used(journal, limits),
            headroom=options.headroom,
            lane=lane_of(ready.connector, options.lane, self.tally.counts.payloads),
        )
        if proposal.to_send and not progress.confirm(proposal):
            program, connector = proposal.program, proposal.connector
            raise SafetyStopError(
                "nothing was sent: it was not agreed to",
                where=f"program {program} of {connector}" if program else connector,
                fix="say yes when asked; where nobody can be asked, "
                f"`--yes-production {program or connector}` agrees",
            )
        return ready

    def _tally_without(self, settled: list[int]) -> Tally:
        """Count what is said by the rows of which something may be sent."""
        tally = Tally(self.walk.mapping.fields)
        numbers = pl.Series(settled, dtype=pl.UInt32).implode()
        for judged in self.walk.judged(records=True):
            tally.add(
                [
                    records.filter(~pl.col("row_number").is_in(numbers))
                    for records in judged.verdicts.records
                ]
            )
        return tally

    def _facts(self, options: LoadOptions) -> dict[str, Any]:
        """Return what `resume` needs to begin where this run ends; never a secret."""
        said = asdict(options)
        return {
            "source": self.walk.source.path,
            "source_name": self.walk.source.name,
            "folder": str(self.folder.absolute()),
            "options": {
                **{name: str(v) if isinstance(v, Path) else v for name, v in said.items()},
                "mapping": self.report.mapping["path"],
                "out": str(self.folder.absolute()),
            },
        }

    async def _deliver(
        self, ready: Destination, journal: RunJournal, options: LoadOptions, progress: Progress
    ) -> None:
        from bulkload.delivery import Stop, Watcher, customers, upload
        from bulkload.verification import verified

        credentials = ready.credentials()
        wishes = options.delivery(ready)
        if lane_of(ready.connector, options.lane, self.tally.counts.payloads) is not None:
            wishes = replace(wishes, lane="bulk" if options.lane == "auto" else options.lane)
        with Stop().on_signals() as stop:
            async with ready.wire(credentials) as wire:

                def sent(payloads: Iterable[Payload]) -> AsyncIterator[Result]:
                    return upload(
                        payloads,
                        connector=ready.connector,
                        wire=wire,
                        journal=journal,
                        options=wishes,
                        credentials=credentials,
                        watcher=Watcher(say=progress.say, tick=self._tick),
                        stop=stop,
                    )

                await check_definitions(
                    ready.connector, wire, self.walk.mapping.fields, progress, is_move=self.is_move
                )
                if options.canary:
                    first = list(islice(self.walk.payloads(), options.canary))
                    tried = [result async for result in sent(first)]
                    await show_canary(ready.connector, wire, tried, progress)
                await self._count(sent(self.walk.payloads()), progress)
                if options.verify or self.is_move:
                    listed = customers(
                        ready.connector, wire, options=wishes, credentials=credentials
                    )
                    seen = await verified(ready.connector, listed, journal.results())
                    self.report.notes += seen.sentences(self.tally.balances)
                    self.report.details["verification"] = asdict(seen)
                    self.report.unseen = seen.delivered - seen.found
        self.report.delivered_before = journal.delivered_before
        if journal.delivered_before_s:
            self.report.delivered_before_utc = utc(
                datetime.fromtimestamp(journal.delivered_before_s, UTC)
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

    def write_down(self, journal: RunJournal) -> None:
        """Derive the run's files from its journal: results, and refused rows among the rejects."""
        failed = {
            result.row_number: result
            for result in journal.results()
            if result.status is Status.FAILED
        }
        if failed:
            self._add_refused(failed)
        path = self.folder / f"results.{self.results_format}"
        reports.write_results(path, self.delivered.watch(self._results(journal)))
        self.report.files["results"] = str(path)
        self.finish()

    def _results(self, journal: RunJournal) -> Iterator[Result]:
        """Yield the results in source order, with the keys that the journal does not know."""
        known = journal.results()
        result = next(known, None)
        for row_number, key in self.walk.preferred_keys():
            while result is not None and result.row_number < row_number:
                result = next(known, None)
            if result is not None and result.row_number == row_number:
                yield replace(result, key=key)
            else:
                yield Result(row_number, key, Status.PENDING)

    def _add_refused(self, failed: Mapping[int, Result]) -> None:
        """Write rejects.csv anew, with the rows that the system refused among them."""
        causes = reports.CauseCounter()
        self.rejects.close()
        self.rejects = reports.reject_log(self.rendering)
        self.rejected.forget()
        with self._rejects_writer() as writer:
            for judged in self.walk.judged():
                refused = [
                    Reject(
                        number,
                        "refused-by-system",
                        details={"message": failed[number].message},
                        status=Status.FAILED,
                    )
                    for number in judged.verdicts.payloads["row_number"].sort().to_list()
                    if number in failed
                ]
                writer.write(
                    judged.batch.rows, [*judged.verdicts.rejects, *refused], judged.batch.malformed
                )
                causes.add([*judged.problems, *refused])
                self.rejects.add([*judged.problems, *refused])
        self._name_rejects(writer)
        mended = {(cause.code, cause.column): cause for cause in self.report.causes}
        self.report.causes = [
            replace(cause, mapping_line=before.mapping_line, mends=before.mends)
            if (before := mended.get((cause.code, cause.column)))
            else cause
            for cause in causes.causes()
        ]

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
        kept = self.rejected.batches(self.report.counts.rows)
        return reports.Table(
            headers=self.walk.source.headers,
            batches=self.walk.source.batches if kept is None else lambda: kept,
            name=self.walk.source.name,
            path=self.walk.source.path if self.walk.source.is_one_file else "",
            format=self.walk.source.format,
            sheet=self.walk.source.sheet,
            rows=self.report.counts.rows,
            choices=self.walk.mapping.offered,
        )

    def _rejects_writer(self) -> reports.RejectsWriter:
        return reports.RejectsWriter(
            self.folder / "rejects.csv", self.walk.source.headers, language=self.rendering.language
        )

    def _name_rejects(self, writer: reports.RejectsWriter) -> None:
        """Name the file in the report if there was anything to write."""
        if writer.rows:
            self.report.files["rejects"] = str(writer.path)


def _ends(rejects: Iterable[Reject]) -> dict[int, Status]:
    """Return where each of these rows ends: a row that is wrong is rejected, whatever else it is."""
    ends: dict[int, Status] = {}
    for reject in rejects:
        if ends.get(reject.row_number) is not Status.REJECTED:
            ends[reject.row_number] = reject.status
    return ends


def utc(moment: datetime) -> str:
    """Return a moment as reports write it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
