"""Programs and stores: list, show and create them. One call each; a create is never sent twice."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bulkload.connectors.base import Outcome
from bulkload.connectors.loyaltydog_programs import (
    CreateProgramPayload,
    create_request,
    created_id,
    program_of,
    show_request,
)
from bulkload.destination import Destination, destination, reached
from bulkload.errors import BadInputError, BulkloadError, CredentialsError, UnreachableError
from bulkload.mapping.strict_yaml import read_yaml
from bulkload.progress import QUIET, Plan, Progress
from bulkload.settings import ProfileOptions
from bulkload.wire import OutcomeUnknownError, Request, Response, WireError


@dataclass(frozen=True, slots=True)
class NewProgram:
    """A program that was created, or would be."""

    program_id: str
    """Empty for a dry run."""
    body: Mapping[str, Any]
    """What was sent, or would be, in the vendor's words."""
    profile: str


def listed(target: ProfileOptions, *, progress: Progress = QUIET) -> Mapping[str, str]:
    """Return the names of the programs or stores that the credentials can see, by id.

    Raises:
        BulkloadError: The profile cannot be used, or its system has only one place for customers.
        CredentialsError: The system refuses the credentials.
        UnreachableError: It gives no usable answer.
    """
    wanted = destination(target)
    request = wanted.connector.programs()
    if request is None:
        raise BulkloadError(
            f"{wanted.connector.name} has no programs to choose from; its keys name the project",
            where=f"profile `{wanted.profile.name}`",
        )
    with reached(wanted, progress) as ready:
        return ready.connector.programs_of(asyncio.run(_answer(ready, request)))


def shown(
    program: str | None, target: ProfileOptions, *, progress: Progress = QUIET
) -> Mapping[str, Any]:
    """Return everything that LoyaltyDog says of a program.

    Args:
        program: Its id; None for the profile's own.
        target: Where it lives.
        progress: Hears about the sandbox.

    Raises:
        BulkloadError: There is no such program, or the system has none.
    """
    wanted = _loyaltydog(target)
    program_id = program or wanted.profile.program
    if not program_id:
        raise BulkloadError(
            "no program is named", fix="add its id; `bulkload program list` shows them"
        )
    with reached(wanted, progress) as ready:
        body = asyncio.run(_answer(ready, show_request(program_id))).json()
    if not isinstance(body, Mapping):
        raise UnreachableError("LoyaltyDog's answer is not a program", where=program_id)
    return body


def create(
    path: str | Path,
    target: ProfileOptions,
    *,
    dry_run: bool = False,
    progress: Progress = QUIET,
) -> NewProgram:
    """Create the program that a YAML file describes.

    Args:
        path: The file, in the vendor's own words.
        target: Where to create it.
        dry_run: Check the file and send nothing.
        progress: Agrees to the call.

    Raises:
        BulkloadError: The file is wrong; every problem is named.
        UnreachableError: No usable answer; whether the program exists is said.
    """
    wanted = _loyaltydog(target)
    program = _read(Path(path))
    body = program.model_dump(mode="json", by_alias=True, exclude_unset=True)
    if dry_run:
        return NewProgram("", body, wanted.profile.name)
    with reached(wanted, progress) as ready:
        plan = Plan(
            to_send=1,
            profile=ready.profile.name,
            connector=ready.connector.name,
            program=f"{program.name} (new)",
            is_local=ready.profile.is_local,
        )
        if not progress.confirm(plan):
            raise BulkloadError("nothing was sent: it was not agreed to")
        answer = asyncio.run(_answer(ready, create_request(program)))
    program_id = created_id(answer)
    if not program_id:
        raise UnreachableError(
            "LoyaltyDog accepted the program but did not say its id",
            fix="look for it with `bulkload program list` before creating it again",
        )
    return NewProgram(program_id, body, wanted.profile.name)


def _read(path: Path) -> CreateProgramPayload:
    try:
        text = path.read_bytes()
    except OSError as error:
        raise BadInputError(
            "the program's file cannot be read",
            where=str(path),
            fix=f"check its name and mode ({error.strerror})",
        ) from error
    return program_of(read_yaml(text, file=str(path)).data, where=str(path))


def _loyaltydog(target: ProfileOptions) -> Destination:
    wanted = destination(target)
    if wanted.connector.name != "loyaltydog":
        raise BulkloadError(
            f"programs can be shown and created in LoyaltyDog only, not in {wanted.connector.name}",
            where=f"profile `{wanted.profile.name}`",
            fix="choose another one with `--profile`",
        )
    return wanted


async def _answer(ready: Destination, request: Request) -> Response:
    where = ready.profile.base_url
    credentials = ready.credentials()
    async with ready.wire(credentials) as wire:
        await credentials.ensure(wire)
        try:
            response = await wire.send(request)
        except OutcomeUnknownError as error:
            doubt = "" if request.is_read else "; whether the program exists is not known"
            raise UnreachableError(
                f"LoyaltyDog gave no usable answer ({error}){doubt}",
                where=where,
                fix="try again"
                if request.is_read
                else "look with `bulkload program list` before creating it again",
            ) from error
        except WireError as error:
            raise UnreachableError(
                f"nobody answers ({error}); nothing was sent", where=where, fix="try again later"
            ) from error
    if 200 <= response.status < 300:  # noqa: PLR2004
        return response
    meaning = ready.connector.meaning(request, response)
    if meaning.outcome is Outcome.UNAUTHORIZED:
        raise CredentialsError(
            f"the token is refused: {meaning.message}",
            where=where,
            fix="check it with `bulkload doctor`",
        )
    if meaning.outcome is Outcome.UNKNOWN or response.status >= 500:  # noqa: PLR2004
        raise UnreachableError(f"the system fails: {meaning.message}", where=where, fix="try later")
    raise BulkloadError(f"the system refuses: {meaning.message}", where=where + request.path)
