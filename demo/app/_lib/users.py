"""The users of the shop, as rows of SQLite."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypedDict

from app._lib.db import connection, transaction
from app._lib.validation import Email, Name
from fsroute import HTTPError


@dataclass(frozen=True, slots=True)
class NewUser:
    """What a user is made of. Nobody else has the email address."""

    name: Name
    email: Email


class Changes(TypedDict, total=False):
    """What is to be another in a user. The rest stays as it is."""

    name: Name
    email: Email


def some(changes: Changes) -> Changes:
    """For Annotated: changes that change something."""
    if not changes:
        raise ValueError("must have a name, an email or both")
    return changes


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who is known to the shop."""

    id: int
    name: str
    email: str


def all_users() -> list[User]:
    return [User(*row) for row in connection().execute("SELECT id, name, email FROM users ORDER BY id")]


def find_user(id: int) -> User | None:
    row = connection().execute("SELECT id, name, email FROM users WHERE id = ?", (id,)).fetchone()
    return None if row is None else User(*row)


def add_user(new: NewUser) -> User:
    with _unique_email(), transaction() as db:
        db.execute("INSERT INTO users (name, email) VALUES (?, ?)", (new.name, new.email))
        row = db.execute("SELECT id, name, email FROM users WHERE id = last_insert_rowid()").fetchone()
        return User(*row)


def change_user(id: int, name: str | None = None, email: str | None = None) -> User | None:
    """The user with what is given here in place of what was; None when there is no such user."""
    with _unique_email(), transaction() as db:
        db.execute(
            "UPDATE users SET name = coalesce(?, name), email = coalesce(?, email) WHERE id = ?",
            (name, email, id),
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
        errors = [{"name": "/email", "message": "is already in use"}]
        raise HTTPError(409, "This email is already in use", errors=errors) from None
