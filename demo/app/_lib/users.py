"""The users of the shop, as rows of SQLite."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from app._lib.db import connection, transaction
from app._lib.validation import email, text
from fsroute import HTTPError

RULES = {"name": text(max_length=80), "email": email}


@dataclass(frozen=True, slots=True)
class User:
    id: int
    name: str
    email: str


def all_users() -> list[User]:
    return [User(*row) for row in connection().execute("SELECT id, name, email FROM users ORDER BY id")]


def find_user(id: int) -> User | None:
    row = connection().execute("SELECT id, name, email FROM users WHERE id = ?", (id,)).fetchone()
    return None if row is None else User(*row)


def add_user(name: str, email: str) -> User:
    with _unique_email(), transaction() as db:
        db.execute("INSERT INTO users (name, email) VALUES (?, ?)", (name, email))
        row = db.execute("SELECT id, name, email FROM users WHERE id = last_insert_rowid()").fetchone()
        return User(*row)


def change_user(id: int, values: dict[str, str]) -> User | None:
    """The user with these values written over the old ones; None when there is no such user."""
    with _unique_email(), transaction() as db:
        db.execute(
            "UPDATE users SET name = coalesce(:name, name), email = coalesce(:email, email) WHERE id = :id",
            {"name": None, "email": None, **values, "id": id},
        )
        return find_user(id)


def remove_user(id: int) -> bool:
    """Whether there was such a user."""
    with transaction() as db:
        return db.execute("DELETE FROM users WHERE id = ?", (id,)).rowcount == 1


@contextmanager
def _unique_email() -> Iterator[None]:
    try:
        yield
    except sqlite3.IntegrityError:
        errors = [{"name": "email", "message": "is already in use"}]
        raise HTTPError(409, "This email is already in use", errors=errors) from None
