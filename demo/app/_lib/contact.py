"""Messages to the shop, as rows of SQLite."""

import sqlite3
from dataclasses import dataclass
from typing import Annotated

from app._lib.avatars import keep, picture
from app._lib.db import connection, transaction
from app._lib.validation import Email, Name, prose
from fsroute import Length, UploadedFile


@dataclass(frozen=True, slots=True)
class NewMessage:
    """What a visitor sends, with a picture or without."""

    name: Name
    email: Email
    message: Annotated[str, prose, Length(max=2000)]
    avatar: Annotated[UploadedFile | None, picture] = None


@dataclass(frozen=True, slots=True)
class Message:
    """What a visitor has sent."""

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


def add_message(new: NewMessage) -> tuple[int, str | None]:
    """The id of the message and the name of its picture.

    The picture is kept first: no row names one that is not there.
    """
    avatar = None if new.avatar is None else keep(new.avatar)
    with transaction() as db:
        row = (new.name, new.email, new.message, avatar)
        db.execute("INSERT INTO messages (name, email, message, avatar) VALUES (?, ?, ?, ?)", row)
        id: int = db.execute("SELECT last_insert_rowid()").fetchone()[0]
        return id, avatar
