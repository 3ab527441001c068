"""LoyaltyDog's programs and tokens: one function per operation."""

from __future__ import annotations

from typing import Any

from bulkload.sandbox.calls import Answer, Call, World, json_answer
from bulkload.sandbox.credentials import PASSWORD, PROGRAM_ID
from bulkload.sandbox.loyaltydog.callers import mint
from bulkload.sandbox.loyaltydog.refusals import RefusedError
from bulkload.sandbox.loyaltydog.shapes import (
    PLACEHOLDERS,
    AppKeyPayload,
    CreateProgramPayload,
    TokenForm,
    UpdateProgramPayload,
    body_of,
    form_of,
)
from bulkload.sandbox.store import Store

PROGRAMS = "loyaltydog/program"
_FIELDS = (
    ("birthday", "date", "Birthday", None),
    ("cardNumber", "text", "Card number", None),
    ("city", "text", "City", None),
    ("language", "selection", "Language", "de,en,es,fr,it,pt"),
    ("memberSince", "date", "Member since", None),
    ("favoriteStore", "text", "Favourite store", None),
    ("notes", "text", "Notes", None),
)


def found_program(store: Store, now: float) -> None:
    """Make the program that exists from the start, unless it is there."""
    if store.fetch(PROGRAMS, PROGRAM_ID) is not None:
        return
    payload = CreateProgramPayload.model_validate(
        {
            "name": "Sandbox Coffee Club",
            "passTypeIdentifier": "pass.dog.loyalty.sandbox",
            "language": "en",
            "country": "DE",
            "customFields": [
                {"name": name, "type": kind, "displayName": display, "options": options}
                for name, kind, display, options in _FIELDS
            ],
        }
    )
    store.put(PROGRAMS, PROGRAM_ID, _program(payload, PROGRAM_ID), now)


def program_of(world: World, program_id: str) -> dict[str, Any]:
    """Return a program; RefusedError (404, or 403 as switched) if there is none."""
    program: dict[str, Any] | None = world.store.fetch(PROGRAMS, program_id)
    if program is None:
        status = int(world.options.loyaltydog.foreign_program)
        raise RefusedError(status, "Program not found" if status == 404 else "Forbidden")  # noqa: PLR2004
    return program


def list_programs(world: World, _call: Call) -> Answer:
    """GET /v2/loyalty/programs."""
    wanted = ("id", "name", "shareUrl")
    programs = world.store.documents(PROGRAMS)
    return json_answer(200, [{name: program[name] for name in wanted} for program in programs])


def get_program(world: World, _call: Call, program_id: str) -> Answer:
    """GET /v2/loyalty/programs/{id}."""
    return json_answer(200, program_of(world, program_id))


def update_program(world: World, call: Call, program_id: str) -> Answer:
    """PUT /v2/loyalty/programs/{id}: what is not named stays."""
    payload = body_of(call, UpdateProgramPayload)
    program = program_of(world, program_id)
    program |= payload.model_dump(mode="json", exclude_unset=True)
    world.store.put(PROGRAMS, program_id, program, call.now)
    return json_answer(200, program)


def get_custom_fields(world: World, _call: Call, program_id: str) -> Answer:
    """GET /v2/loyalty/programs/{id}/customFields."""
    return json_answer(200, program_of(world, program_id)["customFields"])


def update_custom_fields(world: World, call: Call, program_id: str) -> Answer:
    """PUT /v2/loyalty/programs/{id}/customFields: the whole list."""
    fields = body_of(call, PLACEHOLDERS)
    program = program_of(world, program_id)
    program["customFields"] = [field.model_dump(mode="json") for field in fields]
    world.store.put(PROGRAMS, program_id, program, call.now)
    return json_answer(200, program["customFields"])


def create_program(world: World, call: Call) -> Answer:
    """POST /v2/programs."""
    payload = body_of(call, CreateProgramPayload)
    program = _program(payload, f"{int(call.now):08x}{world.hex_id(16)}")
    world.store.put(PROGRAMS, program["id"], program, call.now)
    return json_answer(200, program)


def log_in(world: World, call: Call) -> Answer:
    """POST /v2/token: any user name with the sandbox's password."""
    form = form_of(call, TokenForm)
    if form.password != PASSWORD:
        raise RefusedError(401, "Incorrect username or password")
    token = mint(world, form.username, call.now, world.options.loyaltydog.token_lifetime_s)
    body = {"accessToken": token, "tokenType": "bearer", "mfaPending": False, "pendingToken": None}
    return json_answer(200, body)


def who_am_i(_world: World, _call: Call) -> Answer:
    """GET /v2/token."""
    body = {
        "id": "5eb7cf5a86d9755df3a6c500",
        "name": "Sandbox",
        "email": "sandbox@example.com",
        "emailVerified": True,
        "active": True,
        "admin": False,
        "image": None,
        "location": None,
        "website": None,
    }
    return json_answer(200, body)


def create_app_key(world: World, call: Call) -> Answer:
    """POST /v2/appkeys: always a JWT."""
    payload = body_of(call, AppKeyPayload)
    token = mint(world, payload.name or "app key", call.now, max(payload.expires or 0, 0))
    body = {"id": world.hex_id(24), "token": token, "expiration": payload.expires}
    return json_answer(200, body)


def _program(payload: CreateProgramPayload, id_: str) -> dict[str, Any]:
    body = payload.model_dump(mode="json", by_alias=True)
    return {"id": id_, **body, "shareUrl": f"https://loyalty.example/{id_}"}
