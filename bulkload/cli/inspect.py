"""`bulkload inspect`."""

from __future__ import annotations

import json
from typing import Any

import click

from bulkload.cli import options, printable


@click.command("inspect")
@options.SOURCE
@options.reading
@click.option("--show-values", is_flag=True, help="Show cells as they are, not only their shape.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def inspect_(source: str, as_json: bool, show_values: bool, **flags: Any) -> None:
    """Show how SOURCE is read: dialect, encoding, sheets, columns, and what is odd about its cells.

    Nothing is changed and nothing is sent. Examples show only the shape of a cell (`xxx.9@xxxxxxx.xxx`)
    unless values are asked for.

    \b
    Examples:
      $ bulkload inspect customers.xlsx
      $ zcat customers.csv.gz | bulkload inspect - --show-values

    Exit status: 0 readable, 2 usage, 65 unreadable source.
    """
    from bulkload.sources import inspect_source

    found = inspect_source(source, options.source_options(flags), show_values=show_values)
    if as_json:
        click.echo(json.dumps(found.document(), ensure_ascii=False, indent=2))
        return
    for line in found.lines():
        click.echo(printable(line))
