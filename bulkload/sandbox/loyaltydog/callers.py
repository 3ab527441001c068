"""Who calls LoyaltyDog, what they may do, how often, and what a repeated call gets."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from bulkload.sandbox.calls import Answer, Call, Operation, World, dumps
from bulkload.sandbox.credentials import JWT, LD_KEY
from bulkload.sandbox.loyaltydog.refusals import RefusedError
from bulkload.sandbox.quotas import MONTH, Quota, Standing, spend

KEY_LIFETIME_S = 24 * 3600
IDEMPOTENCY = "loyaltydog/idempotency"
TOKENS = "loyaltydog/token"
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}\Z")


@dataclass(frozen=True, slots=True)
class Caller:
    """The sender of one call."""

    token: str
    request_id: str

    @property
    def is_key(self) -> bool:
        """Whether it is a hashed public key (`ld_*`) and not a JWT."""
        return self.token.startswith("ld_")


def caller_of(world: World, call: Call) -> Caller:
    """Read who calls; nothing is checked."""
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    asked = call.headers.get("x-request-id", "")
    request_id = asked if _REQUEST_ID.match(asked) else world.hex_id(32)
    return Caller(token.strip() if scheme.lower() == "bearer" else "", request_id)


def check(world: World, call: Call, caller: Caller) -> None:
    """Raise RefusedError unless the caller may call at all."""
    switches = world.options.loyaltydog
    if not caller.token:
        raise RefusedError(401, "Not authenticated", headers={"WWW-Authenticate": "Bearer"})
    if caller.is_key:
        if caller.token != LD_KEY:
            raise RefusedError(401, "Invalid API key")
        if switches.subscription == "lapsed":
            raise RefusedError(402, "The API subscription of this account is not active")
        return
    if caller.token == JWT:
        return
    minted = world.store.fetch(TOKENS, caller.token)
    if minted is None or (minted["expires_at"] and minted["expires_at"] <= call.now):
        raise RefusedError(
            401, "Invalid authentication token", headers={"WWW-Authenticate": "Bearer"}
        )


def limit(world: World, call: Call, caller: Caller) -> dict[str, str]:
    """Count the call; return the headers that announce the limits.

    Raises:
        RefusedError: 429, with Retry-After.
    """
    if not caller.is_key:
        return {}
    switches = world.options.loyaltydog
    quotas = [
        quota
        for quota in (
            Quota("burst", switches.burst_per_minute, 60),
            Quota("sustained", switches.sustained_per_hour, 3600),
            Quota("monthly", switches.monthly, MONTH),
        )
        if quota.calls
    ]
    standings = spend(world.store, f"loyaltydog/{caller.token}", quotas, call.now)
    used_up = [standing for standing in standings if standing.refused]
    if used_up:
        raise too_many(world, call, used_up[-1])
    return _limit_headers(world, call, standings[0]) if standings else {}


def too_many(world: World, call: Call, standing: Standing, *, is_key: bool = True) -> RefusedError:
    """Return the 429 for a quota that is used up.

    The headers speak of the burst window whichever quota it was, and Remaining is 0; only keys
    get them, everybody gets Retry-After.
    """
    switches = world.options.loyaltydog
    wait_s = max(1, int(standing.resets_at - call.now + 0.999))
    retry_after = str(wait_s)
    if switches.retry_after == "date":
        at = datetime.fromtimestamp(call.now + wait_s, UTC)
        retry_after = format_datetime(at, usegmt=True)
    is_month = standing.quota.name == "monthly"
    burst = Standing(Quota("burst", switches.burst_per_minute, 60), 0, call.now + wait_s)
    limits = _limit_headers(world, call, burst) if is_key else {}
    return RefusedError(
        429,
        "Monthly request quota exceeded" if is_month else "Too many requests",
        code="monthly_quota_exceeded" if is_month else "rate_limited",
        headers=limits | {"Retry-After": retry_after},
    )


def edge(world: World, call: Call) -> Answer | None:
    """Count the call at the edge, before anybody looks at it; return its 429, if any."""
    allowed = world.options.loyaltydog.edge_per_10s
    if not allowed:
        return None
    standing = spend(world.store, "loyaltydog/edge", [Quota("edge", allowed, 10)], call.now)[0]
    if not standing.refused:
        return None
    wait_s = max(1, int(standing.resets_at - call.now + 0.999))
    return Answer(429, b"error code: 1015", {"Retry-After": str(wait_s)}, "text/plain")


def once(
    world: World, call: Call, caller: Caller, operation: Operation, parameters: tuple[str, ...]
) -> Answer:
    """Apply a write under its Idempotency-Key: the first answer again for the same key and body.

    Raises:
        RefusedError: 400 for a key caller without a key header, 409 for a key used with another body.
    """
    key = call.headers.get("idempotency-key", "")
    if caller.is_key and not key:
        raise RefusedError(400, "Idempotency-Key header is required")
    if not key or not (caller.is_key or world.options.loyaltydog.jwt_idempotency == "honoured"):
        return operation(world, call, *parameters)
    id_ = f"{caller.token}\n{key}"
    spoken = f"{call.method} {call.path}\n".encode() + call.body
    digest = hashlib.blake2b(spoken, digest_size=16).hexdigest()
    known = world.store.fetch(IDEMPOTENCY, id_)
    if known and known["at"] > call.now - KEY_LIFETIME_S:
        if known["digest"] != digest:
            raise RefusedError(409, "Idempotency-Key was used with another request body")
        return Answer(known["status"], known["body"].encode())
    answer = operation(world, call, *parameters)
    kept = {"at": call.now, "digest": digest, "status": answer.status, "body": answer.body.decode()}
    world.store.put(IDEMPOTENCY, id_, kept, call.now)
    return answer


def mint(world: World, name: str, now: float, lifetime_s: float) -> str:
    """Return a fresh token that looks like a JWT; 0 seconds of life mean no end."""
    expires_at = now + lifetime_s if lifetime_s else 0
    parts = (
        dumps({"alg": "HS256", "typ": "JWT"}),
        dumps({"sub": name, "exp": int(expires_at), "jti": world.hex_id(16)}),
        bytes.fromhex(world.hex_id(64)),
    )
    token = ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
    world.store.put(TOKENS, token, {"name": name, "expires_at": expires_at}, now)
    return token


def _limit_headers(world: World, call: Call, standing: Standing) -> dict[str, str]:
    epoch = world.options.loyaltydog.reset == "epoch"
    reset = standing.resets_at if epoch else standing.resets_at - call.now
    return {
        "X-RateLimit-Limit": str(standing.quota.calls),
        "X-RateLimit-Remaining": str(standing.remaining),
        "X-RateLimit-Reset": str(max(0, int(reset + 0.999))),
    }
