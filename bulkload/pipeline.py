"""What bulkload does, one function for each thing: the walk from row to result, and back.

    load      source -> rows -> records -> payloads -> results      `bulkload import`
    validate  the same up to the payloads, nothing is sent          `bulkload validate`
    export    customers -> spreadsheet                              `bulkload export`

A real run judges the whole source first, exactly as a dry run does, and reads it a second time to
send: the user sees every problem before the first call, and memory stays bounded.

What comes after reading is imported when reading has begun, so that the one goes on during the other.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bulkload import reports
from bulkload.options import LoadOptions
from bulkload.progress import QUIET, Progress
from bulkload.records import RunReport
from bulkload.sources import open_source

if TYPE_CHECKING:
    from bulkload.destination import Destination
    from bulkload.settings import ProfileOptions


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
        opened.read_ahead()
        from bulkload.begin import begin
        from bulkload.destination import reached

        with begin(opened, options) as run:
            run.judge(progress)
            if options.dry_run:
                report = run.finish()
            else:
                with reached(run.destination, progress) as ready:
                    report = run.send(ready, options, progress)
    progress.finished(report)
    return report


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
    import asyncio

    from bulkload.begin import run_id
    from bulkload.destination import destination, reached
    from bulkload.run import utc
    from bulkload.settings import ProfileOptions

    started = datetime.now(UTC)
    with (
        reached(destination(target or ProfileOptions()), progress) as reading,
        reports.ExportWriter(to, ["id"]) as writer,
    ):
        asyncio.run(_export(reading, writer, progress))
    report = RunReport(
        run_id=run_id(started),
        verb="export",
        dry_run=False,
        started_utc=utc(started),
        finished_utc=utc(datetime.now(UTC)),
        profile=reading.description(),
        files={"export": str(to)},
    )
    report.details["customers"] = writer.rows
    return report


async def _export(reading: Destination, writer: reports.ExportWriter, progress: Progress) -> None:
    from bulkload.delivery import customers

    credentials = reading.credentials()
    async with reading.wire(credentials) as wire:
        async for customer in customers(
            reading.connector, wire, options=reading.delivery(), credentials=credentials
        ):
            writer.write([reports.flat(customer)])
            progress.exported(writer.rows, None)
