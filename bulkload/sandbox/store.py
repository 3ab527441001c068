"""Everything the sandbox knows, in one SQLite database: customers, documents, call counts.

A customer is the system's own object as JSON text, beside the few columns that the systems search
by. Reads take a *horizon*: what was written after it is not seen yet, which is how a system with
lagging replicas looks from outside.
"""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NOW = float("inf")
"""The horizon that sees everything."""

_WAIT_S = 2.0
"""For another sandbox on the same file to end."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS customer(
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    scope TEXT NOT NULL, id TEXT NOT NULL, email TEXT, phone TEXT, reference TEXT,
    search TEXT NOT NULL, body TEXT NOT NULL, prior TEXT,
    created_at REAL NOT NULL, updated_at REAL NOT NULL, deleted_at REAL);
CREATE UNIQUE INDEX IF NOT EXISTS customer_id ON customer(scope, id);
CREATE INDEX IF NOT EXISTS customer_email ON customer(scope, email);
CREATE INDEX IF NOT EXISTS customer_phone ON customer(scope, phone);
CREATE INDEX IF NOT EXISTS customer_reference ON customer(scope, reference);
CREATE INDEX IF NOT EXISTS customer_created ON customer(scope, created_at);
CREATE TABLE IF NOT EXISTS document(
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, created_at REAL NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS document_id ON document(kind, id);
CREATE TABLE IF NOT EXISTS spent(
    caller TEXT NOT NULL, quota TEXT NOT NULL, window_start REAL NOT NULL, calls INTEGER NOT NULL,
    PRIMARY KEY(caller, quota)) WITHOUT ROWID;
"""
# One encoder for all calls: json.dumps builds a new one each time it gets arguments.
compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_COLUMNS = "scope, id, email, phone, reference, search, body, prior, created_at, updated_at"


@dataclass(frozen=True, slots=True)
class Keys:
    """What a customer can be found by, as the system compares it; None where it has none."""

    email: str | None = None
    phone: str | None = None
    reference: str | None = None
    """The caller's own id, where the system has one."""
    search: str = ""
    """Folded text for free search."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which customers a read means."""

    where: str = "1"
    """SQL over the columns of `customer`."""
    values: tuple[Any, ...] = ()
    order: str = "seq"
    limit: int = -1
    offset: int = 0
    horizon: float = NOW


class StoreError(OSError):
    """The data file cannot be used: not SQLite, not writable, or open elsewhere."""

    def __init__(self, reason: str, data: Path | None, code: int = errno.EIO) -> None:
        self.message = f"the sandbox cannot use its data file: {reason}"
        super().__init__(code, self.message, str(data))


class Store:
    """One connection, one transaction at a time, from any thread."""

    def __init__(self, data: Path | None) -> None:
        self._lock = threading.RLock()
        try:
            if data is not None:
                # It holds customers: nobody else may read it, from the first byte on.
                os.close(os.open(data, os.O_RDWR | os.O_CREAT, 0o600))
            self._db = sqlite3.connect(
                data or ":memory:", isolation_level=None, check_same_thread=False, timeout=_WAIT_S
            )
        except OSError as error:
            reason = error.strerror or "the system refused"
            raise StoreError(reason.lower(), data, error.errno or errno.EIO) from None
        except sqlite3.Error as error:
            raise StoreError(str(error), data) from None
        try:
            # The only connection: no second process may serve the same file, and no -shm is needed.
            self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.executescript(f"BEGIN IMMEDIATE;{_SCHEMA}COMMIT;")
        except sqlite3.Error as error:
            self._db.close()
            if "locked" in str(error):
                raise StoreError("another sandbox is using it", data, errno.EBUSY) from None
            raise StoreError(str(error), data) from None

    def close(self) -> None:
        """Release the file."""
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep all that is done inside, or nothing of it."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    # customers

    def add(self, scope: str, id_: str, keys: Keys, body: Mapping[str, Any], now: float) -> None:
        """Keep a customer that was not there."""
        self._db.execute(
            f"INSERT INTO customer({_COLUMNS}) VALUES (?,?,?,?,?,?,?,NULL,?,?)",  # noqa: S608
            (
                scope,
                id_,
                keys.email,
                keys.phone,
                keys.reference,
                keys.search,
                compact(body),
                now,
                now,
            ),
        )

    def save(self, scope: str, id_: str, keys: Keys, body: Mapping[str, Any], now: float) -> None:
        """Keep a customer's changed object; the one before stays for lagging reads."""
        self._db.execute(
            "UPDATE customer SET prior=body, email=?, phone=?, reference=?, search=?, body=?,"
            " updated_at=? WHERE scope=? AND id=? AND deleted_at IS NULL",
            (keys.email, keys.phone, keys.reference, keys.search, compact(body), now, scope, id_),
        )

    def remove(self, scope: str, id_: str, now: float) -> None:
        """Take a customer out of all reads (from `now` on)."""
        self._db.execute(
            "UPDATE customer SET deleted_at=? WHERE scope=? AND id=? AND deleted_at IS NULL",
            (now, scope, id_),
        )

    def get(self, scope: str, id_: str, horizon: float = NOW) -> dict[str, Any] | None:
        """Return the customer with this id."""
        found = self.find(scope, Filter("id=?", (id_,), horizon=horizon))
        return found[0] if found else None

    def find(self, scope: str, wanted: Filter) -> list[dict[str, Any]]:
        """Return the customers that a filter means, in its order."""
        where, values = _where(scope, wanted)
        rows = self._db.execute(
            f"SELECT CASE WHEN updated_at>? AND prior IS NOT NULL THEN prior ELSE body END"  # noqa: S608
            f" FROM customer WHERE {where} ORDER BY {wanted.order} LIMIT ? OFFSET ?",
            (wanted.horizon, *values, wanted.limit, wanted.offset),
        )
        return [json.loads(body) for (body,) in rows]

    def count(self, scope: str, wanted: Filter) -> int:
        """Return how many customers a filter means, its limit and offset aside."""
        where, values = _where(scope, wanted)
        sql = f"SELECT count(*) FROM customer WHERE {where}"  # noqa: S608 - own text, values bound
        return int(self._db.execute(sql, values).fetchone()[0])

    def scopes(self) -> list[str]:
        """Return every scope that ever held a customer."""
        with self._lock:
            return [s for (s,) in self._db.execute("SELECT DISTINCT scope FROM customer")]

    # documents

    def put(self, kind: str, id_: str, body: Any, now: float) -> None:
        """Keep a document, new or changed; a changed one keeps its place."""
        self._db.execute(
            "INSERT INTO document(kind, id, body, created_at) VALUES (?,?,?,?)"
            " ON CONFLICT(kind, id) DO UPDATE SET body=excluded.body",
            (kind, id_, compact(body), now),
        )

    def fetch(self, kind: str, id_: str) -> Any:
        """Return a document; None if there is none."""
        row = self._db.execute(
            "SELECT body FROM document WHERE kind=? AND id=?", (kind, id_)
        ).fetchone()
        return None if row is None else json.loads(row[0])

    def documents(self, kind: str) -> list[Any]:
        """Return all documents of a kind, oldest first."""
        rows = self._db.execute("SELECT body FROM document WHERE kind=? ORDER BY seq", (kind,))
        return [json.loads(body) for (body,) in rows]

    def drop(self, kind: str, id_: str) -> bool:
        """Remove a document; tell whether there was one."""
        done = self._db.execute("DELETE FROM document WHERE kind=? AND id=?", (kind, id_))
        return done.rowcount > 0

    def forget(self, kind: str, before: float) -> None:
        """Remove the documents of a kind that were made before a time."""
        self._db.execute("DELETE FROM document WHERE kind=? AND created_at<?", (kind, before))

    # call counts

    def spent(self, caller: str, quota: str) -> tuple[float, int]:
        """Return when the caller's current window of a quota began, and the calls in it."""
        row = self._db.execute(
            "SELECT window_start, calls FROM spent WHERE caller=? AND quota=?", (caller, quota)
        ).fetchone()
        return (row[0], row[1]) if row else (float("-inf"), 0)

    def spend(self, caller: str, quota: str, window_start: float, calls: int) -> None:
        """Keep the calls in the caller's current window of a quota."""
        self._db.execute(
            "INSERT INTO spent VALUES (?,?,?,?) ON CONFLICT(caller, quota)"
            " DO UPDATE SET window_start=excluded.window_start, calls=excluded.calls",
            (caller, quota, window_start, calls),
        )


def _where(scope: str, wanted: Filter) -> tuple[str, tuple[Any, ...]]:
    alive = "deleted_at IS NULL"
    values: tuple[Any, ...] = (scope, *wanted.values)
    if wanted.horizon != NOW:
        alive = "created_at<=? AND (deleted_at IS NULL OR deleted_at>?)"
        values = (*values, wanted.horizon, wanted.horizon)
    return f"scope=? AND ({wanted.where}) AND {alive}", values
