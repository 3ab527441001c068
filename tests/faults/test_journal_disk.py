"""The journal on disks that forget, fill up, fail and rot."""

from __future__ import annotations

import asyncio
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bulkload.delivery.entries import Attempt, RowEntry, RowState
from bulkload.delivery.journal import Journal
from bulkload.delivery.opening import connect_sqlite
from bulkload.delivery.writer import InlineWriter
from bulkload.errors import BadInputError, BulkloadError
from bulkload.records import Payload, Status
from tests.faults import powercuts
from tests.faults.powerloss import ForgetfulDisk, connect_through
from tests.faults.process import ROOT
from tests.faults.sizes import sized

NAME = "journal.sqlite"


async def _intents(journal: Journal, numbers: range, done: bool = False) -> list[int]:
    """Write intents until all are written or one fails; return the acknowledged ones."""
    run = journal.begin(source_sha256="s", mapping_sha256="m", target="t")
    acknowledged = []
    for number in numbers:
        payload = Payload(number, {"email": f"c{number}@example.com"}, b"{}")
        keys, attempt = run.keys(payload), Attempt(1, "create", "", 0)
        try:
            await run.intent(RowEntry(number, RowState.INTENT, attempts=1), keys, attempt)
        except BulkloadError:
            break
        acknowledged.append(number)
        if done:
            entry = RowEntry(number, RowState.DONE, Status.CREATED, f"id-{number:09}", 200, 1)
            await run.answer(entry, keys, attempt, digest=b"d" * 16)
    return acknowledged


def _rows(path: Path) -> list[int]:
    with Journal.open(path, make_writer=InlineWriter) as journal:
        return [row for (row,) in journal.ask("SELECT row_number FROM row ORDER BY row_number")]


def test_no_power_cut_takes_back_an_acknowledged_intent(reached):
    """Cut anywhere, in the middle of a commit too: what had been acknowledged is there."""
    total = powercuts.campaign(sized(60, 200))

    reached("cuts", total.cuts)
    reached("acknowledged", total.acknowledged)
    reached("lost", total.lost)

    assert total.acknowledged > 500
    assert (total.lost, total.corrupt, total.refused) == (0, 0, 0)


def test_the_power_cut_test_sees_a_journal_that_does_not_sync(reached):
    """With synchronous=NORMAL the same cuts lose acknowledged intents."""
    total = powercuts.campaign(sized(10, 40), powercuts.CarelessJournal)

    reached("control_lost", total.lost)

    assert total.lost > 0
    assert total.refused == total.cuts, "a journal that lost commits is not believed"


@pytest.mark.parametrize("position", range(1, 21))
def test_after_a_failed_sync_nothing_is_acknowledged_any_more(tmp_path, position):
    """One failed fsync ends the writing for good; the journal is whole after a restart."""
    disk = ForgetfulDisk()
    through = connect_through(disk)
    with Journal.open(tmp_path / NAME, connect=through, make_writer=InlineWriter) as journal:
        disk.fail_sync_at = disk.syncs + 1 + position
        try:
            first = asyncio.run(_intents(journal, range(2, 60)))
        except BulkloadError:
            first = []
        with pytest.raises(BulkloadError):
            journal.begin(source_sha256="x", mapping_sha256="m", target="t")

    assert len(first) < 58
    assert set(first) <= set(_rows(tmp_path / NAME))


def test_a_full_database_stops_the_writing(tmp_path):
    """When the database may not grow, the intent fails and so does everything after it."""

    def small(path: str) -> object:
        connection = connect_sqlite(path)
        connection.execute("PRAGMA max_page_count = 40")
        return connection

    with Journal.open(tmp_path / NAME, connect=small, make_writer=InlineWriter) as journal:
        acknowledged = asyncio.run(_intents(journal, range(2, 5000)))
        assert asyncio.run(_still_refuses(journal))

    assert 0 < len(acknowledged) < 4998
    assert _rows(tmp_path / NAME) == acknowledged


async def _still_refuses(journal: Journal) -> bool:
    future = journal.writer.put([("SELECT 1", ())])
    return isinstance(future.exception(), BulkloadError)


_LIMITED = """
import asyncio, resource, signal, sys
from pathlib import Path
from bulkload.delivery.journal import Journal
from tests.faults.test_journal_disk import _intents
with Journal.open(Path(sys.argv[1])) as journal:
    if sys.argv[2] != "0":
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
    print(*asyncio.run(_intents(journal, range(2, 3000))))
"""


def _limited(path: Path, size_bytes: int) -> list[int]:
    ran = subprocess.run(
        [sys.executable, "-c", _LIMITED, str(path), str(size_bytes)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return [int(number) for number in ran.stdout.split()]


def test_a_file_size_limit_stops_the_writing(tmp_path):
    """A write that fails in the middle takes nothing back that was acknowledged."""
    acknowledged = _limited(tmp_path / NAME, 200_000)

    assert 0 < len(acknowledged) < 2998
    assert set(acknowledged) <= set(_rows(tmp_path / NAME))


def test_a_full_disk_stops_the_writing(tmp_path):
    """On a disk of 256 kB the journal stops, and can be opened and read afterwards."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(tmp_path)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("mounting a small disk needs more rights than this test has")
    try:
        acknowledged = _limited(tmp_path / NAME, 0)
        moved = Path(shutil.copytree(tmp_path, tmp_path.with_name("roomy")))
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)

    assert 0 < len(acknowledged) < 2998
    assert set(acknowledged) <= set(_rows(moved / NAME))


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A journal of 200 delivered rows whose process still runs: most of it is in its log."""
    folder = tmp_path_factory.mktemp("written")
    journal = Journal.open(folder / NAME, make_writer=InlineWriter)
    asyncio.run(_intents(journal, range(2, 202), done=True))
    yield folder
    journal.close()


@pytest.fixture(scope="module")
def closed(tmp_path_factory):
    """A journal of 200 delivered rows, all of it in one file."""
    folder = tmp_path_factory.mktemp("closed")
    with Journal.open(folder / NAME, make_writer=InlineWriter) as journal:
        asyncio.run(_intents(journal, range(2, 202), done=True))
    return folder


def _copied(written: Path, folder: Path) -> Path:
    for path in written.iterdir():
        if not path.name.endswith("-shm"):
            shutil.copy(path, folder / path.name)
    return folder / NAME


def _known(path: Path) -> list[int] | None:
    """Return the delivered rows of a journal; None if it is refused with a sentence."""
    try:
        with Journal.open(path, make_writer=InlineWriter) as journal:
            results = list(journal.results(journal.runs()[0].run_id))
    except BadInputError:
        return None
    assert {result.status for result in results} == {Status.CREATED}
    return [result.row_number for result in results]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        pytest.param(f"{NAME}-wal", None, id="log-deleted"),
        pytest.param(f"{NAME}-wal", 0.0, id="log-emptied"),
        pytest.param(f"{NAME}-wal", 0.5, id="log-cut-in-half"),
        pytest.param(NAME, 0.0, id="database-emptied"),
        pytest.param(NAME, None, id="database-deleted"),
    ],
)
def test_a_damaged_journal_is_refused(written, tmp_path, name, kept):
    """What is missing is noticed and named; a damaged journal is never taken for an empty one."""
    path = _copied(written, tmp_path)
    damaged = tmp_path / name
    content = damaged.read_bytes()
    damaged.unlink()
    if kept is not None:
        damaged.write_bytes(content[: int(len(content) * kept)])

    with pytest.raises(BadInputError, match="nothing was sent") as refusal:
        Journal.open(path)

    assert "Traceback" not in str(refusal.value)
    assert refusal.value.exit_code == 65


def test_a_zeroed_header_is_refused(written, tmp_path):
    """A file that is no database any more is not written over."""
    path = _copied(written, tmp_path)
    content = bytearray(path.read_bytes())
    content[:100] = bytes(100)
    path.write_bytes(content)

    with pytest.raises(BadInputError):
        Journal.open(path)

    assert path.read_bytes() == content


@pytest.mark.parametrize("where", ["written", "closed"])
@pytest.mark.parametrize("seed", range(100))
def test_a_flipped_bit_never_makes_a_journal_forget(request, tmp_path, seed, where, reached):
    """One bit anywhere: refused with a sentence, or every delivered row is still known."""
    path = _copied(request.getfixturevalue(where), tmp_path)
    randomness = random.Random(seed)
    names = [f"{NAME}-wal"] * 3 + [NAME] if where == "written" else [NAME]
    damaged = tmp_path / randomness.choice(names)
    content = bytearray(damaged.read_bytes())
    content[randomness.randrange(len(content))] ^= 1 << randomness.randrange(8)
    damaged.write_bytes(content)

    known = _known(path)
    reached("flips", 1)
    reached("refused", int(known is None))
    assert known in (None, list(range(2, 202)))


def test_half_a_database_is_refused(closed, tmp_path):
    """Without a log to mend it from, a cut database is not believed."""
    path = _copied(closed, tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])

    assert _known(path) is None
