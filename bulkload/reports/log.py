"""The rejects of a run on disk, so that two hundred thousand of them cost no memory."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from bulkload.records import Reject, Status


class RejectLog:
    """Keeps rejects in a nameless file that is gone when the run is over.

    A context manager. `add` takes the rejects of one batch after the other; iterating gives all of
    them by ascending row number, as often as it is asked for.
    """

    def __init__(self, folder: Path | str | None = None) -> None:
        """Begin a log.

        Args:
            folder: Where the nameless file takes its space; None: where the system has its temporary
                files. It is readable by its owner only.
        """
        self._file = tempfile.TemporaryFile("w+", dir=folder, encoding="utf-8")  # noqa: SIM115 - closed by __exit__
        self.rejects = 0
        """Rejects added."""

    def add(self, rejects: Iterable[Reject]) -> None:
        """Append the rejects of a batch, in any order; batches come in order of their rows."""
        self._file.seek(0, 2)
        for reject in sorted(rejects, key=lambda reject: reject.row_number):
            parts = (
                reject.row_number,
                reject.code,
                reject.column,
                reject.field,
                reject.cell,
                {name: str(value) for name, value in reject.details.items()},
                reject.status.value,
            )
            # ASCII, so that a lone surrogate from a broken cell cannot stop the run here.
            self._file.write(json.dumps(parts) + "\n")
            self.rejects += 1

    def __iter__(self) -> Iterator[Reject]:
        self._file.flush()
        self._file.seek(0)
        # One reader at a time: the next one begins at the first line again.
        for line in self._file:
            row_number, code, column, field, cell, details, status = json.loads(line)
            yield Reject(row_number, code, column, field, cell, details, Status(status))

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
