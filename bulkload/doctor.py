"""`doctor`: is everything there that a run needs? Only reads, and says how to mend what is wrong."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from bulkload.connectors.base import Outcome
from bulkload.delivery import Journal
from bulkload.destination import Destination, destination, reached
from bulkload.errors import BulkloadError, did_you_mean
from bulkload.progress import QUIET, Progress
from bulkload.settings import ProfileOptions
from bulkload.wire import NotSentError, Response, Wire, WireError

CLOCK_TOLERANCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    is_well: bool
    what: str
    fix: str = ""
    exit_code: int = 0


def examine(options: ProfileOptions, *, progress: Progress = QUIET) -> list[Check]:
    """Return one check for each thing that a run needs, in the order in which it needs them.

    What depends on something that failed is left out.
    """
    try:
        wanted = destination(options)
    except BulkloadError as error:
        return [_failed("profile", error)]
    checks = [
        Check("profile", is_well=True, what=f"`{wanted.profile.name}` for {wanted.connector.name}")
    ]
    with reached(wanted, progress) as ready:
        checks += asyncio.run(_collected(ready))
    checks.append(_journal(wanted))
    return checks


async def _collected(ready: Destination) -> list[Check]:
    try:
        credentials = ready.credentials()
        async with ready.wire(credentials) as wire:
            await credentials.ensure(wire)
            return [check async for check in _remote(ready, wire)]
    except BulkloadError as error:
        return [_failed("credentials", error)]


async def _remote(ready: Destination, wire: Wire) -> AsyncIterator[Check]:
    where = ready.profile.base_url
    request = ready.connector.whoami()
    try:
        answer = await wire.send(request)
    except NotSentError:
        yield Check("address", is_well=False, what=f"nobody answers at {where}", fix="check the address and the network", exit_code=4)  # fmt: skip
        return
    except WireError as error:
        yield Check("address", is_well=False, what=f"{where} gives no usable answer ({error})", fix="check the address; a proxy may stand between", exit_code=4)  # fmt: skip
        return
    yield Check("address", is_well=True, what=f"{where} answers")
    yield _clock(answer)
    meaning = ready.connector.meaning(request, answer)
    if meaning.outcome is Outcome.UNAUTHORIZED or answer.status in (401, 403):
        yield Check("credentials", is_well=False, what=f"the token is refused ({answer.status}): {meaning.message}", fix="make a new key in the vendor's dashboard and set it in the environment", exit_code=3)  # fmt: skip
        return
    if answer.status != 200:  # noqa: PLR2004 - the one answer that `whoami` promises
        yield Check("credentials", is_well=False, what=f"unexpected answer {answer.status}: {meaning.message}", fix="try again later", exit_code=4)  # fmt: skip
        return
    yield Check("credentials", is_well=True, what="the token is accepted")
    yield await _program(ready, wire)


async def _program(ready: Destination, wire: Wire) -> Check:
    wanted = ready.profile.program
    request = ready.connector.programs()
    if request is None:
        return Check("program", is_well=True, what="the credentials name it")
    try:
        programs = ready.connector.programs_of(await wire.send(request))
    except WireError as error:
        return Check("program", is_well=False, what=f"the list of programs cannot be read ({error})", fix="try again", exit_code=4)  # fmt: skip
    names = ", ".join(f"{name} ({id_})" for id_, name in programs.items())
    if wanted in programs:
        return Check("program", is_well=True, what=f"{programs[wanted]} ({wanted})")
    return Check(
        "program",
        is_well=False,
        what=f"program `{wanted}` is not among yours" if wanted else "no program is chosen",
        fix=did_you_mean(wanted, programs)
        + f"choose one with `--program`: {names or 'there is none'}",
        exit_code=2,
    )


def _clock(answer: Response) -> Check:
    try:
        theirs = parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except ValueError:
        return Check("clock", is_well=True, what="the system does not tell its time")
    ahead_s = time.time() - theirs
    if abs(ahead_s) <= CLOCK_TOLERANCE_S:
        return Check(
            "clock", is_well=True, what=f"within {CLOCK_TOLERANCE_S:.0f} s of the system's"
        )
    side = "ahead of" if ahead_s > 0 else "behind"
    return Check("clock", is_well=False, what=f"this machine is {abs(ahead_s):.0f} s {side} the system", fix="set the clock, for example with `timedatectl set-ntp true`", exit_code=2)  # fmt: skip


def _journal(wanted: Destination) -> Check:
    path = wanted.journal_path
    if not path.exists():
        return Check("journal", is_well=True, what="none yet")
    try:
        with Journal.open(path):
            return Check("journal", is_well=True, what=f"{path} is sound")
    except BulkloadError as error:
        return _failed("journal", error)


def _failed(name: str, error: BulkloadError) -> Check:
    where = f" ({error.where})" if error.where else ""
    return Check(
        name, is_well=False, what=error.what + where, fix=error.fix, exit_code=error.exit_code
    )
