"""`bulkload export`."""

from __future__ import annotations

from typing import Any

import click

from bulkload.cli import options


@click.command("export")
@click.option(
    "--to",
    "path",
    type=click.Path(dir_okay=False),
    required=True,
    help="File to write: .csv, .xlsx or .parquet.",
)
@options.target
@options.pace
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print the report as one JSON document on standard output.",
)
def export(path: str, as_json: bool, **flags: Any) -> int:
    """Write a program's customers into a spreadsheet.

    Every cell is written as text: phones keep their +, and what looks like a formula stays text.
    An existing file is replaced only when the new one is complete.

    \b
    Examples:
      $ bulkload export --to customers.xlsx
      $ bulkload export --to customers.csv --profile loyaltydog --program 5eb7cf5a86d9755df3a6c593
    """
    from bulkload import pipeline
    from bulkload.cli.terminal import show, watcher
    from bulkload.settings import ProfileOptions

    with watcher() as progress:
        report = pipeline.export(path, ProfileOptions(**flags), progress=progress)
    return show(report, as_json=as_json)
