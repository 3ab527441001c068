"""`bulkload import`."""

from __future__ import annotations

from typing import Any

import click

from bulkload.cli import options


@click.command("import")
@options.SOURCE
@options.MAPPING
@options.target
@options.pace
@options.ACCEPT_COLUMNS
@options.reading
@options.sending
@options.output
@click.option("--dry-run", is_flag=True, help="Check everything, send nothing.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask before the first call.")
@click.option(
    "--yes-production",
    metavar="PROGRAM",
    help="Agree to send to this program of a real system; needed where nobody can be asked.",
)
def import_(source: str, as_json: bool, yes: bool, yes_production: str | None, **flags: Any) -> int:
    """Create the customers of SOURCE in a loyalty system.

    Wrong rows are not sent: they go into rejects.csv with the reasons. Correct them there and
    import that file; only those rows are sent. Customers that an earlier run delivered are
    recognised and not sent again, so the same command can be repeated at any time.

    \b
    Files, in the run's folder:
      results.csv   one line for each row that was valid, with the created ID
      rejects.csv   the rows to correct, cells as they were, with the reasons
      report.json   everything for machines

    \b
    Examples:
      $ bulkload import customers.csv
      $ bulkload import customers.xlsx --sheet Mai --dry-run
      $ bulkload import customers.csv --profile loyaltydog --rate 100/min
    """
    from bulkload import pipeline
    from bulkload.cli.terminal import show, watcher

    log_format = flags.pop("log_format")
    with watcher(yes=yes, yes_production=yes_production, log_format=log_format) as progress:
        wanted = options.load_options(flags)
        report = pipeline.load(source, wanted, progress=progress)
    return show(report, as_json=as_json, rendering=wanted.rendering, log_format=log_format)
