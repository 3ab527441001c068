"""The one thread that writes the journal, many changes to a commit.

change = [(statement, parameters), ...]     all of it in one commit, or none
put(change)     durable once the future is done
ask(question)   runs on the same connection, after everything put before it
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from bulkload.delivery.schema import BEGIN, COMMIT, COUNT_COMMIT, ROLLBACK
from bulkload.errors import JournalStoppedError

Answer = TypeVar("Answer")
Statement = tuple[str, tuple[Any, ...]]
Change = Sequence[Statement]
Question = Callable[[Any], Answer]

LINGER_S = 0.02
"""How long an answer, for which nobody waits, may wait for an intent to share its commit with."""
APART_S = 0.008
"""Changes are handed over no closer together, so that a fast run shares commits; a slow one waits for
none, and a question hands over at once."""
MOST_IN_A_COMMIT = 1000


class Writer(Protocol):
    """Writes changes and answers questions, in order, on one connection."""

    def put(self, change: Change, *, urgent: bool = True) -> asyncio.Future[None]:
        """Write a change; the future is done when it is on disk."""

    def ask(self, question: Question[Answer]) -> Answer:
        """Return what the question finds, all earlier changes included."""

    def write(self, change: Change) -> None:
        """Write a change and wait until it is on disk."""

    def close(self) -> None:
        """Write what is waiting and end."""


class Commits:
    """Applies changes to a connection and counts the commits.

    Args:
        connection: Not used by anyone else; sqlite3 in autocommit mode, or what behaves like it.
        count: Commits so far.
        seal: Called with the new count after every commit.
    """

    def __init__(self, connection: Any, count: int, seal: Callable[[int], None]) -> None:
        self.connection = connection
        self.count = count
        self._seal = seal
        self._failure: Exception | None = None

    def commit(self, changes: Sequence[Change]) -> None:
        """Write changes in one transaction, on disk when this returns.

        After one failure every further commit fails as well: what the disk holds is known again
        only when the journal is opened anew (after a failed sync the kernel forgets what was not
        written, and a second sync that succeeds proves nothing).

        Changes that share a commit are independent of each other: whoever makes them waits for the
        one before, so statements can be sorted by kind.

        Raises:
            JournalStoppedError: This commit or an earlier one failed.
        """
        if self._failure is not None:
            raise stopped(self._failure)
        try:
            self._commit(changes)
        except Exception as error:
            self._failure = error
            # What is not known to be on disk must not be read as if it were.
            with contextlib.suppress(Exception):  # SQLite may have rolled back by itself
                self.connection.execute(ROLLBACK)
            raise stopped(error) from error

    def _commit(self, changes: Sequence[Change]) -> None:
        by_statement: dict[str, list[tuple[Any, ...]]] = {}
        for change in changes:
            for statement, parameters in change:
                by_statement.setdefault(statement, []).append(parameters)
        execute = self.connection.execute
        execute(BEGIN)
        for statement, all_parameters in by_statement.items():
            if len(all_parameters) == 1:
                execute(statement, all_parameters[0])
            else:
                self.connection.executemany(statement, all_parameters)
        execute(COUNT_COMMIT, (self.count + 1,))
        execute(COMMIT)
        self.count += 1
        self._seal(self.count)


class InlineWriter:
    """Writes at once, in the caller's thread: for single-threaded use and simulated time."""

    def __init__(self, commits: Commits) -> None:
        self._commits = commits

    def put(self, change: Change, *, urgent: bool = True) -> asyncio.Future[None]:  # noqa: ARG002 - every change is written at once
        """Write a change in a commit of its own."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        try:
            self._commits.commit([change])
        except JournalStoppedError as error:
            done.set_exception(error)
        else:
            done.set_result(None)
        return done

    def ask(self, question: Question[Answer]) -> Answer:
        """Run the question."""
        return question(self._commits.connection)

    def write(self, change: Change) -> None:
        """Write a change in a commit of its own."""
        self._commits.commit([change])

    def close(self) -> None:
        """Close the connection."""
        self._commits.connection.close()


@dataclass(slots=True)
class _Put:
    change: Change
    done: asyncio.Future[None]


@dataclass(slots=True)
class _Ask:
    question: Question[Any]
    answers: queue.SimpleQueue[tuple[Any, BaseException | None]]
    """Gets one, and the error in its place. An interrupt cannot leave its lock behind."""


class _End:
    pass


class ThreadWriter:
    """Writes in a thread of its own; everything that waits shares the next commit."""

    def __init__(self, commits: Commits, *, linger_s: float = LINGER_S) -> None:
        self._commits = commits
        self._linger_s = linger_s
        self._outbox: list[_Put] = []
        self._timer: asyncio.TimerHandle | None = None
        self._due_s = math.inf
        self._handed_s = -math.inf
        self._inbox: queue.SimpleQueue[list[_Put] | _Ask | _End] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()

    def put(self, change: Change, *, urgent: bool = True) -> asyncio.Future[None]:
        """Collect a change; the thread gets it with whatever else comes until it is due."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        now = loop.time()
        due_s = max(now, self._handed_s + APART_S) if urgent else now + self._linger_s
        if not self._outbox or due_s < self._due_s:
            if self._timer is not None:
                self._timer.cancel()
            self._due_s = due_s
            self._timer = loop.call_at(due_s, self._hand_over)
        self._outbox.append(_Put(change, done))
        return done

    def ask(self, question: Question[Answer]) -> Answer:
        """Hand a question to the thread and wait for its answer."""
        self._hand_over()
        answers: queue.SimpleQueue[tuple[Answer, BaseException | None]] = queue.SimpleQueue()
        self._inbox.put(_Ask(question, answers))
        answer, error = answers.get()
        if error is not None:
            raise error
        return answer

    def write(self, change: Change) -> None:
        """Write a change in a commit of its own, in the thread."""
        self.ask(lambda _connection: self._commits.commit([change]))

    def close(self) -> None:
        """Write what is waiting, close the connection, end the thread."""
        self._hand_over()
        self._inbox.put(_End())
        self._thread.join()

    def _hand_over(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._outbox:
            # One hand-over wakes the thread once, however many changes there are.
            self._handed_s = time.monotonic()
            self._inbox.put(self._outbox)
            self._outbox = []

    def _work(self) -> None:
        while True:
            puts, then = self._gathered()
            if puts:
                self._write(puts)
            if isinstance(then, _End):
                self._commits.connection.close()
                return
            if isinstance(then, _Ask):
                try:
                    then.answers.put((then.question(self._commits.connection), None))
                except BaseException as error:  # noqa: BLE001 - it belongs to whoever asked
                    then.answers.put((None, error))

    def _gathered(self) -> tuple[list[_Put], _Ask | _End | None]:
        """Return the changes of the next commit, and what came behind them."""
        puts: list[_Put] = []
        while len(puts) < MOST_IN_A_COMMIT:
            try:
                item = self._inbox.get_nowait() if puts else self._inbox.get()
            except queue.Empty:
                break
            if not isinstance(item, list):
                return puts, item
            puts += item
        return puts, None

    def _write(self, puts: list[_Put]) -> None:
        refusal: JournalStoppedError | None = None
        try:
            self._commits.commit([put.change for put in puts])
        except JournalStoppedError as error:
            refusal = error
        # Where the loop is closed, nobody waits any more.
        with contextlib.suppress(RuntimeError):
            puts[0].done.get_loop().call_soon_threadsafe(_resolve, puts, refusal)


def _resolve(puts: list[_Put], error: JournalStoppedError | None) -> None:
    for put in puts:
        if put.done.done():
            continue
        if error is None:
            put.done.set_result(None)
        else:
            put.done.set_exception(error)


def stopped(error: Exception) -> JournalStoppedError:
    """Return what to tell the user when the journal cannot be written."""
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    full = name == "SQLITE_FULL"
    return JournalStoppedError(
        f"the journal cannot be written ({name}); nothing more was sent",
        fix=("make room on its disk and " if full else "")
        + "run the same command again: it continues where it stopped",
    )
