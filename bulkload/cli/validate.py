"""`bulkload validate`."""

from __future__ import annotations

from typing import Any

import click

from bulkload.cli import options


@click.command("validate")
@options.SOURCE
@options.MAPPING
@options.target
@options.ACCEPT_COLUMNS
@options.reading
@options.output
def validate(source: str, as_json: bool, **flags: Any) -> int:
    """Check SOURCE and send nothing: `bulkload import --dry-run` under its own name.

    \b
    Example:
      $ bulkload validate customers.csv

    Exit status: 0 all rows valid, 1 some need a person, 2 usage or mapping, 65 unreadable source.
    """
    from bulkload import pipeline
    from bulkload.cli.terminal import show, watcher

    log_format = flags.pop("log_format")
    with watcher(log_format=log_format) as progress:
        wanted = options.load_options(flags)
        report = pipeline.validate(source, wanted, progress=progress)
    return show(report, as_json=as_json, rendering=wanted.rendering, log_format=log_format)
