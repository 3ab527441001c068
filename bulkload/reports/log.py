"""The rejects of a run on disk, so that two hundred thousand of them cost no memory."""

from __future__ import annotations

import marshal
import tempfile
from collections.abc import Iterable, Iterator
from operator import attrgetter
from pathlib import Path
from types import TracebackType
from typing import Self

from bulkload.records import Reject, Status
from bulkload.reports.seen import SeenRejects

_STATUS = {status.value: status for status in Status}


class RejectLog:
    """Keeps rejects in a nameless file that is gone when the run is over.

    A context manager. `add` takes the rejects of one batch after the other; iterating gives all of
    them by ascending row number, as often as it is asked for.
    """

    def __init__(self, folder: Path | str | None = None, *, most: int | None = None) -> None:
        """Begin a log.

        Args:
            folder: Where the nameless file takes its space; None: where the system has its temporary
                files. It is readable by its owner only.
            most: How many are asked for at most. With more, none is kept: they are counted and seen,
                and cannot be iterated over. None: all are kept.
        """
        self._most = most
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed by __exit__
        self.rejects = 0
        """Rejects added."""
        self.seen = SeenRejects()
        """What report.html shows of them, so that it need not read them all again."""
        self._sizes_bytes: list[int] = []

    def add(self, rejects: Iterable[Reject]) -> None:
        """Append the rejects of a batch, in any order; batches come in order of their rows."""
        ordered = sorted(rejects, key=attrgetter("row_number"))
        self.seen.add(ordered)
        self.rejects += len(ordered)
        if not self._keeps:
            self._sizes_bytes.clear()
            self._file.truncate(0)
            return
        parts = [
            (
                reject.row_number,
                reject.code,
                reject.column,
                reject.field,
                reject.cell,
                {name: str(value) for name, value in reject.details.items()}
                if reject.details
                else {},
                reject.status.value,
            )
            for reject in ordered
        ]
        self._file.seek(0, 2)
        self._sizes_bytes.append(self._file.write(marshal.dumps(parts)))

    @property
    def _keeps(self) -> bool:
        return self._most is None or self.rejects <= self._most

    def __len__(self) -> int:
        return self.rejects

    def __iter__(self) -> Iterator[Reject]:
        if not self._keeps:
            raise ValueError(f"of more than {self._most} rejects none is kept")
        self._file.flush()
        self._file.seek(0)
        # One reader at a time: the next one begins at the first batch again.
        for size in self._sizes_bytes:
            # Nobody else can write into a file without a name.
            parts = marshal.loads(self._file.read(size))  # noqa: S302
            for row_number, code, column, field, cell, details, status in parts:
                yield Reject(row_number, code, column, field, cell, details, _STATUS[status])

    def close(self) -> None:
        """Let go of the nameless file; the log cannot be read afterwards."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()
