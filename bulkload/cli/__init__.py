"""The command line: flags become one library call, its report becomes text and an exit code.

Each command lives in a file of its own and is imported only when it is asked for; the library
behind it only when it runs. So `bulkload --help` loads click alone.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import traceback
from collections.abc import Sequence
from typing import Any

import click

from bulkload.errors import EXIT_INTERRUPTED, BulkloadError, did_you_mean, exit_code_of

COMMANDS = {
    "import": ("import_:import_", "Create the customers of a spreadsheet in a loyalty system"),
    "validate": ("validate:validate", "Check a spreadsheet and send nothing"),
    "export": ("export:export", "Write a program's customers into a spreadsheet"),
    "inspect": ("inspect:inspect_", "Show how a spreadsheet is read and what is odd about it"),
    "mapping": ("mapping:mapping", "Write, check and explain mappings"),
    "runs": ("runs:runs", "List earlier runs and write their reports again"),
    "resume": ("resume:resume", "Go on with an interrupted run"),
    "program": ("program:program", "List, show and create loyalty programs"),
    "doctor": ("doctor:doctor", "Check profile, credentials, program and clock"),
    "sandbox": ("sandbox:sandbox", "Serve a local stand-in for the loyalty systems"),
}
"""By command: module in this folder and name in it, and one line of help."""

EXIT_BROKEN_PIPE = 128 + getattr(signal, "SIGPIPE", 13)


class _Commands(click.Group):
    """Finds commands by name and imports only the one that is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(f"bulkload.cli.{module}"), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(
                f"there is no command `{args[0]}`\n"
                f"hint: {did_you_mean(args[0], COMMANDS)}see `bulkload --help`"
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


def _version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        click.echo(f"bulkload {version('bulkload')}")
        ctx.exit()


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version,
    help="Show the version and exit.",
)  # fmt: skip
def cli() -> None:
    """Move customers between spreadsheets and loyalty systems.

    Without a profile everything happens in a sandbox on this machine.

    \b
    Examples:
      $ bulkload validate customers.csv          check, send nothing
      $ bulkload import customers.csv            create the customers
      $ bulkload export --to customers.xlsx      write them into a workbook

    \b
    Exit status:
      0 all rows accepted      1 some rows need a person   2 usage, mapping, settings
      3 credentials refused    4 unreachable, resumable    5 stopped by a safety limit
      65 unreadable input      70 a bug                    130/143 interrupted, resumable
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the only place where an error becomes text and an exit code."""
    try:
        code: Any = cli.main(args=arguments, prog_name="bulkload", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        return EXIT_INTERRUPTED
    except SystemExit:
        # Only click leaves like this, with 1, when whoever takes the output has gone; but 1 says
        # here that rows need a person.
        return EXIT_BROKEN_PIPE
    except Exception as error:  # noqa: BLE001 - the last stop before the user's terminal
        click.echo(f"error: {printable(str(_explained(error)))}", err=True)
        code = exit_code_of(error)
    return code if isinstance(code, int) else 0


def _explained(error: Exception) -> BulkloadError:
    """Return an error as sentences."""
    if isinstance(error, BulkloadError):
        return error
    if isinstance(error, OSError) and error.errno is not None:
        return _system_error(error)
    return _bug(error)


def printable(text: str) -> str:
    """Return text with control characters made visible, so that no cell can steer a terminal."""
    return "".join(
        c if c in "\n\t" or c.isprintable() else c.encode("unicode_escape").decode() for c in text
    )


def _system_error(error: OSError) -> BulkloadError:
    import errno

    fixes = {
        errno.ENOSPC: "free some space; nothing is lost, run the same command again",
        errno.EACCES: "check who owns it and whether you may read and write it",
        errno.EROFS: "choose another place with `--out`",
    }
    return BulkloadError(
        (error.strerror or "the system refused").lower(),
        where=printable(str(error.filename or "")),
        fix=fixes.get(error.errno or 0, "run the same command again when the cause is gone"),
    )


def _bug(error: Exception) -> BulkloadError:
    """Write the traceback, without any values, to a file; return what to tell the user."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    written = ""
    # Where there is no place for it, or not even what finds the place, the user is told all the same.
    with contextlib.suppress(OSError, ImportError, BulkloadError):
        from bulkload.settings import state_dir

        path = state_dir() / "crash.txt"
        # The mode must hold from the first byte, which a plain open() cannot promise.
        with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
            file.write(f"{frames}{type(error).__name__}\n")
        written = str(path)
    return BulkloadError(
        f"bulkload itself is at fault ({type(error).__name__}); what was sent stands in the journal",
        where=written,
        fix="run the same command again; if it fails again, report it"
        + (" with that file (it holds no customer data)" if written else ""),
    )
