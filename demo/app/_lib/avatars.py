"""Avatars: pictures that visitors sent, in a folder beside the database.

Rules this module keeps
-----------------------
1. What a picture is, its first bytes say; what the client calls it means nothing.
2. Its name is made of its content. The same picture sent twice is one file, and a file never changes.
3. A file appears whole or not at all: it is written under a hidden name, which nobody serves, and renamed.
   So a process that dies half-way leaves no half picture, and workers cannot get in each other's way.
"""

import hashlib
import os
import secrets
from pathlib import Path

from app._lib.db import database
from fsroute import UploadedFile

LARGEST = 2**20     # bytes


def picture(upload: UploadedFile) -> UploadedFile:
    """For Annotated: a picture that browsers show, and not too large."""
    if upload.size > LARGEST:
        raise ValueError("must be at most 1 MiB large")
    if not _suffix(_beginning(upload)):
        raise ValueError("must be a PNG, JPEG, GIF or WebP picture")
    return upload


def keep(upload: UploadedFile) -> str:
    """The name under which the picture lies in the folder from now on."""
    upload.file.seek(0)
    name = hashlib.sha256(upload.file.read()).hexdigest()[:32] + _suffix(_beginning(upload))
    hidden = folder() / f".{secrets.token_hex(16)}"
    try:
        upload.save(hidden)
        os.replace(hidden, folder() / name)
    finally:
        hidden.unlink(missing_ok=True)
    return name


def folder() -> Path:
    """Where the pictures lie: SHOP_UPLOADS, or beside the database, `shop.uploads` beside `shop.db`."""
    path = Path(os.environ.get("SHOP_UPLOADS") or database().with_suffix(".uploads"))
    path.mkdir(parents=True, exist_ok=True)
    return path


def _beginning(upload: UploadedFile) -> bytes:
    upload.file.seek(0)
    return upload.file.read(12)


def _suffix(beginning: bytes) -> str:
    """By the first bytes of a file; "" when it is no picture that browsers show."""
    if beginning.startswith(b"\x89PNG\r\n\x1a\n"):
        return ".png"
    if beginning.startswith(b"\xff\xd8\xff"):
        return ".jpg"
    if beginning.startswith((b"GIF87a", b"GIF89a")):
        return ".gif"
    if beginning.startswith(b"RIFF") and beginning[8:] == b"WEBP":
        return ".webp"
    return ""
