"""`bulkload resume`."""

from __future__ import annotations

import click

from bulkload.cli import options


@click.command("resume")
@click.argument("run", required=False)
@options.MAX_WAIT
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON document.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask before the first call.")
@click.option(
    "--yes-production",
    metavar="PROGRAM",
    help="Agree to send to this program of a real system; needed where nobody can be asked.",
)
def resume(
    run: str | None,
    as_json: bool,
    yes: bool,
    yes_production: str | None,
    max_wait_s: float | None,
) -> int:
    """Go on with the interrupted RUN; without it with the newest one.

    Rows that were delivered are not sent again. Rows whose answer was lost are looked up first.
    Source, mapping and target have to be what they were; `bulkload import` takes changed ones.

    \b
    Examples:
      $ bulkload resume
      $ bulkload resume 20261120T091500Z-3f2a
    """
    from bulkload import history
    from bulkload.cli.terminal import show, watcher

    with watcher(yes=yes, yes_production=yes_production) as progress:
        report = history.resume(run, max_wait_s=max_wait_s, progress=progress)
    return show(report, as_json=as_json)
