"""`bulkload doctor`."""

from __future__ import annotations

from typing import Any

import click

from bulkload.cli import options


@click.command("doctor")
@options.target
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print the findings as one JSON document on standard output.",
)
def doctor(as_json: bool, **flags: Any) -> int:
    """Check profile, credentials, program and clock, and say how to mend what is wrong.

    Only reads; nothing is changed anywhere.

    \b
    Example:
      $ bulkload doctor --profile loyaltydog
    """
    from bulkload import doctor as diagnosis
    from bulkload.cli.terminal import show_checks, watcher
    from bulkload.settings import ProfileOptions

    with watcher() as progress:
        checks = diagnosis.examine(ProfileOptions(**flags), progress=progress)
    return show_checks(checks, as_json=as_json)
