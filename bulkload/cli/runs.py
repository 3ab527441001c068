"""`bulkload runs`."""

from __future__ import annotations

import click


@click.group("runs", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print the list as one JSON document.")
@click.pass_context
def runs(ctx: click.Context, as_json: bool) -> None:
    """List earlier runs, the newest first; show one, or write its files again.

    \b
    Examples:
      $ bulkload runs
      $ bulkload runs show 20261120T091500Z-3f2a
      $ bulkload runs report 20261120T091500Z-3f2a
    """
    if ctx.invoked_subcommand is None:
        from bulkload import history
        from bulkload.cli.past import show_runs

        show_runs(history.runs(), as_json=as_json)


@runs.command("show")
@click.argument("run")
@click.option("--json", "as_json", is_flag=True, help="Print it as one JSON document.")
def show(run: str, as_json: bool) -> None:
    """Show what became of RUN: an id, or the beginning of one."""
    from bulkload import history
    from bulkload.cli.past import show_run

    show_run(history.show_run(run), as_json=as_json)


@runs.command("report")
@click.argument("run")
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON document.")
@click.option("--open", "open_it", is_flag=True, help="Open report.html in the browser.")
def report(run: str, as_json: bool, open_it: bool) -> int:
    """Write results, rejects and report of RUN again, into its own folder; nothing is sent.

    They are derived from the journal and the source, which has to be unchanged.
    """
    from bulkload import history
    from bulkload.cli.terminal import show as show_report
    from bulkload.cli.terminal import watcher

    with watcher() as progress:
        again = history.write_reports_again(run, progress=progress)
    if open_it:
        click.launch(again.files["html"])
    return show_report(again, as_json=as_json)
