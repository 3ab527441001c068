"""`bulkload sandbox`: serve the stand-in in the foreground."""

from __future__ import annotations

from pathlib import Path

import click

from bulkload.errors import BulkloadError


def _show_switches(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if not wanted:
        return
    from bulkload.sandbox.options import switches

    click.echo("Everything below is undocumented by its vendor or a limit; defaults are guesses.")
    for name, (default, choices, label) in switches().items():
        values = " | ".join(choices) or "number"
        click.echo(f"{name} = {default}    ({values})\n    {label}")
    ctx.exit()


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True,
              help="Port to listen on; 0 takes a free one.")  # fmt: skip
@click.option("--host", default="127.0.0.1", show_default=True,
              help="A loopback address; no other is accepted.")  # fmt: skip
@click.option("--data", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Keep everything in this SQLite file.  [default: in memory]")  # fmt: skip
@click.option("--switch", "settings", multiple=True, metavar="NAME=VALUE",
              help="Decide what a vendor leaves undocumented, e.g. loyaltydog.duplicates=409.")  # fmt: skip
@click.option("--faults", default="", metavar="PLAN",
              help="Answer wrongly on purpose, e.g. 429=5%,drop=5%,late=8%.")  # fmt: skip
@click.option("--seed", type=int, default=0, show_default=True,
              help="Decides which calls the faults hit.")  # fmt: skip
@click.option("--switches", is_flag=True, is_eager=True, expose_value=False,
              callback=_show_switches, help="List all switches and exit.")  # fmt: skip
def sandbox(  # noqa: PLR0917 - click passes them by name
    port: int, host: str, data: Path | None, settings: tuple[str, ...], faults: str, seed: int
) -> None:
    """Serve a local stand-in for the loyalty systems until Ctrl-C.

    It listens on this machine only and talks to nobody. What a vendor leaves undocumented is a
    switch: see `--switches`.

    \b
    Fault plan: rates of 429, 500-before, 500-after, drop, late, slow; late_s=0.15, slow_s=0.5 and
    retry_after_s=1 set their times, writes=only spares reads.

    \b
    Examples:
      $ bulkload sandbox --data sandbox.db
      $ bulkload sandbox --switch loyaltydog.duplicates=409 --faults 429=5%,drop=5%
    """
    from bulkload.sandbox import SandboxOptions, serve
    from bulkload.sandbox.options import with_switches
    from bulkload.sandbox.store import StoreError

    try:
        options = SandboxOptions(data=data, port=port, host=host, faults=faults, seed=seed)
        serve(with_switches(options, settings), _announce)
    except ValueError as error:
        raise BulkloadError(str(error), fix="see `bulkload sandbox --help`") from None
    except StoreError as error:
        raise BulkloadError(
            error.message,
            where=str(error.filename),
            fix="close the other sandbox, or name another file with `--data`",
        ) from None
    except OSError as error:
        raise BulkloadError(
            f"cannot listen on port {port}: {error.strerror or error}",
            fix="choose another with `--port`, or `--port 0` for a free one",
        ) from None
    click.echo("stopped", err=True)


def _announce(base_url: str) -> None:
    from bulkload.sandbox.credentials import (
        APP_ID,
        APP_TOKEN,
        JWT,
        LD_KEY,
        LEAL_ACCOUNT_ID,
        LEAL_TOKEN,
        PROGRAM_ID,
    )

    click.echo(f"""\
sandbox listens on {base_url} (this machine only); Ctrl-C stops it
  LoyaltyDog  Authorization: Bearer {JWT}
              Authorization: Bearer {LD_KEY}   (limits, Idempotency-Key)
  Voucherify  X-App-Id: {APP_ID}   X-App-Token: {APP_TOKEN}
  Leal        Authorization: Bearer {LEAL_TOKEN}   (store {LEAL_ACCOUNT_ID})
try: curl -H "Authorization: Bearer {JWT}" {base_url}/v2/loyalty/programs/{PROGRAM_ID}/customers""")
