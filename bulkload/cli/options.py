"""Options that several commands share, each written once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from bulkload.options import LoadOptions
    from bulkload.sources import SourceOptions

Command = Callable[..., Any]
_RENDERING = ("language", "show_values", "metrics", "workbook")
_READING = (
    "encoding", "delimiter", "quote", "skip_rows", "header_row", "no_header", "sheet",
    "max_columns", "max_row_bytes", "max_cell_bytes",
)  # fmt: skip
"""Words of `SourceOptions`; those that nobody said keep their defaults."""


def target(command: Command) -> Command:
    """Where to send or read from."""
    for option in (
        click.option("--allow-host", metavar="HOST", help="A host besides the vendor's own to which the credentials may go."),
        click.option("--token-file", type=click.Path(dir_okay=False), help="File that holds the token."),
        click.option("--base-url", metavar="URL", help="Overrules the profile's address; https, except on this machine."),
        click.option("--program", metavar="ID", help="Program or store; overrules the profile's."),
        click.option("-p", "--profile", metavar="NAME", help="Where to send, from bulkload.yaml or built in.  [default: sandbox]"),
    ):  # fmt: skip
        command = option(command)
    return command


def reading(command: Command) -> Command:
    """How a source is cut into cells, where the guess is to be overruled."""
    for option in (
        click.option("--max-columns", type=click.IntRange(min=1), metavar="N", help="Refuse a file with more columns.  [default: 2000]"),
        click.option("--max-row-bytes", type=click.IntRange(min=1), metavar="N", help="Reject longer rows.  [default: 8 MB]"),
        click.option("--max-cell-bytes", type=click.IntRange(min=1), metavar="N", help="Reject longer cells.  [default: 1 MB]"),
        click.option("--no-header", is_flag=True, help="The first row is data; columns are named A, B, C, ..."),
        click.option("--header-row", type=click.IntRange(min=1), metavar="N", help="Row number of the headers."),
        click.option("--skip-rows", type=click.IntRange(min=0), metavar="N", help="Rows above the headers to leave out."),
        click.option("--quote", metavar="CHAR", help="Quote character of a text file; `none` for none."),
        click.option("--delimiter", metavar="CHAR", help="Delimiter of a text file; `tab` for a tab."),
        click.option("--encoding", metavar="NAME", help="Encoding of a text file, such as cp1252."),
        click.option("--sheet", metavar="NAME", help="Sheet of a workbook.  [default: the first with data]"),
    ):  # fmt: skip
        command = option(command)
    return command


def pace(command: Command) -> Command:
    """How fast to send."""
    for option in (
        click.option("--concurrency", type=click.IntRange(1, 256), help="Requests under way at once.  [default: 8]"),
        click.option("--rate", metavar="RATE", help="At most this many requests, `20/s` or `100/min`.  [default: the system's limit]"),
    ):  # fmt: skip
        command = option(command)
    return command


def _share(_ctx: click.Context, _parameter: click.Parameter, value: str) -> float:
    text = str(value).strip()
    try:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        share = -1.0
    if not 0 <= share < 1:
        raise click.BadParameter(f"`{text}` is no share; write it like 20%")
    return share


MAX_WAIT = click.option(
    "--max-wait",
    "max_wait_s",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="Stop, to be resumed, when the system lets nothing through for longer or asks for a longer pause.  [default: 900]",
)


def sending(command: Command) -> Command:
    """How careful to be with what cannot be proven."""
    for option in (
        click.option("--agree", "agreed", multiple=True, metavar="NAME", help="Let a side effect out that reaches customers and stays off otherwise: card_links."),
        click.option("--skip-unchanged", is_flag=True, help="Ask what the system holds before an upsert, and send nothing where nothing differs."),
        click.option("--headroom", type=click.UNPROCESSED, callback=_share, default="0", metavar="SHARE", help="Leave so much of the system's limits to the shop's own traffic, such as 20%."),
        click.option("--lane", type=click.Choice(["auto", "single", "bulk", "csv"]), default="auto", help="Many rows in a call where the system has a lane for it; csv overwrites whole customers.  [default: auto]"),
        click.option("--new", is_flag=True, help="Do not go on with an interrupted run of the same file; refused where that could create somebody twice."),
        click.option("--results-format", type=click.Choice(["csv", "xlsx", "parquet"]), default="csv", help="Format of the results file.  [default: csv]"),
        click.option("--verify", is_flag=True, help="Read every delivered customer back at the end, and compare numbers and balances."),
        click.option("--canary", type=click.IntRange(min=0), default=0, metavar="N", help="Send N rows first, read them back, show them, and ask before the rest."),
        click.option("--max-points-delta", type=click.IntRange(min=0), metavar="N", help="Stop before the first call if more points and stamps than N would move."),
        click.option("--check-existing/--no-check-existing", default=True, help="Compare with the customers who are there already before the first create."),
        MAX_WAIT,
        click.option("--quiesce", "quiesce_s", type=click.FloatRange(min=0), metavar="SECONDS", help="After this time a request that was sent can no longer be applied.  [default: 90]"),
        click.option("--on-unknown", type=click.Choice(["reconcile", "review"]), default="reconcile", help="Rows of unknown outcome: look them up, or leave them to a person.  [default: reconcile]"),
    ):  # fmt: skip
        command = option(command)
    return command


def output(command: Command) -> Command:
    """Where files go and how the report is shown."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON document on standard output."),
        click.option("--log-format", type=click.Choice(["text", "json"]), default="text", help="What is said during the run: sentences, or one JSON object a line.  [default: text]"),
        click.option("--lang", "language", type=click.Choice(["en", "de"]), default="en", help="Language of the files for people.  [default: en]"),
        click.option("--show-values", is_flag=True, help="Show what cells say in summary and report; otherwise only their shape."),
        click.option("--workbook", type=click.Choice(["auto", "always", "never"]), default="auto", help="Write rejects.xlsx; auto: up to 10,000 problems.  [default: auto]"),
        click.option("--metrics", is_flag=True, help="Write metrics.prom for Prometheus as well."),
        click.option("-o", "--out", type=click.Path(file_okay=False), help="Folder for the run's files.  [default: bulkload-runs/TIME-SOURCE]"),
    ):  # fmt: skip
        command = option(command)
    return command


ACCEPT_COLUMNS = click.option(
    "--accept-columns",
    is_flag=True,
    help="Take the file although its columns are not those of the mapping's last run.",
)
SOURCE = click.argument("source", type=click.Path())
MAPPING = click.option(
    "-m", "--mapping", metavar="FILE|NAME",
    help="YAML file, or the name of a shipped mapping.  [default: found by the headers]",
)  # fmt: skip


def source_options(flags: dict[str, Any]) -> SourceOptions:
    """Take what the flags say about reading, in the library's words; the rest keeps its defaults."""
    from bulkload.sources import SourceOptions

    words = {name: flags.pop(name) for name in _READING if name in flags}
    return SourceOptions(**{name: value for name, value in words.items() if value is not None})


def load_options(flags: dict[str, Any]) -> LoadOptions:
    """Return what the flags say, in the library's words."""
    from bulkload.options import LoadOptions
    from bulkload.reports import Rendering

    reading = source_options(flags)
    rendering = Rendering(**{name: flags.pop(name) for name in _RENDERING if name in flags})
    return LoadOptions(**flags, reading=reading, rendering=rendering)
