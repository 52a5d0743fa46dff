"""Words between the app and a test, as files in the folder that the server was started in."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def note(name: str, text: str) -> None:
    """A line for the test to read."""
    with open(f"{name}.notes", "a") as file:
        file.write(text + "\n")


def wait(name: str) -> None:
    """Until the test has made this file; a test that failed does not hold the server for ever."""
    deadline = time.monotonic() + 20
    while not Path(name).exists() and time.monotonic() < deadline:
        time.sleep(0.005)


class Watched:
    """An iterator that notes each call of its close(). A generator is closed when it is dropped, too."""

    def __init__(self, name: str, source: Iterator[Any]) -> None:
        self._name = name
        self._source = source

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return next(self._source)

    def close(self) -> None:
        note(self._name, "closed")
