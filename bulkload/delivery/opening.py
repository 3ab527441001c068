"""Opening a journal: made with mode 0600, or checked before it is believed.

A journal that cannot be trusted is refused with a sentence. It is never treated as empty: an empty
journal would send everything again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bulkload.delivery.schema import (
    APPLICATION_ID,
    CHECKED_TABLES,
    TABLES,
    VERSION,
    checked,
    is_intact,
)
from bulkload.errors import BadInputError

Connect = Callable[[str], Any]
"""Opens a database in autocommit mode; given by tests that simulate disks."""

PRIVATE = 0o600
_HEADER_BYTES = 100
_MAGIC = b"SQLite format 3\x00"


def connect_sqlite(path: str) -> sqlite3.Connection:
    """Open a database file for the writer's thread."""
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=2.0)


def connect_read_only(path: str) -> sqlite3.Connection:
    """Open a database file so that it cannot be changed, also while a run writes it."""
    uri = Path(path).absolute().as_uri() + "?mode=ro"
    return sqlite3.connect(
        uri, uri=True, isolation_level=None, check_same_thread=False, timeout=2.0
    )


def create(path: Path, connect: Connect, *, synchronous: str, epoch_s: float) -> Any:
    """Make an empty journal and return its connection."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, PRIVATE))
    connection = connect(str(path))
    _settle(connection, path, synchronous)
    connection.execute("BEGIN IMMEDIATE")
    for statement in TABLES.split(";"):
        if statement.strip():
            connection.execute(statement)
    head = checked(secrets.token_bytes(32), int(epoch_s))
    connection.execute("INSERT INTO journal VALUES (1, ?, ?, ?, 0)", head)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")
    # Into the file itself, so that its first page says whose it is whatever happens to the WAL.
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return connection


def open_checked(
    path: Path, connect: Connect, *, synchronous: str = "", fingerprint: str = ""
) -> Any:
    """Open an existing journal and return its connection.

    Args:
        path: The database.
        connect: Opens it.
        synchronous: How commits are synced; empty for a connection that only reads.
        fingerprint: Of the file when it was last closed; empty if it was not closed, so that every
            line has to be checked.

    Raises:
        BadInputError: It is not a journal, of another version, or damaged.
    """
    _check_header(path)
    if fingerprint and fingerprint != fingerprint_of(path):
        raise damaged(path, "it was changed after it was closed")
    if synchronous and stat.S_IMODE(path.stat().st_mode) != PRIVATE:
        path.chmod(PRIVATE)  # its log takes over the mode
    try:
        connection = connect(str(path))
        if synchronous:
            _settle(connection, path, synchronous)
        else:
            _distrust(connection)
        _check(connection, path)
        if synchronous and not fingerprint:
            _check_every_line(connection, path)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise damaged(path, f"{type(error).__name__}: {error}") from error
    return connection


def damaged(path: Path, how: str) -> BadInputError:
    """Return the refusal of a journal that cannot be believed."""
    return BadInputError(
        f"the journal is damaged ({how}); nothing was sent",
        where=str(path),
        fix="put back a copy of it, or move it and its .lock file away: then customers who are"
        " there already are found by comparing with the system before anything is sent",
    )


def fingerprint_of(path: Path) -> str:
    """Return what a closed journal is recognised by."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, hashlib.blake2b).hexdigest()[:32]


def _settle(connection: Any, path: Path, synchronous: str) -> None:
    _distrust(connection)
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode is None or str(mode[0]).lower() != "wal":
        raise BadInputError(
            "the journal's disk cannot keep a write-ahead log (a network file system?)",
            where=str(path),
            fix="set BULKLOAD_STATE_DIR to a folder on a local disk",
        )
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    connection.execute("PRAGMA fullfsync = ON")


def _distrust(connection: Any) -> None:
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")


def _check_header(path: Path) -> None:
    with path.open("rb") as file:
        header = file.read(_HEADER_BYTES)
    if len(header) < _HEADER_BYTES or not header.startswith(_MAGIC):
        raise damaged(path, "it is not a database")
    if int.from_bytes(header[68:72], "big") != APPLICATION_ID:
        raise BadInputError(
            "this file is not a journal of bulkload; it was left alone",
            where=str(path),
            fix="name another state directory with BULKLOAD_STATE_DIR",
        )


def _check(connection: Any, path: Path) -> None:
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise damaged(path, str(found))
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version != VERSION:
        raise BadInputError(
            f"the journal has version {version}, this bulkload writes version {VERSION}",
            where=str(path),
            fix="use the bulkload that wrote it",
        )
    schema = connection.execute("SELECT type, name, sql FROM sqlite_schema").fetchall()
    if {tuple(part) for part in schema} != _expected():
        raise damaged(path, "its tables are not the journal's")


def _check_every_line(connection: Any, path: Path) -> None:
    heads = connection.execute("SELECT secret, created_s, crc FROM journal").fetchall()
    if len(heads) != 1 or not is_intact(tuple(heads[0])):
        raise damaged(path, "its first line is not as it was written")
    for table in CHECKED_TABLES:
        for line in connection.execute(f"SELECT * FROM {table}"):  # noqa: S608 - a name of ours
            if not is_intact(tuple(line)):
                raise damaged(path, f"a line of `{table}` is not as it was written")


def _expected() -> set[tuple[str, str, str]]:
    with contextlib.closing(sqlite3.connect(":memory:")) as model:
        model.executescript(TABLES)
        return set(model.execute("SELECT type, name, sql FROM sqlite_schema").fetchall())
