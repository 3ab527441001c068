r"""Deliver rows to every system while a quarter of all calls goes wrong; print what became of them.

    python -m tests.connectors.storm --rows 2000 --seeds 5

The sandbox decides by a seed which calls are refused (429), fail before or after they are applied,
lose their answer, or are applied after the connection is gone. The customers that it holds at the
end are compared with the results, by identity and by number.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bulkload.connectors import connector_for
from bulkload.connectors.base import Connector, Promise, Promises
from bulkload.connectors.loyaltydog import LoyaltyDog
from bulkload.delivery import Credentials, DeliveryOptions, Journal, upload
from bulkload.records import Action, Payload, Result, Status
from bulkload.sandbox import LoyaltyDogSwitches, Sandbox, SandboxOptions
from bulkload.wire import Wire, WireOptions

PROGRAM = "5eb7cf5a86d9755df3a6c593"
FAULTS = "429=5%,500-before=3%,500-after=4%,drop=5%,late=8%,retry_after_s=0"
LATE_S = 0.15
LANES = ("loyaltydog-jwt", "loyaltydog-key", "voucherify", "voucherify-bulk", "leal", "leal-bare")
NO_LIMITS = LoyaltyDogSwitches(burst_per_minute=0, sustained_per_hour=0, monthly=0)


class Boasting(LoyaltyDog):
    """The control: it promises that a create may be repeated, which is not true."""

    def promises(self) -> Promises:
        return replace(super().promises(), create=Promise.UPSERT)


@dataclass(frozen=True)
class Weathered:
    """What became of the rows."""

    lane: str
    rows: int
    statuses: Counter[Status]
    lost: int
    """Rows that no customer stands for, though nobody is asked to look."""
    twice: int
    """Customers beyond the first of a row."""
    stuck: int
    """Rows without a result."""
    wrong_ids: int
    """Results that name another customer than the row's."""
    faults: int
    calls: int
    seconds: float


def weathered(lane: str, *, rows: int, folder: Path, seed: int, faults: str = FAULTS) -> Weathered:
    """Deliver `rows` by one lane through a storm of its own."""
    options = SandboxOptions(loyaltydog=NO_LIMITS, faults=faults, seed=seed, record_calls=True)
    system, _, kind = lane.partition("-")
    began = time.monotonic()
    with Sandbox(options) as sandbox:
        payloads = [_payload(system, number) for number in range(rows)]
        connector, token = _connector(system, kind)
        results = asyncio.run(
            _delivered(sandbox, connector, token, payloads, folder / f"{lane}-{seed}.sqlite", kind)
        )
        held = sandbox.customers(_scope(system))
        calls = sandbox.calls
    key = "source_id" if system == "voucherify" else "email"
    by_key: dict[str, list[str]] = {}
    for customer in held:
        by_key.setdefault(str(customer[key]), []).append(str(customer["id"]))
    ended = {result.row_number: result for result in results}
    lost = twice = wrong = 0
    for payload in payloads:
        ids = by_key.get(payload.keys[key], [])
        result = ended.get(payload.row_number)
        twice += max(0, len(ids) - 1)
        lost += not ids and (result is None or result.status is not Status.REVIEW)
        said = result.remote_id if result else ""
        wrong += bool(said and ids and said not in (*ids, payload.keys[key]))
    return Weathered(
        lane,
        rows,
        Counter(result.status for result in results),
        lost,
        twice,
        len(payloads) - len(ended),
        wrong,
        sum(1 for call in calls if call.fault),
        len(calls),
        time.monotonic() - began,
    )


def _payload(system: str, number: int) -> Payload:
    email, phone = f"p{number}@example.com", f"+1202555{number:04d}"
    body: dict[str, Any] = {"email": email, "phone": phone}
    if system == "voucherify":
        body = {"source_id": f"s{number}", "name": f"P {number}", **body}
    elif system == "leal":
        body = {"first_name": f"P{number}", **body}
    else:
        body = {"firstName": f"P{number}", **body, "points": number}
    names = ("source_id", "email", "phone")
    keys: dict[str, str] = {name: str(body[name]) for name in names if name in body}
    action = Action.UPSERT if system == "voucherify" else Action.CREATE
    return Payload(number + 2, keys, json.dumps(body).encode(), action)


def _connector(system: str, kind: str) -> tuple[Connector, str]:
    if system == "voucherify":
        options = {"app_id": "sandbox-app-id", "limits": "none"}
        return connector_for(system, options=options), "sandbox-app-token"
    if system == "leal":
        options = {"limits": "none", "bare": "yes" if kind == "bare" else "no"}
        return connector_for(system, program="12", options=options), "sandbox-leal-token"
    if kind == "boasting":
        return Boasting(PROGRAM, unlimited=True), "sandbox-jwt"
    options = {"limits": "none", "token_kind": "ld" if kind == "key" else "jwt"}
    token = "ld_test_sandbox" if kind == "key" else "sandbox-jwt"
    return connector_for(system, program=PROGRAM, options=options), token


def _scope(system: str) -> str:
    return {"voucherify": "voucherify", "leal": "leal/12"}.get(system, f"loyaltydog/{PROGRAM}")


async def _delivered(
    sandbox: Sandbox,
    connector: Connector,
    token: str,
    payloads: list[Payload],
    journal: Path,
    kind: str,
) -> list[Result]:
    credentials = Credentials(connector, token)
    with Journal.open(journal) as opened:
        run = opened.begin(source_sha256="a" * 64, mapping_sha256="b" * 64, target="storm")
        async with Wire(
            sandbox.base_url,
            authorization=credentials.headers,
            options=WireOptions(read_timeout_s=5, deadline_s=10),
        ) as wire:
            return [
                result
                async for result in upload(
                    payloads,
                    connector=connector,
                    wire=wire,
                    journal=run,
                    options=DeliveryOptions(
                        lane="bulk" if kind == "bulk" else "single",
                        quiesce_s=8 * LATE_S,
                        second_look_s=LATE_S,
                        attempts=20,
                    ),
                    credentials=credentials,
                    jitter=random.Random(1),
                )
            ]


def main() -> int:
    """Run the storm at the size that the flags name; 0 if nobody was lost, twice or stuck."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=500)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--faults", default=FAULTS)
    parser.add_argument("--lane", choices=LANES, action="append")
    flags = parser.parse_args()
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        for lane in flags.lane or LANES:
            for seed in range(flags.seeds):
                found = weathered(
                    lane, rows=flags.rows, folder=Path(folder), seed=seed, faults=flags.faults
                )
                bad += found.lost + found.twice + found.stuck + found.wrong_ids
                ended = ", ".join(f"{count} {status}" for status, count in found.statuses.items())
                print(  # noqa: T201 - figures for whoever runs this by hand
                    f"{lane:15} seed {seed}: {found.rows} rows, {found.faults} faults in"
                    f" {found.calls} calls, {found.seconds:.1f} s: {ended};"
                    f" lost {found.lost}, twice {found.twice}, stuck {found.stuck},"
                    f" wrong ids {found.wrong_ids}",
                    flush=True,
                )
    return int(bad > 0)


if __name__ == "__main__":
    raise SystemExit(main())
