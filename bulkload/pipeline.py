"""The walk from row to result, and back.

    load      source -> rows -> records -> payloads -> results      `bulkload import`
    validate  the same up to the payloads, nothing is sent          `bulkload validate`
    export    customers -> spreadsheet                              `bulkload export`

A real run judges the whole source first, exactly as a dry run does, and reads it a second time to
send: the user sees every problem before the first call, and memory stays bounded.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from bulkload import delivery, reports
from bulkload.destination import Destination, destination, reached
from bulkload.errors import SafetyStopError
from bulkload.mapping import BoundMapping, MappingDocument, find_mapping, load_mapping
from bulkload.progress import QUIET, Plan, Progress
from bulkload.records import Action, Payload, Reject, RunReport, Status
from bulkload.settings import ProfileOptions
from bulkload.sources import Batch, Source, SourceOptions, open_source
from bulkload.validation import Judge, Verdicts


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadOptions:
    """Everything that may be said about an import besides its source."""

    mapping: str | Path | None = None
    """A file, the name of a shipped mapping, or None: found by the headers."""
    profile: str | None = None
    program: str | None = None
    base_url: str | None = None
    token_file: str | Path | None = None
    allow_host: str | None = None
    rate: str | None = None
    """`20/s` or `100/min`; None: what the system allows."""
    concurrency: int | None = None
    dry_run: bool = False
    out: str | Path | None = None
    """Folder for the run's files; None: `bulkload-runs/TIME-SOURCE`."""
    reading: SourceOptions = field(default_factory=SourceOptions)

    @property
    def target(self) -> ProfileOptions:
        """What is said about where to send."""
        return ProfileOptions(
            profile=self.profile,
            program=self.program,
            base_url=self.base_url,
            token_file=self.token_file,
            allow_host=self.allow_host,
            rate=self.rate,
            concurrency=self.concurrency,
        )


def validate(
    source: str | Path, options: LoadOptions | None = None, *, progress: Progress = QUIET
) -> RunReport:
    """Check a source against its mapping; send nothing.

    Exactly what `load` does before its first call. Rows that could be sent count as pending.

    Raises:
        BulkloadError: The source, the mapping or the profile cannot be used.
    """
    return load(source, replace(options or LoadOptions(), dry_run=True), progress=progress)


def load(
    source: str | Path, options: LoadOptions | None = None, *, progress: Progress = QUIET
) -> RunReport:
    """Create the customers of a source in a loyalty system.

    Args:
        source: Path of a spreadsheet, `-` for standard input.
        options: Mapping, profile, pace and the like.
        progress: Hears how far it has come and agrees to the first call.

    Returns:
        What became of every row, and the paths of the files that say so in detail. Rows that were
        wrong are counted, never raised.

    Raises:
        BulkloadError: The run as a whole cannot go on; its class says whether it can be resumed.
    """
    options = options or LoadOptions()
    with open_source(source, options.reading) as opened:
        walk = _walk(opened, options)
        walk.judge(progress)
        if options.dry_run:
            return walk.finish()
        with reached(walk.destination, progress) as destination:
            return walk.send(destination, progress)


def export(
    to: str | Path, target: ProfileOptions | None = None, *, progress: Progress = QUIET
) -> RunReport:
    """Write every customer of a program into a spreadsheet.

    Args:
        to: File that ends in .csv, .xlsx or .parquet; it is replaced only by a complete one.
        target: Where to read from.
        progress: Hears how far it has come.

    Raises:
        BulkloadError: The format, the profile or the file cannot be used.
        UnreachableError: The system gave up; nothing was written.
    """
    started = datetime.now(UTC)
    with (
        reached(destination(target or ProfileOptions()), progress) as reading,
        reports.ExportWriter(to, ["id"]) as writer,
    ):
        asyncio.run(_export(reading, writer, progress))
    report = RunReport(
        run_id=_run_id(started),
        verb="export",
        dry_run=False,
        started_utc=_utc(started),
        finished_utc=_utc(datetime.now(UTC)),
        profile=reading.description(),
        files={"export": str(to)},
    )
    report.details["customers"] = writer.rows
    return report


async def _export(reading: Destination, writer: reports.ExportWriter, progress: Progress) -> None:
    async with reading.wire() as wire:
        customers = delivery.customers(reading.connector, wire, options=reading.delivery())
        async for customer in customers:
            writer.write([reports.flat(customer)])
            progress.exported(writer.rows, None)


@dataclass(slots=True)
class _Walk:
    """One source on its way to one destination."""

    source: Source
    mapping: BoundMapping
    destination: Destination
    folder: Path
    report: RunReport

    def verdicts(self) -> Iterator[tuple[Batch, Verdicts]]:
        """Judge the source from its first row; the same verdicts each time."""
        judge = Judge(
            self.mapping.fields,
            schema_name=self.destination.connector.schema.name,
            one_of=self.mapping.one_of,
            keys=self.mapping.keys,
            action=self.mapping.action,
        )
        for batch in self.source.batches():
            yield batch, judge.split(batch.rows, self.mapping.apply(batch.rows))

    def payloads(self) -> Iterator[Payload]:
        """Yield what can be sent, in source order."""
        for _, verdicts in self.verdicts():
            yield from _payloads(verdicts.payloads)

    def judge(self, progress: Progress) -> None:
        """Count where every row stands before anything is sent, and write the rejects."""
        counts = self.report.counts
        causes, warnings = reports.CauseCounter(), reports.CauseCounter()
        with self._rejects() as writer:
            for batch, verdicts in self.verdicts():
                problems = [*verdicts.rejects, *(bad.reject for bad in batch.malformed)]
                writer.write(batch.rows, verdicts.rejects, batch.malformed)
                causes.add(problems)
                warnings.add(verdicts.warnings)
                counts.rows += batch.rows.height + len(batch.malformed)
                counts.by_status.update(_ends(problems).values())
                counts.add(Status.SKIPPED, len({skip.row_number for skip in verdicts.skipped}))
                counts.add(Status.PENDING, verdicts.payloads.height)
                progress.judged(counts.rows, counts[Status.REJECTED] + counts[Status.DUPLICATE])
        self.report.causes = causes.causes()
        self.report.warnings = warnings.causes()
        self.report.findings = self.source.findings

    def send(self, ready: Destination, progress: Progress) -> RunReport:
        """Deliver what is valid; whatever happens, write down what became of it."""
        plan = ready.plan(self.report.counts[Status.PENDING])
        if plan.to_send and not progress.confirm(plan):
            raise SafetyStopError("nothing was sent, as you wished")
        with delivery.Journal.open(ready.journal_path) as journal:
            run = journal.begin(
                source_sha256=self.source.sha256,
                mapping_sha256=self.mapping.sha256,
                target=ready.target,
            )
            try:
                asyncio.run(self._deliver(ready, run, progress))
            finally:
                self._results(run)
                self.finish()
        return self.report

    async def _deliver(
        self, ready: Destination, run: delivery.RunJournal, progress: Progress
    ) -> None:
        counts = self.report.counts
        total = counts[Status.PENDING]
        async with ready.wire() as wire:
            results = delivery.upload(
                self.payloads(),
                connector=ready.connector,
                wire=wire,
                journal=run,
                options=ready.delivery(),
            )
            async for result in results:
                counts.add(Status.PENDING, -1)
                counts.add(result.status)
                progress.sent(counts, total)

    def finish(self) -> RunReport:
        """Write report.json and return the report."""
        self.report.finished_utc = _utc(datetime.now(UTC))
        path = self.folder / "report.json"
        self.report.files["report"] = str(path)
        reports.write_report(path, self.report)
        return self.report

    def _rejects(self) -> reports.RejectsWriter:
        path = self.folder / "rejects.csv"
        self.report.files["rejects"] = str(path)
        return reports.RejectsWriter(path, self.source.headers)

    def _results(self, run: delivery.RunJournal) -> None:
        path = self.folder / "results.csv"
        reports.write_results(path, run.results())
        self.report.files = {"results": str(path), **self.report.files}


def _walk(source: Source, options: LoadOptions) -> _Walk:
    wanted = destination(options.target)
    document, found = _mapping(source, options.mapping, wanted)
    bound = document.bind(source.headers, wanted.connector.schema, source=source.name)
    started = datetime.now(UTC)
    folder = reports.private_folder(_folder(options.out, source.name, started))
    report = RunReport(
        run_id=_run_id(started),
        verb="validate" if options.dry_run else "import",
        dry_run=options.dry_run,
        started_utc=_utc(started),
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
    return _Walk(source, bound, wanted, folder, report)


def _mapping(
    source: Source, wanted: str | Path | None, to: Destination
) -> tuple[MappingDocument, str]:
    if wanted is not None:
        return load_mapping(wanted), "as you said"
    path = find_mapping(source.headers, connector=to.connector.name)
    return load_mapping(path), "found by the headers"


def _payloads(frame: pl.DataFrame) -> Iterator[Payload]:
    keys = [name for name in frame.columns if name.startswith("key:")]
    for row in frame.iter_rows(named=True):
        yield Payload(
            row_number=row["row_number"],
            keys={key.removeprefix("key:"): row[key] for key in keys if row[key] is not None},
            body=row["body"].encode(),
            action=Action(row["action"]),
            extra=json.loads(row["extra"]) if row["extra"] else {},
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


def _run_id(started: datetime) -> str:
    return f"{started:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
