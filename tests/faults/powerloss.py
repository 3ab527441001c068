"""A disk that forgets what was not synced.

    disk = ForgetfulDisk()                      an apsw VFS on top of the real files
    journal = connect_through(disk)             sqlite3's calls, apsw underneath
    disk.cut(randomness, into=folder)           the files as a power cut may leave them

SIGKILL proves nothing about durability, because the kernel keeps what a dead process has written.
Here every file falls back to its content at its last sync; for some cuts a random beginning of what
came after survives, as it may on a real disk.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any, Self

import apsw

_names = count()
_ERRORS: tuple[tuple[type[apsw.Error], type[sqlite3.Error]], ...] = (
    (apsw.ConstraintError, sqlite3.IntegrityError),
    (apsw.CorruptError, sqlite3.DatabaseError),
    (apsw.NotADBError, sqlite3.DatabaseError),
    (apsw.Error, sqlite3.OperationalError),
)


class ForgetfulDisk(apsw.VFS):
    """Remembers, per file, what a power cut would leave."""

    def __init__(self, fail_sync_at: int = 0) -> None:
        self.name = f"forgetful-{next(_names)}"
        self.synced: dict[str, bytes] = {}
        self.syncs = 0
        self.before_operation: Callable[[str], None] = lambda _what: None
        """Called with `write` or `sync` before each."""
        self.fail_sync_at = fail_sync_at
        """Number of the sync that fails, counting from 1; 0 for none."""
        super().__init__(self.name, "")

    def xOpen(self, name: Any, flags: list[int]) -> _File:  # noqa: N802 - SQLite's word
        """Open a file whose syncs are watched."""
        return _File(self, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802 - SQLite's word
        """Delete a file for good."""
        super().xDelete(filename, syncdir)
        self.synced.pop(filename, None)

    def cut(self, randomness: random.Random, *, into: Path) -> None:
        """Write the files as they may look after a power cut into an empty folder."""
        for name, kept in self.synced.items():
            path = Path(name)
            content = path.read_bytes() if path.exists() else b""
            tail = content[len(kept) :]
            lucky = tail and randomness.random() < 1 / 3
            survived = randomness.randrange(len(tail) + 1) if lucky else 0
            (into / path.name).write_bytes(kept + tail[:survived])


class _File(apsw.VFSFile):
    """A file of the disk."""

    def __init__(self, disk: ForgetfulDisk, name: Any, flags: list[int]) -> None:
        super().__init__("", name, flags)
        self.disk = disk
        self.path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        before = Path(self.path)
        disk.synced.setdefault(self.path, before.read_bytes() if before.exists() else b"")

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's word
        """Write without a promise."""
        self.disk.before_operation("write")
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's word
        """Make the content last, or fail."""
        self.disk.before_operation("sync")
        self.disk.syncs += 1
        if self.disk.syncs == self.disk.fail_sync_at:
            raise apsw.IOError("told to fail")
        super().xSync(flags)
        size = self.xFileSize()
        self.disk.synced[self.path] = self.xRead(size, 0) if size else b""


class Cursor:
    """What sqlite3 returns from `execute`."""

    def __init__(self, cursor: apsw.Cursor, connection: apsw.Connection) -> None:
        self._cursor, self._connection = cursor, connection
        self.rowcount = connection.changes()
        self.lastrowid = connection.last_insert_rowid()

    def fetchone(self) -> Any:
        """Return the next row or None."""
        return self._cursor.fetchone()

    def fetchall(self) -> list[Any]:
        """Return the remaining rows."""
        return self._cursor.fetchall()

    def __iter__(self) -> Iterator[Any]:
        return iter(self._cursor)


class Connection:
    """An apsw connection that speaks sqlite3's dialect of the database interface."""

    def __init__(self, path: str, disk: ForgetfulDisk) -> None:
        flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_URI
        self._connection = _translated(lambda: apsw.Connection(path, flags, vfs=disk.name))
        # A VFS written in Python has no shared memory; one exclusive connection needs none.
        self._connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        self.row_factory: Any = None
        self.isolation_level: str | None = None

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return bool(self._connection.in_transaction)

    @property
    def total_changes(self) -> int:
        """Rows changed since the connection was opened."""
        return int(self._connection.total_changes())

    def execute(self, statement: str, values: Any = ()) -> Cursor:
        """Run one statement."""
        cursor = _translated(lambda: self._connection.cursor().execute(statement, values))
        return Cursor(cursor, self._connection)

    def executemany(self, statement: str, rows: Iterable[Any]) -> Cursor:
        """Run one statement for many rows."""
        cursor = _translated(lambda: self._connection.cursor().executemany(statement, rows))
        return Cursor(cursor, self._connection)

    def executescript(self, script: str) -> Cursor:
        """Run several statements."""
        return self.execute(script)

    def cursor(self) -> Connection:
        """Return something to execute with."""
        return self

    def commit(self) -> None:
        """Commit what is open."""
        if self.in_transaction:
            self.execute("COMMIT")

    def rollback(self) -> None:
        """Forget what is open."""
        if self.in_transaction:
            self.execute("ROLLBACK")

    def create_function(self, name: str, arity: int, function: Callable[..., Any]) -> None:
        """Register a function."""
        self._connection.create_scalar_function(name, function, arity)

    def close(self) -> None:
        """Close the connection."""
        _translated(self._connection.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.commit()
        else:
            self.rollback()


def connect_through(disk: ForgetfulDisk, *replaced: tuple[str, str]) -> Callable[..., Any]:
    """Return a stand-in for `sqlite3.connect` on that disk.

    Args:
        disk: Where the files are.
        replaced: Pairs of texts; the first is replaced by the second in every statement, so that
            a control can weaken a setting.
    """

    def connect(database: Any, *_: Any, **__: Any) -> Any:
        path = str(database).removeprefix("file:").partition("?")[0]
        if not replaced:
            return Connection(path, disk)
        return _Weakened(path, disk, replaced)

    return connect


class _Weakened(Connection):
    """A connection whose statements are changed on the way."""

    def __init__(self, path: str, disk: ForgetfulDisk, replaced: Sequence[tuple[str, str]]) -> None:
        super().__init__(path, disk)
        self._replaced = replaced

    def execute(self, statement: str, values: Any = ()) -> Cursor:
        for old, new in self._replaced:
            statement = statement.replace(old, new)
        return super().execute(statement, values)


def _translated(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except apsw.Error as error:
        for theirs, ours in _ERRORS:
            if isinstance(error, theirs):
                raise ours(str(error)) from error
        raise
