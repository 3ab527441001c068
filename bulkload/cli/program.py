"""`bulkload program`."""

from __future__ import annotations

import json
from typing import Any

import click

from bulkload.cli import options


@click.group("program", context_settings={"help_option_names": ["-h", "--help"]})
def program() -> None:
    """List, show and create loyalty programs.

    \b
    Examples:
      $ bulkload program list
      $ bulkload program show 5eb7cf5a86d9755df3a6c593
      $ bulkload program create cafe.yaml --dry-run
    """


@program.command("list")
@options.target
@click.option("--json", "as_json", is_flag=True, help="Print names by id as one JSON document.")
def list_(as_json: bool, **flags: Any) -> None:
    """List the programs (LoyaltyDog) or stores (Leal) that the credentials can see.

    \b
    Example:
      $ bulkload program list --profile loyaltydog
    """
    from bulkload import programs
    from bulkload.cli import printable
    from bulkload.cli.terminal import watcher
    from bulkload.settings import ProfileOptions

    with watcher() as progress:
        found = programs.listed(ProfileOptions(**flags), progress=progress)
    if as_json:
        click.echo(json.dumps(dict(found), ensure_ascii=False, indent=2))
        return
    for program_id, name in found.items():
        click.echo(f"{printable(program_id)}  {printable(name)}")
    if not found:
        click.echo("there is none", err=True)


@program.command("show")
@click.argument("program_id", metavar="[ID]", required=False)
@options.target
def show(program_id: str | None, **flags: Any) -> None:
    """Print everything that LoyaltyDog says of a program as JSON.

    Without ID the profile's own program is shown.

    \b
    Example:
      $ bulkload program show 5eb7cf5a86d9755df3a6c593
    """
    from bulkload import programs
    from bulkload.cli.terminal import watcher
    from bulkload.settings import ProfileOptions

    with watcher() as progress:
        found = programs.shown(program_id, ProfileOptions(**flags), progress=progress)
    click.echo(json.dumps(found, ensure_ascii=False, indent=2))


@program.command("create")
@click.argument("file", type=click.Path(dir_okay=False))
@options.target
@click.option("--dry-run", is_flag=True, help="Check FILE and send nothing.")
@click.option("--yes", is_flag=True, help="Do not ask before the call.")
@click.option("--json", "as_json", is_flag=True, help="Print the program as one JSON document.")
def create(file: str, dry_run: bool, yes: bool, as_json: bool, **flags: Any) -> None:
    """Create the LoyaltyDog program that FILE describes, in the vendor's own words.

    Every field of the vendor's is known and checked; what FILE does not say is not sent.

    \b
    Example:
      $ cat cafe.yaml
      passTypeIdentifier: pass.com.example.cafe
      name: Café Lovelace
      schema: stampCard
      $ bulkload program create cafe.yaml --dry-run
    """
    from bulkload import programs
    from bulkload.cli import printable
    from bulkload.cli.terminal import watcher
    from bulkload.settings import ProfileOptions

    target = ProfileOptions(**flags)
    with watcher(yes=yes) as progress:
        found = programs.create(file, target, dry_run=dry_run, progress=progress)
    if as_json:
        told = {"id": found.program_id or None, "dry_run": dry_run, "program": dict(found.body)}
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    elif dry_run:
        click.echo(f"{printable(str(found.body['name']))} is well described; nothing was sent")
    else:
        click.echo(printable(found.program_id))
