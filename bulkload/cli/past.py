"""How earlier runs are shown."""

from __future__ import annotations

import json
from collections.abc import Sequence

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bulkload.cli import printable
from bulkload.history import PastRun
from bulkload.records import Status


def show_runs(found: Sequence[PastRun], *, as_json: bool) -> None:
    """Print one line a run."""
    if as_json:
        documents = [run.document() for run in found]
        click.echo(json.dumps(documents, ensure_ascii=False, indent=2))
        return
    if not found:
        click.echo("no runs yet", err=True)
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("run", no_wrap=True)
    table.add_column("source", overflow="fold")
    table.add_column("rows", justify="right", no_wrap=True)
    table.add_column("what became of them", overflow="fold")
    for run in found:
        rows = "" if run.summary.rows is None else f"{run.summary.rows:,}"
        ended = counts(run) if run.summary.is_complete else f"interrupted: {counts(run)}"
        table.add_row(*map(Text, (run.run_id, printable(run.source), rows, ended)))
    Console(highlight=False).print(table)


def show_run(run: PastRun, *, as_json: bool) -> None:
    """Print everything about one run."""
    document = run.document()
    if as_json:
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
        return
    document |= {"complete": "yes" if document["complete"] else "no", "counts": counts(run)}
    width = max(map(len, document))
    for name, value in document.items():
        if value not in ("", None):
            click.echo(f"{name.replace('_', ' '):<{width}}  {printable(str(value))}")
    if not run.summary.is_complete:
        click.echo(f"hint: `bulkload resume {run.run_id}` goes on with it", err=True)


def counts(run: PastRun) -> str:
    """Return how many rows ended where, in words."""
    found = run.summary.counts
    words = {Status.PENDING: "not sent yet"}
    return ", ".join(
        f"{found[status]:,} {words.get(status, status.value)}"
        for status in Status
        if status in found
    )
