"""The journal's file: made private, held by one, believed only when it is whole."""

import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from typing import Any

import pytest

from bulkload.delivery import Journal
from bulkload.delivery.entries import Attempt, RowEntry, RowState, may_move
from bulkload.delivery.writer import InlineWriter, ThreadWriter
from bulkload.errors import BadInputError, JournalBusyError
from bulkload.records import Status
from tests.delivery.toy import payload, payloads

BINDING: dict[str, Any] = {"source_sha256": "source", "mapping_sha256": "mapping", "target": "toy"}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.sqlite"


async def put_one(run, row, *, final=True):
    """Let one row go its way in the journal."""
    keys = run.keys(row)
    attempt = Attempt(1, "create", "", 1)
    entry = RowEntry(row.row_number, RowState.INTENT, attempts=1)
    await run.intent(entry, keys, attempt)
    if final:
        done = RowEntry(row.row_number, RowState.DONE, Status.CREATED, "c1", 201, 1)
        await run.answer(done, keys, attempt, digest=run.digest(row))


@pytest.mark.parametrize("mask", [0o000, 0o022])
def test_every_file_is_private(path, mask):
    """Whatever the umask, nobody else reads the journal, its log, or its lock."""
    before = os.umask(mask)
    try:
        with Journal.open(path) as journal:
            journal.begin(**BINDING)
            modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in path.parent.iterdir()}
    finally:
        os.umask(before)

    assert len(modes) == 4
    assert set(modes.values()) == {0o600}


def test_a_journal_that_others_could_read_is_closed_to_them(path):
    """A mode that somebody loosened is put right when the journal is opened."""
    Journal.open(path).close()
    path.chmod(0o644)

    with Journal.open(path):
        modes = {stat.S_IMODE(p.stat().st_mode) for p in path.parent.iterdir()}

    assert modes == {0o600}


def test_contacts_are_nowhere_in_the_files(path):
    """Keys are HMACs and payloads digests, in the database and in its log."""
    with Journal.open(path) as journal:
        run = journal.begin(**BINDING)
        asyncio.run(put_one(run, payload(1, email="canary@example.com", phone="+491701112233")))
        written = b"".join(p.read_bytes() for p in path.parent.iterdir())

    assert b"canary" not in written
    assert b"1701112233" not in written


def test_an_unfinished_run_of_the_same_is_gone_on_with(path):
    """Source, mapping and target decide whether it is the same run."""
    with Journal.open(path) as journal:
        first = journal.begin(**BINDING)
        again = journal.begin(**BINDING)
        others = [
            journal.begin(**{**BINDING, name: "other"})
            for name in ("source_sha256", "mapping_sha256", "target")
        ]
        forced = journal.begin(**BINDING, new=True)

    assert (again.run_id, again.resumed) == (first.run_id, True)
    assert not any(run.resumed for run in [*others, forced])
    assert len({run.run_id for run in [first, *others, forced]}) == 5


def test_a_complete_run_is_not_gone_on_with(path):
    """The next import of the same file is a run of its own."""
    with Journal.open(path) as journal:
        first = journal.begin(**BINDING)
        first.judged(3, {Status.REJECTED: 2, Status.PENDING: 1})
        asyncio.run(put_one(first, payload(1)))
        finished = first.finish(rows=3)
        second = journal.begin(**BINDING)
        summary = journal.run(first.run_id)

    assert finished
    assert not second.resumed
    assert summary.is_complete
    assert summary.counts == {Status.CREATED: 1, Status.REJECTED: 2}


def test_a_run_with_an_open_row_is_not_complete(path):
    """A row whose outcome is unknown keeps the run open."""
    with Journal.open(path) as journal:
        run = journal.begin(**BINDING)
        asyncio.run(put_one(run, payload(1), final=False))

        assert not run.finish()


def test_results_come_in_row_order(path):
    """However rows were decided, the results file follows the source."""
    with Journal.open(path) as journal:
        run = journal.begin(**BINDING)
        for row in reversed(payloads(20)):
            asyncio.run(put_one(run, row))
        numbers = [result.row_number for result in run.results()]

    assert numbers == list(range(2, 22))


def test_two_requests_for_one_customer_cannot_be_open(path):
    """The database itself refuses a second intent for a key, in this run or another."""
    with Journal.open(path, make_writer=InlineWriter) as journal:
        run = journal.begin(**BINDING)
        other = journal.begin(**{**BINDING, "source_sha256": "other"})
        asyncio.run(put_one(run, payload(1, email="same@example.com"), final=False))

        with pytest.raises(Exception, match="journal cannot be written"):
            asyncio.run(put_one(other, payload(2, email="same@example.com"), final=False))


def test_a_key_held_by_another_run_is_known(path):
    """A row left open by an interrupted run is seen from every later one."""
    row = payload(1, email="same@example.com")
    with Journal.open(path) as journal:
        run = journal.begin(**BINDING)
        asyncio.run(put_one(run, row, final=False))
        other = journal.begin(**{**BINDING, "source_sha256": "other"})
        (standing,) = other.standings([(9, other.keys(row))])

    assert standing.held_by == (run.number, row.row_number)


def test_what_is_decided_stays_decided():
    """No state follows `done`."""
    assert not any(may_move(RowState.DONE, state) for state in RowState)
    assert may_move(RowState.INTENT, RowState.UNKNOWN)
    assert not may_move(RowState.APPLIED, RowState.PENDING)


def test_a_second_holder_is_refused_and_told_who_is_first(path):
    """Within one process, too."""
    with Journal.open(path), pytest.raises(JournalBusyError, match=f"process {os.getpid()}"):
        Journal.open(path)


def test_another_process_is_refused_and_a_dead_one_is_not_waited_for(path):
    """The lock dies with its process; what that one wrote is kept."""
    code = (
        "import sys; from bulkload.delivery import Journal;"
        "j = Journal.open(sys.argv[1]);"
        f"j.begin(**{BINDING!r}); print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(JournalBusyError, match=f"process {holder.pid} on "):
            Journal.open(path)
        holder.kill()
        holder.wait()

        with Journal.open(path) as journal:
            assert len(journal.runs()) == 1


def test_reading_disturbs_nobody(path):
    """Runs can be listed while one is writing."""
    with Journal.open(path) as journal:
        journal.begin(**BINDING)
        with Journal.read(path) as reader:
            assert len(reader.runs()) == 1
            with pytest.raises(Exception, match=r"readonly|cannot be written"):
                reader.begin(**{**BINDING, "target": "other"})


def filled(path):
    with Journal.open(path) as journal:
        run = journal.begin(**BINDING)
        for row in payloads(5):
            asyncio.run(put_one(run, row))


def test_a_file_changed_after_closing_is_refused(path):
    """A closed journal is recognised to the byte."""
    filled(path)
    data = bytearray(path.read_bytes())
    data[-20] ^= 1
    path.write_bytes(data)

    with pytest.raises(BadInputError, match="damaged"):
        Journal.open(path)


def test_a_lost_file_is_not_taken_for_an_empty_one(path):
    """The lock file remembers that there was a journal; removing both begins anew."""
    filled(path)
    path.unlink()

    with pytest.raises(BadInputError, match="is gone"):
        Journal.open(path)

    path.with_name(path.name + ".lock").unlink()
    with Journal.open(path) as journal:
        assert journal.runs() == []


def test_an_older_copy_is_refused(path):
    """A journal put back from a backup has forgotten customers, and the lock file knows it."""
    filled(path)
    old = path.read_bytes()
    with Journal.open(path) as journal:
        asyncio.run(put_one(journal.begin(**BINDING), payload(9)))
    path.write_bytes(old)

    with pytest.raises(BadInputError, match="damaged"):
        Journal.open(path)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda p: p.write_bytes(b"row,email\n"), id="text"),
        pytest.param(lambda p: p.write_bytes(b"x"), id="one-byte"),
        pytest.param(
            lambda p: sqlite3.connect(p).executescript("CREATE TABLE t (a); SELECT 1").close(),
            id="foreign-database",
        ),
    ],
)
def test_what_is_no_journal_is_refused_and_left_alone(path, make):
    """A foreign file is neither used nor changed."""
    make(path)
    before = path.read_bytes()

    with pytest.raises(BadInputError):
        Journal.open(path)

    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("CREATE VIEW evil AS SELECT 1", id="view"),
        pytest.param(
            "CREATE TRIGGER evil AFTER INSERT ON row BEGIN DELETE FROM delivered; END", id="trigger"
        ),
        pytest.param("DROP TABLE delivered", id="missing-table"),
        pytest.param("ALTER TABLE row ADD COLUMN more TEXT", id="other-column"),
        pytest.param("PRAGMA user_version = 99", id="other-version"),
        pytest.param("UPDATE delivered SET key = x'00' WHERE row_number = 3", id="changed-key"),
        pytest.param("UPDATE journal SET secret = x'00'", id="changed-secret"),
        pytest.param("UPDATE row SET status = 'failed' WHERE row_number = 3", id="changed-status"),
        pytest.param("UPDATE attempt SET idempotency_key = 'x'", id="changed-idempotency-key"),
    ],
)
def test_a_journal_that_somebody_changed_is_refused(path, statement):
    """Not even a well-formed change passes, with or without the fingerprint of the closed file."""
    filled(path)
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()

    with pytest.raises(BadInputError):
        Journal.open(path)

    path.with_name(path.name + ".lock").unlink()
    with pytest.raises(BadInputError):
        Journal.open(path)


class Slow:
    """A connection whose commits take as long as a disk, and are counted."""

    def __init__(self, connection):
        self._connection = connection
        self.commits = 0

    def execute(self, statement, parameters=()):
        if statement == "COMMIT":
            self.commits += 1
            threading.Event().wait(0.005)
        return self._connection.execute(statement, parameters)

    def executemany(self, statement, parameters):
        return self._connection.executemany(statement, parameters)

    def close(self):
        self._connection.close()


def test_what_waits_shares_a_commit(path):
    """A hundred intents at once cost a few commits, and each is on disk when its future is done."""
    connections = []

    def connect(name):
        connections.append(
            Slow(sqlite3.connect(name, isolation_level=None, check_same_thread=False))
        )
        return connections[0]

    async def all_at_once(run):
        await asyncio.gather(*(put_one(run, row, final=False) for row in payloads(100)))

    with Journal.open(path, connect=connect, make_writer=ThreadWriter) as journal:
        run = journal.begin(**BINDING)
        before = connections[0].commits
        asyncio.run(all_at_once(run))
        after = connections[0].commits
        open_rows = journal.ask("SELECT count(*) FROM row WHERE state = 'intent'")

    assert open_rows == [(100,)]
    assert after - before <= 5
