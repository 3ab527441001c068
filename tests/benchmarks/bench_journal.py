"""What the journal costs beside the upload that it guards.

    python -m pytest -s -m benchmark tests/benchmarks/bench_journal.py

The same upload over loopback, paced at a thousand rows a second, once through the journal and once
through one that writes nothing; each in a process of its own, in turn. Printed are medians of the
uploading process's own processor time, the server's not counted. A second table is the journal
alone: commits of one row after another, and of many rows that wait together.
`BULKLOAD_BENCH_UPLOADS` sets the rows.
"""

# ruff: noqa: T201 - figures are printed

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time

import pytest

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(3_600)]

ROWS = int(os.environ.get("BULKLOAD_BENCH_UPLOADS", "10000"))
ROUNDS = 5

MEASURE = """
import asyncio, json, resource, sys, tempfile, time
from pathlib import Path
from bulkload.connectors import connector_for
from bulkload.delivery import DeliveryOptions, Journal, Rate, upload
from bulkload.delivery.run_journal import RunJournal
from bulkload.records import Payload
from bulkload.wire import Wire

base_url, side, rows, rate = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])

class Nothing(RunJournal):
    def _done(self):
        done = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done
    def intent(self, entry, keys, attempt):
        return self._done()
    def answer(self, entry, keys, attempt=None, *, digest=None):
        return self._done()
    def standings(self, wanted):
        from bulkload.delivery.entries import Standing
        return [Standing(None, None, None, False, None) for _ in wanted]
    def keys(self, payload, occurrence=0):
        return (payload.key.encode(),)
    def digest(self, payload):
        return b""

class Off(Journal):
    run_class = Nothing

def body(n):
    return json.dumps({"firstName": "Ada", "lastName": "Lovelace", "email": f"ada{n}@example.com",
        "phone": f"+4917{n:08}", "points": n, "customFields": {"birthday": "1990-05-01"}}).encode()

payloads = [Payload(n + 2, {"email": f"ada{n}@example.com", "phone": f"+4917{n:08}"}, body(n)) for n in range(rows)]
connector = connector_for("loyaltydog", program="p", options={"limits": "none"})

async def run(journal):
    run = journal.begin(source_sha256="s", mapping_sha256="m", target="t")
    wire = Wire(base_url, authorization=lambda: {"Authorization": "Bearer jwt"})
    wishes = DeliveryOptions(concurrency=16, check_existing=False, rate=Rate(rate, 1.0) if rate else None)
    count = 0
    async with wire:
        async for result in upload(payloads, connector=connector, wire=wire, journal=run, options=wishes):
            count += result.status == "created"
    return count

with tempfile.TemporaryDirectory(dir=".") as folder:
    with (Journal if side == "journal" else Off).open(Path(folder) / "journal.sqlite") as journal:
        began, busy = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
        count = asyncio.run(run(journal))
        wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
        commits = journal.ask("SELECT commits FROM journal")[0][0]
cpu = after.ru_utime + after.ru_stime - busy.ru_utime - busy.ru_stime
assert count == rows, count
print(json.dumps({"wall_s": wall, "cpu_s": cpu, "commits": commits}))
"""

SERVER = """
import asyncio, itertools
numbers = itertools.count(1)
class Fixed(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.buffer = transport, b""
    def data_received(self, data):
        self.buffer += data
        while True:
            head, found, rest = self.buffer.partition(b"\\r\\n\\r\\n")
            if not found:
                return
            length = 0
            for line in head.split(b"\\r\\n"):
                if line.lower().startswith(b"content-length:"):
                    length = int(line[15:])
            if len(rest) < length:
                return
            self.buffer = rest[length:]
            body = b'{"id":"%024x"}' % next(numbers)
            self.transport.write(b"HTTP/1.1 200 OK\\r\\ncontent-type: application/json\\r\\ncontent-length: %d\\r\\n\\r\\n%b" % (len(body), body))
async def main():
    server = await asyncio.get_running_loop().create_server(Fixed, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""


@pytest.fixture
def base_url():
    """A server that answers every request with an id, in a process of its own."""
    with subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        server.terminate()


def measured(base_url, side, rate, folder):
    """Return what one upload took."""
    command = [sys.executable, "-c", MEASURE, base_url, side, str(ROWS), str(rate)]
    done = subprocess.run(command, capture_output=True, check=True, text=True, cwd=folder)
    return json.loads(done.stdout)


@pytest.mark.parametrize("rate", [1000, 0], ids=["1,000 rows a second", "as fast as it goes"])
def test_the_journal_beside_the_upload(base_url, tmp_path, rate):
    """Print what the upload takes with and without the journal."""
    found: dict[str, list[dict[str, float]]] = {"journal": [], "nothing": []}
    for _ in range(ROUNDS):
        for side, rounds in found.items():
            rounds.append(measured(base_url, side, rate, tmp_path))
    print(f"\n{ROWS:,} rows, {rate or 'no'} limit, medians of {ROUNDS}")
    for side, rounds in found.items():
        cpu, wall = (statistics.median(r[part] for r in rounds) for part in ("cpu_s", "wall_s"))
        commits = statistics.median(r["commits"] for r in rounds)
        print(
            f"  {side:8} {cpu:6.2f} s processor  {wall:6.2f} s wall  {ROWS / wall:6.0f} rows/s"
            f"  {commits:6.0f} commits  {cpu / ROWS * 1e6:5.0f} us a row"
        )
    with_it, without = (
        statistics.median(r["cpu_s"] for r in found[side]) for side in ("journal", "nothing")
    )
    print(f"  the journal's share of the upload's processor time: {1 - without / with_it:.1%}")


def test_the_journal_alone(tmp_path):
    """Print how many rows a second the journal takes, one by one and together."""
    import asyncio

    from bulkload.delivery import Journal
    from bulkload.delivery.entries import Attempt, RowEntry, RowState

    async def rows(run, count, together):
        for start in range(0, count, together):
            await asyncio.gather(
                *(
                    run.intent(
                        RowEntry(number, RowState.INTENT, attempts=1),
                        [number.to_bytes(16, "big")],
                        Attempt(1, "create", "", 1),
                    )
                    for number in range(start, start + together)
                )
            )

    print()
    for together, count in ((1, 2_000), (16, 8_000), (50, 20_000), (1000, 50_000)):
        with Journal.open(tmp_path / f"{together}.sqlite") as journal:
            run = journal.begin(source_sha256="s", mapping_sha256="m", target="t")
            began, busy = time.perf_counter(), time.process_time()
            asyncio.run(rows(run, count, together))
            wall, cpu = time.perf_counter() - began, time.process_time() - busy
        print(
            f"  {together:5} intents together: {count / wall:8.0f} a second, {cpu / count * 1e6:6.1f} us of processor each"
        )
