"""Messages to the shop, as rows of SQLite."""

import sqlite3
from dataclasses import dataclass

from app._lib.avatars import avatar, keep
from app._lib.db import connection, transaction
from app._lib.validation import email, prose, text
from fsroute import UploadedFile

RULES = {"name": text(max_length=80), "email": email, "message": prose(max_length=2000), "avatar": avatar}


@dataclass(frozen=True, slots=True)
class Message:
    id: int
    name: str
    email: str
    message: str
    avatar: str | None      # the name of its picture


def all_messages() -> list[Message]:
    rows = connection().execute("SELECT id, name, email, message, avatar FROM messages ORDER BY id")
    return [Message(*row) for row in rows]


def remove_message(db: sqlite3.Connection, id: int) -> bool:
    """Whether there was such a message."""
    return db.execute("DELETE FROM messages WHERE id = ?", (id,)).rowcount == 1


def add_message(name: str, email: str, message: str, avatar: UploadedFile | None) -> tuple[int, str | None]:
    """The id of the message and the name of its picture.

    The picture is kept first: no row names one that is not there.
    """
    picture = None if avatar is None else keep(avatar)
    with transaction() as db:
        row = (name, email, message, picture)
        db.execute("INSERT INTO messages (name, email, message, avatar) VALUES (?, ?, ?, ?)", row)
        id: int = db.execute("SELECT last_insert_rowid()").fetchone()[0]
        return id, picture
