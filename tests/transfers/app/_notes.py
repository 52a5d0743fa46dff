"""Words between the app and a test, as files in the folder that the server was started in."""

import time
from pathlib import Path


def note(name: str, text: str) -> None:
    """A line for the test to read."""
    with open(f"{name}.notes", "a") as file:
        file.write(text + "\n")


def wait(name: str) -> None:
    """Until the test has made this file; a test that failed does not hold the server for ever."""
    deadline = time.monotonic() + 20
    while not Path(name).exists() and time.monotonic() < deadline:
        time.sleep(0.005)
