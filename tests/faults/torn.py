"""Kill a process while it writes the results file; is what is left whole?

    python -m tests.faults.torn --kills 200
    python -m tests.faults.torn --kills 60 --control      written in place: must be seen torn

Processes are forked from one that has everything imported, so that the kills fall into the writing.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bulkload import reports
from bulkload.records import Result, Status
from tests.faults import broken

LINES = 20_000


def results(version: int) -> Iterator[Result]:
    """Return a results file's worth of results that all carry a version."""
    for number in range(2, LINES + 2):
        yield Result(number, f"c{number}@example.com", Status.CREATED, f"v{version}-{number}", 200)


def is_whole(path: Path) -> bool:
    """Whether a file is absent, or has every line of one version."""
    if not path.exists():
        return True
    text = path.read_text(encoding="utf-8-sig")
    lines = text.splitlines()[1:]
    versions = {line.partition(",v")[2].partition("-")[0] for line in lines}
    return text.endswith("\n") and len(lines) == LINES and len(versions) == 1


def strays(folder: Path) -> int:
    """Return how many files lie around besides the results."""
    return sum(path.name != "results.csv" for path in folder.rglob("*") if path.is_file())


def killed_while_writing(folder: Path, seed: int, took_s: float) -> bool:
    """Fork a process that writes version after version, kill it, and look; True if torn.

    Args:
        folder: Where the file is.
        seed: Decides about the moment.
        took_s: How long one writing takes.
    """
    randomness = random.Random(seed)
    path = folder / "results.csv"
    pipe, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(theirs, b"!")
        version = 0
        while True:
            version += 1
            reports.write_results(path, results(version))
    os.read(pipe, 1)
    time.sleep(randomness.uniform(0, 3 * took_s))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(pipe)
    os.close(theirs)
    return not is_whole(path)


def _seconds_of_one_writing(folder: Path) -> float:
    """Measure in a child, too: whoever forks must not have started the writer's threads."""
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        reports.write_results(folder / "results.csv", results(0))
        os._exit(0)
    os.waitpid(child, 0)
    return time.monotonic() - began


def campaign(kills: int, folder: Path, seed: int = 0) -> dict[str, int]:
    """Kill so many writers in a folder; return torn files, files that were there, and strays."""
    torn = present = 0
    took_s = _seconds_of_one_writing(folder)
    for number in range(kills):
        place = folder / str(number % 4)
        place.mkdir(exist_ok=True)
        torn += killed_while_writing(place, seed + number, took_s)
        present += (place / "results.csv").exists()
    return {
        "kills": kills,
        "lines": LINES,
        "torn": torn,
        "present": present,
        "strays": strays(folder),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a campaign and print its figures; 1 if a file was torn."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="folder for the files that are written")
    parser.add_argument("--control", action="store_true")
    said = parser.parse_args(arguments)
    if said.control:
        broken.naive_write()
    with tempfile.TemporaryDirectory() as temporary:
        found = campaign(said.kills, said.keep or Path(temporary), said.seed)
    sys.stdout.write(json.dumps(found) + "\n")
    return int(found["torn"] > 0)


if __name__ == "__main__":
    sys.exit(main())
