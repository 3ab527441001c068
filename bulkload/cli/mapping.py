"""`bulkload mapping`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bulkload.cli import options, printable

if TYPE_CHECKING:
    from bulkload.mapping.explain import Explanation
    from bulkload.mappings import Suggested

CONNECTOR = click.option(
    "-c", "--connector", metavar="NAME", help="System: loyaltydog, voucherify or leal.",
)  # fmt: skip
TO = click.option("--to", type=click.Path(dir_okay=False), help="File to write.")
YES = click.option("--yes", is_flag=True, help="Ask nothing.")


@click.group("mapping")
def mapping() -> None:
    """Write, check, explain and mend mappings: which column becomes which field.

    \b
    Examples:
      $ bulkload mapping init customers.xlsx             write one from a file
      $ bulkload mapping check mapping.yaml customers.xlsx
      $ bulkload mapping fix bulkload-runs/20261121-...  mend what a run rejected
    """


@mapping.command("init")
@options.SOURCE
@CONNECTOR
@TO
@click.option(
    "--ask/--yes",
    default=None,
    help="Ask about open columns, or not.  [default: ask in a terminal]",
)
@options.reading
def init(source: str, connector: str | None, to: str | None, ask: bool | None, **flags: Any) -> int:
    """Write a commented mapping from the headers and cells of SOURCE.

    What is sure is written; what is not is asked, or left as comments with `--yes`. No column is
    lost: until each is placed or ignored, the mapping does not fit its file. The JSON Schema is
    put beside it, so that editors complete and explain its keys.

    \b
    Example:
      $ bulkload mapping init customers.csv --connector leal --to till.yaml

    Exit status: 0 complete, 1 columns are left to decide, 2 usage, 65 unreadable source.
    """
    from bulkload.mapping.fixes import write_mapping
    from bulkload.mapping.schema import FILE_NAME, schema_text
    from bulkload.mappings import suggested

    found = suggested(
        source, connector=connector or "loyaltydog", reading=options.source_options(flags)
    )
    asked = sys.stdin.isatty() if ask is None else ask
    drafted = found.draft(_ask(found) if asked else {})
    target = Path(to or Path(source).with_suffix(".mapping.yaml").name)
    write_mapping(target, drafted.text)
    beside = target.with_name(FILE_NAME)
    if not beside.exists():
        write_mapping(beside, schema_text())
    click.echo(
        f"{len(drafted.placed)} columns placed, {len(drafted.undecided)} to decide: {target}",
        err=True,
    )
    for header in drafted.undecided:
        click.echo(f"  {printable(header)}", err=True)
    click.echo(f"check it: bulkload mapping check {target} {printable(source)}", err=True)
    return 1 if drafted.undecided else 0


def _ask(found: Suggested) -> dict[str, str]:
    """Let the person at the terminal decide about each column that is not sure."""
    from bulkload.mapping.draft import IGNORE, field_candidates

    decisions: dict[str, str] = {}
    begun = found.draft()
    for suggestion in (s for s in found.suggestions if s.header in begun.undecided):
        click.echo(f"\n{printable(suggestion.header)}", err=True)
        for example in suggestion.looks.examples:
            click.echo(f"    {printable(example)[:70]}", err=True)
        taken = {*begun.placed.values(), *decisions.values()}
        named = field_candidates(suggestion, found.connector)
        choices = [(name, why) for name, why in named if name not in taken]
        for number, (name, why) in enumerate(choices, start=1):
            click.echo(f"  {number}  {name}  ({why})", err=True)
        click.echo("  0  leave the column out\n  Enter  decide later in the file", err=True)
        allowed = click.Choice([str(number) for number in range(len(choices) + 1)] + [""])
        answer = click.prompt(
            "which", default="", show_default=False, show_choices=False, type=allowed, err=True
        )
        if answer == "0":
            decisions[suggestion.header] = IGNORE
        elif answer:
            decisions[suggestion.header] = choices[int(answer) - 1][0]
    return decisions


@mapping.command("check")
@click.argument("file")
@click.argument("source", required=False, type=click.Path())
@CONNECTOR
@options.reading
def check(file: str, source: str | None, connector: str | None, **flags: Any) -> None:
    """Check the mapping FILE, and how it fits SOURCE.

    Exit status: 0 right, 2 not right (with file:line:column), 65 unreadable source.
    """
    from bulkload.mappings import checked

    found = checked(file, source, connector=connector, reading=options.source_options(flags))
    if found.bound is None:
        fields = len(found.document.rules.fields)
        click.echo(
            f"{found.document.path}: right, {fields} fields; add a SOURCE to see how it fits"
        )
        return
    click.echo(f"{found.document.path}: right, and it fits {printable(str(source))}")
    for explanation in found.explanations:
        columns = ", ".join(explanation.columns) or "no column"
        click.echo(f"  {explanation.field}  <-  {printable(columns)}")
    for header in found.bound.ignored:
        click.echo(f"  (ignored)  <-  {printable(header)}")


@mapping.command("explain")
@click.argument("file")
@click.argument("source", type=click.Path())
@CONNECTOR
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@options.reading
def explain(file: str, source: str, connector: str | None, as_json: bool, **flags: Any) -> None:
    """Explain FILE field by field: columns, transforms, and three rows of SOURCE before and after."""
    from dataclasses import asdict

    from bulkload.mappings import checked

    found = checked(file, source, connector=connector, reading=options.source_options(flags))
    if as_json:
        click.echo(
            json.dumps([asdict(e) for e in found.explanations], ensure_ascii=False, indent=2)
        )
        return
    for explanation in found.explanations:
        _show(explanation)


def _show(explanation: Explanation) -> None:
    click.echo(f"{explanation.field}  ({explanation.kind})")
    for step in explanation.steps:
        click.echo(f"  - {printable(step)}")
    for example in explanation.examples:
        before = " + ".join(f"`{cell}`" for cell in example.before) or "(no column)"
        after = "nothing to say" if example.after is None else f"`{example.after}`"
        problem = f"   {example.problem}" if example.problem else ""
        click.echo(
            f"    row {example.row_number}: {printable(before)} -> {printable(after)}{problem}"
        )


@mapping.command("list")
def list_() -> None:
    """List the mappings that come with bulkload."""
    from bulkload.mappings import inventory

    for name, connector, description in inventory():
        click.echo(f"{name:<28} {connector:<11} {description}")


@mapping.command("schema")
def schema() -> None:
    """Print the JSON Schema of mappings, for completion and hover in editors.

    Mappings that begin with the line `# yaml-language-server: $schema=mapping.schema.json` are
    checked while they are typed.
    """
    from bulkload.mapping.schema import schema_text

    click.echo(schema_text(), nl=False)


@mapping.command("fix")
@click.argument("run", type=click.Path())
@TO
@YES
@options.reading
def fix(run: str, to: str | None, yes: bool, **flags: Any) -> int:
    """Offer the mapping lines that would mend what RUN rejected, with the number of rows.

    RUN is the folder of a run. Each line is written only after a yes; a mapping that comes with
    bulkload is copied into this folder first. Validating again gives the promised number.

    Exit status: 0 something was written, 1 nothing to mend or nothing wanted, 2 usage, 65 no run.
    """
    from bulkload.mending import mending

    found = mending(run, reading=options.source_options(flags))
    before = found.mending.now.rows
    click.echo(f"{before} rows are rejected", err=True)
    for proposal in found.proposals():
        column = printable(proposal.column)
        rest = (
            ""
            if proposal.mends
            else f"; {proposal.clears} problems in rows that have others as well"
        )
        click.echo(f"mends {proposal.mends} rows: {proposal.code} in `{column}`{rest}", err=True)
        click.echo(f"    {printable(proposal.line)}", err=True)
        if yes or click.confirm("write this line?", default=False, err=True):
            found.mending.accept(proposal)
    if not found.mending.accepted:
        click.echo("no line of the mapping was changed", err=True)
        return 1
    path = found.write(Path(to) if to else None)
    click.echo(
        f"{path}: {before - found.mending.now.rows} rows mended, {found.mending.now.rows} are left",
        err=True,
    )
    return 0
