"""The journal's tables. No payloads and no contact data: keys as HMAC, payloads as digest.

    journal    one line: the secret of the HMACs, how many commits there were
    run        one execution, with the fingerprints of what it was bound to
    row        where a source row of a run stands
    attempt    one line per send, never taken back
    effect     further operations of a row (points, stamps), each with a state of its own
    open_key   keys of customers about whom something is under way: at most one each, over all runs
    delivered  customers whom any run has delivered or found, by key

Every line carries a checksum of itself: SQLite notices a broken page, but not a changed byte in a
value, and a changed key would send a customer again.
"""

from __future__ import annotations

import marshal
import zlib
from typing import Any

APPLICATION_ID = 0x62756C6B
"""`bulk`"""
VERSION = 1

TABLES = """
CREATE TABLE journal (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    secret BLOB NOT NULL,
    created_s INTEGER NOT NULL,
    crc INTEGER NOT NULL,
    commits INTEGER NOT NULL
) STRICT;
CREATE TABLE run (
    number INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL UNIQUE,
    started_s INTEGER NOT NULL,
    finished_s INTEGER,
    state TEXT NOT NULL,
    target TEXT NOT NULL,
    source_sha256 TEXT NOT NULL,
    mapping_sha256 TEXT NOT NULL,
    facts TEXT NOT NULL,
    rows INTEGER,
    judged TEXT NOT NULL
) STRICT;
CREATE TABLE row (
    run INTEGER NOT NULL,
    row_number INTEGER NOT NULL,
    state TEXT NOT NULL,
    status TEXT NOT NULL,
    remote_id TEXT NOT NULL,
    http_status INTEGER,
    attempts INTEGER NOT NULL,
    message TEXT NOT NULL,
    extra TEXT NOT NULL,
    crc INTEGER NOT NULL,
    PRIMARY KEY (run, row_number)
) STRICT, WITHOUT ROWID;
CREATE TABLE attempt (
    run INTEGER NOT NULL,
    row_number INTEGER NOT NULL,
    n INTEGER NOT NULL,
    operation TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    sent_s INTEGER NOT NULL,
    outcome TEXT,
    http_status INTEGER,
    exception TEXT,
    crc INTEGER NOT NULL,
    PRIMARY KEY (run, row_number, n)
) STRICT, WITHOUT ROWID;
CREATE TABLE effect (
    run INTEGER NOT NULL,
    row_number INTEGER NOT NULL,
    step INTEGER NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    sent_s INTEGER NOT NULL,
    crc INTEGER NOT NULL,
    PRIMARY KEY (run, row_number, step)
) STRICT, WITHOUT ROWID;
CREATE TABLE open_key (
    key BLOB PRIMARY KEY,
    run INTEGER NOT NULL,
    row_number INTEGER NOT NULL,
    crc INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE delivered (
    key BLOB PRIMARY KEY,
    remote_id TEXT NOT NULL,
    digest BLOB NOT NULL,
    at_s INTEGER NOT NULL,
    run INTEGER NOT NULL,
    row_number INTEGER NOT NULL,
    crc INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
"""

BEGIN = "BEGIN IMMEDIATE"
COMMIT = "COMMIT"
ROLLBACK = "ROLLBACK"
COUNT_COMMIT = "UPDATE journal SET commits = ? WHERE id = 1"

PUT_ROW = "INSERT OR REPLACE INTO row VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
PUT_ATTEMPT = "INSERT INTO attempt VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
CLOSE_ATTEMPT = (
    "UPDATE attempt SET outcome = ?, http_status = ?, exception = ?, crc = ?"
    " WHERE run = ? AND row_number = ? AND n = ? AND outcome IS NULL"
)
PUT_EFFECT = "INSERT OR REPLACE INTO effect VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
OPEN_KEY = (
    "INSERT INTO open_key VALUES (?1, ?2, ?3, ?4)"
    " ON CONFLICT (key) DO UPDATE SET key = iif(run = ?2 AND row_number = ?3, key, NULL)"
)
"""A key that another row holds open violates NOT NULL: two requests for one customer cannot be."""
CLOSE_KEY = "DELETE FROM open_key WHERE key = ? AND run = ? AND row_number = ?"
PUT_DELIVERED = "INSERT OR REPLACE INTO delivered VALUES (?, ?, ?, ?, ?, ?, ?)"
PUT_RUN = "INSERT INTO run VALUES (NULL, ?, ?, NULL, 'open', ?, ?, ?, ?, NULL, '')"
JUDGE_RUN = "UPDATE run SET rows = ?, judged = ? WHERE number = ?"
FINISH_RUN = (
    "UPDATE run SET state = 'complete', finished_s = ?, rows = coalesce(?, rows) WHERE number = ?"
)
WITHDRAW_RUN = "DELETE FROM run WHERE number = ?1 AND NOT EXISTS (SELECT 1 FROM row WHERE run = ?1)"

ROWS_BETWEEN = (
    "SELECT row_number, state, status, remote_id, http_status, attempts, message, extra"
    " FROM row WHERE run = ? AND row_number BETWEEN ? AND ?"
)
ROWS_AFTER = (
    "SELECT row_number, state, status, remote_id, http_status, attempts, message, extra"
    " FROM row WHERE run = ? AND row_number > ? ORDER BY row_number LIMIT ?"
)
LAST_ATTEMPT = (
    "SELECT n, operation, idempotency_key, sent_s, outcome FROM attempt"
    " WHERE run = ? AND row_number = ? ORDER BY n DESC LIMIT 1"
)
FIRST_SENT = "SELECT min(sent_s) FROM attempt WHERE run = ? AND row_number = ?"
SENT_SINCE = "SELECT sent_s FROM attempt WHERE sent_s >= ? ORDER BY sent_s DESC LIMIT ?"
EFFECTS_OF = (
    "SELECT step, state, idempotency_key, sent_s FROM effect WHERE run = ? AND row_number = ?"
)
KNOWS_ANY = "SELECT EXISTS (SELECT 1 FROM delivered) OR EXISTS (SELECT 1 FROM row WHERE run = ?)"
UNDECIDED = "SELECT count(*) FROM row WHERE run = ? AND state != 'done'"
UNFINISHED = (
    "SELECT run_id FROM run WHERE state = 'open' AND target = ? AND source_sha256 = ?"
    " AND mapping_sha256 = ? ORDER BY number DESC LIMIT 1"
)
DELIVERED = (
    "SELECT d.key, d.remote_id, d.digest, d.at_s, r.run_id, d.row_number FROM delivered d"
    " JOIN run r ON r.number = d.run WHERE key IN"
)
HELD = (
    "SELECT o.key, o.run, o.row_number, r.state = 'done' FROM open_key o"
    " JOIN row r ON r.run = o.run AND r.row_number = o.row_number WHERE o.key IN"
)
"""A customer whose row is done and who is still held was left for review."""

CHECKED_TABLES = ("row", "attempt", "effect", "open_key", "delivered")


def checked(*values: Any) -> tuple[Any, ...]:
    """Return a line of a table with its checksum at the end."""
    # Format 0 writes equal values as equal bytes; the later ones depend on who else holds them.
    return (*values, zlib.crc32(marshal.dumps(values, 0)))


def is_intact(line: tuple[Any, ...]) -> bool:
    """Whether a line of a table is as it was written."""
    return checked(*line[:-1]) == line
