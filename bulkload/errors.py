"""Errors are about the run, never about a row (a bad row is a `Reject`, a value).

    BulkloadError                2   usage, mapping, configuration
     |- CredentialsError         3   the system refused the credentials
     |- UnreachableError         4   the system is not there or gave up; the run can be resumed
     |- JournalBusyError         4   another run holds the journal; try again when it has finished
     |- JournalStoppedError      4   the journal cannot be written; sending stopped, resumable
     |- SafetyStopError          5   a safety limit stopped the run before harm was done
     |- BadInputError           65   source or journal cannot be read
     |- InterruptedRunError    130   a signal stopped the run; it can be resumed

`str(error)` is the text that the user reads: what happened, where, and what to do next.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection
from typing import ClassVar


class BulkloadError(Exception):
    """Base of every error raised on purpose: what happened, where, and how to fix it."""

    exit_code: ClassVar[int] = 2

    def __init__(self, what: str, *, where: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.what, self.where, self.fix = what, where, fix

    def __str__(self) -> str:
        lines = [self.what]
        if self.where:
            lines.append(f"  --> {self.where}")
        if self.fix:
            lines.append(f"hint: {self.fix}")
        return "\n".join(lines)


class CredentialsError(BulkloadError):
    """The system does not accept the credentials."""

    exit_code: ClassVar[int] = 3


class UnreachableError(BulkloadError):
    """The system is not there, answers with failures only, or asks to come back later."""

    exit_code: ClassVar[int] = 4


class JournalBusyError(BulkloadError):
    """Another process holds the journal; nothing was sent."""

    exit_code: ClassVar[int] = 4


class JournalStoppedError(BulkloadError):
    """The journal could not be written (disk full, I/O error); sending stopped at once."""

    exit_code: ClassVar[int] = 4


class SafetyStopError(BulkloadError):
    """A limit that protects customers was reached; nothing beyond it was sent."""

    exit_code: ClassVar[int] = 5


class BadInputError(BulkloadError):
    """The source or the journal cannot be read, or is not what it says it is."""

    exit_code: ClassVar[int] = 65


class InterruptedRunError(BulkloadError):
    """A signal stopped the run; every answer that had arrived is in the journal."""

    exit_code: ClassVar[int] = 130

    def __init__(
        self, what: str, *, where: str = "", fix: str = "", signal_number: int = 2
    ) -> None:
        super().__init__(what, where=where, fix=fix)
        self.signal_number = signal_number


EXIT_SYSTEM = 2
EXIT_BUG = 70
EXIT_INTERRUPTED = 130


def exit_code_of(error: BaseException) -> int:
    """Return the exit status of a process that an error ends."""
    if isinstance(error, InterruptedRunError):
        return 128 + error.signal_number
    if isinstance(error, BulkloadError):
        return error.exit_code
    if not isinstance(error, Exception):
        return EXIT_INTERRUPTED
    return EXIT_SYSTEM if isinstance(error, OSError) and error.errno is not None else EXIT_BUG


class UnknownColumnError(BulkloadError):
    """The mapping names a column that the source does not have."""

    def __init__(self, column: str, headers: Collection[str], *, source: str, where: str) -> None:
        have = ", ".join(f"`{header}`" for header in headers)
        super().__init__(
            f"column `{column}` is not in `{source}`",
            where=where,
            fix=did_you_mean(column, headers) + f"the file has: {have}",
        )
        self.column = column


def did_you_mean(word: str, known: Collection[str]) -> str:
    """Return `did you mean X? ` for the closest known word, or nothing if none is close."""
    folded = {candidate.casefold(): candidate for candidate in known}
    close = difflib.get_close_matches(word.casefold(), folded, n=1)
    return f"did you mean `{folded[close[0]]}`? " if close else ""
