"""Who calls Voucherify: application keys or OAuth tokens, with what scope and how often."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl

from bulkload.sandbox.calls import Answer, Call, World, json_answer
from bulkload.sandbox.credentials import APP_ID, APP_TOKEN
from bulkload.sandbox.quotas import Quota, Standing, spend
from bulkload.sandbox.voucherify.refusals import RefusedError

TOKENS = "voucherify/token"
SCOPES = ("api", "customers", "async-actions", "exports", "metadata-schemas")
_MINUTE_S, _HOUR_S, _CYCLE_S = 60, 3600, 30 * 86_400
_NO_LIMIT = 1_000_000
"""What the headers announce when nothing is limited."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The headers that every answer carries."""

    limit: int
    remaining: int
    retry_at: float

    def headers(self) -> dict[str, str]:
        """Return `X-Rate-Limit-*`; Retry is the Unix second of the next allowed call."""
        return {
            "X-Rate-Limit-Limit": str(self.limit),
            "X-Rate-Limit-Remaining": str(self.remaining),
            "X-Rate-Limit-Retry": str(int(self.retry_at + 0.999)),
        }


def check(world: World, call: Call, scope: str) -> None:
    """Raise RefusedError unless the caller may use what `scope` covers."""
    headers = call.headers
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and "x-app-id" not in headers:
        known = world.store.fetch(TOKENS, token.strip())
        if known is None or known["expires_at"] <= call.now:
            raise RefusedError(401, "unauthorized")
        if not {"api", scope} & set(known["scope"].split()):
            raise RefusedError(403, "forbidden", f"The token has no scope {scope}")
        return
    if (headers.get("x-app-id"), headers.get("x-app-token")) != (APP_ID, APP_TOKEN):
        raise RefusedError(401, "unauthorized")


def limit(world: World, call: Call, *, bulk: bool) -> dict[str, str]:
    """Count the call; return the headers of the rate limit.

    Raises:
        RefusedError: 429, with Retry-After and the kind of limit.
    """
    switches = world.options.voucherify
    quotas = [
        quota
        for quota in (
            Quota("api_calls", switches.calls_per_minute, _MINUTE_S),
            Quota("api_calls", switches.calls_per_hour, _HOUR_S),
            Quota("api_calls_cycle", switches.calls_per_cycle, _CYCLE_S),
        )
        if quota.calls and not bulk
    ]
    if bulk and switches.bulk_calls_per_hour:
        quotas = [Quota("bulk_api_calls", switches.bulk_calls_per_hour, _HOUR_S)]
    if not quotas:
        return Limits(_NO_LIMIT, _NO_LIMIT, call.now).headers()
    # Two windows may share a name for people; they are counted apart.
    counted = [Quota(f"{quota.name}/{quota.per_s:g}", quota.calls, quota.per_s) for quota in quotas]
    standings = spend(world.store, "voucherify", counted, call.now)
    used_up = [standing for standing in standings if standing.refused]
    if used_up:
        raise too_many(call, used_up[-1])
    first = standings[0]
    retry_at = first.resets_at if not first.remaining else call.now
    return Limits(first.quota.calls, first.remaining, retry_at).headers()


def too_many(call: Call, standing: Standing) -> RefusedError:
    """Return the 429 for a limit that is used up."""
    wait_s = max(1, int(standing.resets_at - call.now + 0.999))
    limits = Limits(standing.quota.calls, 0, call.now + wait_s)
    headers = limits.headers() | {
        "Retry-After": str(wait_s),
        "X-Rate-Limit-Type": standing.quota.name.partition("/")[0],
    }
    return RefusedError(429, "too_many_requests", headers=headers)


def make_token(world: World, call: Call) -> Answer:
    """POST /v1/oauth/token: form-urlencoded, authenticated by the application keys."""
    form = _form(call)
    if "grant_type" not in form:
        return _short(400, "missing_parameters", "Missing parameters")
    if form["grant_type"] != "client_credentials":
        return _short(400, "invalid_grant_type", "Invalid grant_type")
    scope = form.get("scope") or "api"
    unknown = [word for word in scope.split() if word not in SCOPES]
    if unknown:
        return _short(400, "invalid_scope", f"Invalid scope: {','.join(unknown)}")
    lifetime_s = world.options.voucherify.token_lifetime_s
    token = {
        "access_token": world.word_id("", 50),
        "client_id": APP_ID,
        "expires_at": int(call.now + lifetime_s),
        "expires_in": int(lifetime_s),
        "scope": scope,
        "token_type": "Bearer",
    }
    world.store.put(TOKENS, str(token["access_token"]), token, call.now)
    return json_answer(200, token)


def introspect(world: World, call: Call) -> Answer:
    """POST /v1/oauth/introspect: an unknown token is inactive, not an error."""
    form = _form(call)
    if "access_token" not in form:
        return _short(400, "missing_parameters", "Missing parameters")
    token = world.store.fetch(TOKENS, form["access_token"])
    if token is None or token["expires_at"] <= call.now:
        return json_answer(200, {"active": False})
    left_s = int(token["expires_at"] - call.now)
    return json_answer(200, {**token, "expires_in": left_s, "active": True})


def revoke(world: World, call: Call) -> Answer:
    """POST /v1/oauth/token/revoke: 204, or 404 without a body."""
    dropped = world.store.drop(TOKENS, _form(call).get("access_token", ""))
    return Answer(204 if dropped else 404)


def _form(call: Call) -> dict[str, str]:
    try:
        return dict(parse_qsl(call.body.decode(errors="replace"), max_num_fields=100))
    except ValueError:
        return {}


def _short(status: int, key: str, message: str) -> Answer:
    return json_answer(status, {"code": status, "key": key, "message": message})
