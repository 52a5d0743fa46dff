"""Forms as clients send them, written out plainly, and a watch over the files that are made of them."""

import os
import tempfile
from collections.abc import Iterable
from typing import Any

import pytest

BOUNDARY = "edge"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"
URLENCODED = "application/x-www-form-urlencoded"


def quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def part(name: str, data: str | bytes, *more: str, filename: str | None = None) -> bytes:
    """One part, without the delimiter before it. more: further header lines."""
    named = "" if filename is None else f'; filename="{quoted(filename)}"'
    lines = [f'Content-Disposition: form-data; name="{quoted(name)}"{named}', *more]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + (data.encode() if isinstance(data, str) else data)


def multipart(parts: Iterable[bytes], boundary: str = BOUNDARY) -> bytes:
    """A whole body of these parts."""
    delimiter = b"--" + boundary.encode()
    return b"".join(delimiter + b"\r\n" + each + b"\r\n" for each in parts) + delimiter + b"--\r\n"


def unfinished(parts: Iterable[bytes], tail: bytes) -> bytes:
    """What has arrived when the client left: these parts, one more delimiter and the tail after it."""
    return multipart(parts).removesuffix(b"--\r\n") + tail


def watch(patch: pytest.MonkeyPatch) -> list[Any]:
    """Every temporary file that is made from now on; kept here, so that no collector closes one."""
    made: list[Any] = []

    class Watched(tempfile.SpooledTemporaryFile[bytes]):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            made.append(self)

    patch.setattr(tempfile, "SpooledTemporaryFile", Watched)
    return made


def on_disk(file: Any) -> bool:
    return bool(file._rolled)


def nameless_files() -> int:
    """How many files this process holds open that have no name on disk: what temporary files are."""
    count = 0
    for number in os.listdir("/proc/self/fd"):
        try:
            count += os.readlink(f"/proc/self/fd/{number}").endswith(" (deleted)")
        except OSError:     # the listing's own
            pass
    return count


needs_proc = pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="only Linux tells what is open")
