"""Messages to the shop, as rows of SQLite."""

from app._lib.avatars import avatar, keep
from app._lib.db import transaction
from app._lib.validation import email, prose, text
from fsroute import UploadedFile

RULES = {"name": text(max_length=80), "email": email, "message": prose(max_length=2000), "avatar": avatar}


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
