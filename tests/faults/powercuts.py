"""Power cuts under the journal: how many acknowledged intents are gone afterwards?

python -m tests.faults.powercuts --cuts 200
python -m tests.faults.powercuts --cuts 40 --control      synchronous=NORMAL, which must lose some
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bulkload.delivery import Journal, RunJournal
from bulkload.delivery.entries import Attempt, RowEntry, RowState
from bulkload.delivery.writer import InlineWriter
from bulkload.errors import BadInputError
from bulkload.records import Payload, Status
from tests.faults.powerloss import ForgetfulDisk, connect_through

NAME = "journal.sqlite"


class CarelessJournal(Journal):
    """The control: commits return before they are on disk."""

    synchronous = "NORMAL"


@dataclass(slots=True)
class Cuts:
    """What a number of power cuts did."""

    cuts: int = 0
    acknowledged: int = 0
    """Intents whose commit had returned before the power went."""
    lost: int = 0
    """Of them, those that the journal does not hold afterwards."""
    refused: int = 0
    """Journals that bulkload will not open afterwards; safe, but a person has to look."""
    corrupt: int = 0


class _PowerCutError(BaseException):
    """The machine is off."""


def power_cut(folder: Path, seed: int, kind: type[Journal] = Journal) -> Cuts:
    """Cut the power at a random operation of a journal that is being written, and look at it.

    Args:
        folder: Empty; a memory disk will do, because what is lost is simulated.
        seed: Decides how much is written and where the power goes.
        kind: The journal under test.
    """
    randomness = random.Random(seed)
    before, after = folder / "before", folder / "after"
    before.mkdir()
    after.mkdir()
    disk = ForgetfulDisk()
    countdown = randomness.randrange(1, 600)
    acknowledged: list[int] = []

    def cut(_what: str) -> None:
        nonlocal countdown
        countdown -= 1
        if countdown == 0:
            disk.cut(randomness, into=after)
            shutil.copy(before / f"{NAME}.lock", after)
            raise _PowerCutError

    with kind.open(
        before / NAME, connect=connect_through(disk), make_writer=InlineWriter
    ) as journal:
        run = journal.begin(source_sha256="s", mapping_sha256="m", target="t")
        disk.before_operation = cut
        try:
            asyncio.run(_write(run, acknowledged))
        except BaseException as error:
            if countdown > 0:
                raise error from None
        disk.before_operation = lambda _what: None
    return _judged(after, acknowledged, kind)


async def _write(run: RunJournal, acknowledged: list[int]) -> None:
    row_number = 2
    while True:
        payload = Payload(row_number, {"email": f"c{row_number}@example.com"}, b"{}")
        keys = run.keys(payload)
        attempt = Attempt(1, "create", "", 0)
        await run.intent(RowEntry(row_number, RowState.INTENT, attempts=1), keys, attempt)
        acknowledged.append(row_number)
        if row_number % 3:
            done = RowEntry(row_number, RowState.DONE, Status.CREATED, f"id{row_number}", 200, 1)
            await run.answer(done, keys, Attempt(1, "create", "", 0, "applied", 200), digest=b"d")
        row_number += 1


def _judged(folder: Path, acknowledged: list[int], kind: type[Journal]) -> Cuts:
    found = Cuts(cuts=1, acknowledged=len(acknowledged))
    try:
        with kind.open(folder / NAME) as journal:
            kept = {row for (row,) in journal.ask("SELECT row_number FROM row")}
    except BadInputError:
        found.refused = 1
        kept = _raw_rows(folder / NAME, found)
    found.lost = len(set(acknowledged) - kept)
    return found


def _raw_rows(path: Path, found: Cuts) -> set[int]:
    try:
        connection = sqlite3.connect(path)
        try:
            found.corrupt = connection.execute("PRAGMA integrity_check").fetchone()[0] != "ok"
            return {row for (row,) in connection.execute("SELECT row_number FROM row")}
        finally:
            connection.close()
    except sqlite3.Error:
        found.corrupt = 1
        return set()


def campaign(cuts: int, kind: type[Journal] = Journal, seed: int = 0) -> Cuts:
    """Cut the power many times and add up."""
    total = Cuts()
    shared_memory = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
    where = shared_memory if shared_memory.is_dir() else None
    for number in range(cuts):
        with tempfile.TemporaryDirectory(dir=where) as folder:
            one = power_cut(Path(folder), seed + number, kind)
        for name in ("cuts", "acknowledged", "lost", "refused", "corrupt"):
            setattr(total, name, getattr(total, name) + getattr(one, name))
    return total


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a campaign and print its figures; 1 if an acknowledged intent was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cuts", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--control", action="store_true", help="synchronous=NORMAL")
    said = parser.parse_args(arguments)
    total = campaign(said.cuts, CarelessJournal if said.control else Journal, said.seed)
    sys.stdout.write(
        f"{total.cuts} power cuts: {total.acknowledged} acknowledged intents,"
        f" {total.lost} lost, {total.refused} journals refused, {total.corrupt} corrupt\n"
    )
    return int(total.lost > 0)


if __name__ == "__main__":
    sys.exit(main())
