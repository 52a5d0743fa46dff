"""The shop's SQLite file: one connection per thread, short transactions, made and filled at first use.

Rules this module keeps
-----------------------
1. Nothing is opened at import: a server may load the app before it forks its workers.
2. A connection belongs to one thread. It is closed when the thread ends, and before the thread forks:
   SQLite forbids to carry one into a child, because its locks stay behind.
3. Reads use connection(), one statement each. Writes use `with transaction() as db`, which takes the
   write lock first: two writers wait for each other and never fail half-way. Where a whole request is one,
   middleware says it, transactional.py, and connection() reads inside of it.
4. Whoever comes first makes the file. PRAGMA user_version, set in the same transaction as the rows,
   tells all others that it is complete.
5. Writers follow each other, so ids are handed out in the order of commits: who has read up to an id has
   missed nothing below it.
"""

import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app._lib.seed import CATEGORIES, PRODUCTS, USERS

DEFAULT_PATH = Path(__file__).resolve().parents[2] / "shop.db"
PATIENCE = 10.0     # seconds a writer waits for another one
VERSION = 3         # of the schema below

_SCHEMA = (
    """CREATE TABLE users (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,
        email TEXT NOT NULL UNIQUE COLLATE NOCASE
    )""",
    """CREATE TABLE categories (
        path TEXT PRIMARY KEY,
        title TEXT NOT NULL
    )""",
    """CREATE TABLE products (
        slug TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        category TEXT NOT NULL REFERENCES categories (path),
        cents INTEGER NOT NULL CHECK (cents > 0),
        color TEXT NOT NULL
    )""",
    """CREATE TABLE messages (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,
        email TEXT NOT NULL,
        message TEXT NOT NULL,
        avatar TEXT
    )""",
    """CREATE TABLE orders (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        basket TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        placed TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
        status TEXT NOT NULL DEFAULT 'placed'
    )""",
    """CREATE TABLE order_lines (
        order_id INTEGER NOT NULL REFERENCES orders (id),
        slug TEXT NOT NULL REFERENCES products (slug),
        quantity INTEGER NOT NULL CHECK (quantity > 0),
        cents INTEGER NOT NULL,
        PRIMARY KEY (order_id, slug)
    )""",
    "CREATE TABLE secrets (value BLOB NOT NULL)",
    "CREATE TABLE tasks (id INTEGER PRIMARY KEY AUTOINCREMENT, task TEXT NOT NULL)",
    "CREATE TABLE deliveries (sender TEXT, id TEXT, PRIMARY KEY (sender, id)) WITHOUT ROWID",
)


@contextmanager
def transaction() -> Iterator[sqlite3.Connection]:
    """All of the block is written, or, when it raises, nothing of it."""
    db = connection()
    db.execute("BEGIN IMMEDIATE")
    try:
        yield db
        db.commit()
    except BaseException:
        db.rollback()
        raise


def database() -> Path:
    """The file that SHOP_DB names, `shop.db` beside the app by default."""
    return Path(os.environ.get("SHOP_DB") or DEFAULT_PATH)


def connection() -> sqlite3.Connection:
    """This thread's connection to the database."""
    path = str(database())
    held: _Held | None = getattr(_local, "held", None)
    if held is None or held.path != path:
        held = _local.held = _Held(path, _open(path))
    return held.db


class _Held:
    """A connection that is closed when the thread that holds it ends."""

    def __init__(self, path: str, db: sqlite3.Connection) -> None:
        self.path, self.db = path, db

    def __del__(self) -> None:
        self.db.close()


_local = threading.local()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=lambda: _local.__dict__.clear())


def _open(path: str) -> sqlite3.Connection:
    # Autocommit: transaction() says BEGIN itself. The last reference may be dropped by another thread
    # when the interpreter shuts down, so the connection must not insist on its own.
    db = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
    try:
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA foreign_keys = ON")
        _patiently(db, "PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")       # with WAL a power cut loses moments, not more
        if _version(db) != VERSION:
            _create(db)
    except BaseException:
        db.close()
        raise
    return db


def _patiently(db: sqlite3.Connection, statement: str) -> None:
    """Run a statement for which SQLite does not wait: two that switch to WAL at once are "locked"."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            db.execute(statement)
            return
        except sqlite3.OperationalError as fault:
            if fault.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _create(db: sqlite3.Connection) -> None:
    db.execute("BEGIN IMMEDIATE")
    try:
        version = _version(db)          # again, now that nobody else can write
        if version == 0:
            for statement in _SCHEMA:
                db.execute(statement)
            db.executemany("INSERT INTO users VALUES (?, ?, ?)", USERS)
            db.executemany("INSERT INTO categories VALUES (?, ?)", CATEGORIES)
            db.executemany("INSERT INTO products VALUES (?, ?, ?, ?, ?)", PRODUCTS)
            db.execute("INSERT INTO secrets VALUES (?)", (secrets.token_bytes(32),))
            db.execute(f"PRAGMA user_version = {VERSION:d}")
        elif version != VERSION:
            raise RuntimeError(f"the file has schema {version}, not {VERSION}: delete it, it is made anew")
        db.commit()
    except BaseException:
        db.rollback()
        raise


def _version(db: sqlite3.Connection) -> int:
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    return version
