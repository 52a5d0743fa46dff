"""Sources of streams that know what became of them."""

from typing import Any


class Counted:
    """What is held open, and counts how often it is closed. A generator that never started cannot."""

    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


class Source(Counted):
    """An iterator that counts what is pulled from it. An exception among its chunks is raised."""

    def __init__(self, *chunks: Any) -> None:
        super().__init__()
        self._chunks = iter(chunks)
        self.pulled = 0

    def __iter__(self) -> "Source":
        return self

    def __next__(self) -> Any:
        self.pulled += 1
        chunk = next(self._chunks)
        if isinstance(chunk, BaseException):
            raise chunk
        return chunk
