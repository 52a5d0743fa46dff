"""What tests of whole apps share: trees written from a dict, and clients that keep hosts' rules."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from wsgiref.validate import validator

import pytest
from webtest import TestApp

from fsroute import App
from tests.browsers import chromium

Tree = Callable[[Mapping[str, str]], str]
Make = Callable[..., App]
Client = Callable[..., TestApp]

_numbers = itertools.count()


def write_files(root: Path, files: Mapping[str, str]) -> Path:
    """Writes files, given by their path below the root, and gives the root."""
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """Writes files, given by their path below the root, and returns the root: a new one each time, since a
    root's name is the name of its modules."""
    def write(files: Mapping[str, str]) -> str:
        root = tmp_path / f"site{next(_numbers)}"
        root.mkdir()
        return str(write_files(root, files))

    return write


@pytest.fixture
def make(tree: Tree) -> Make:
    """The app that serves these files."""
    def make_app(files: Mapping[str, str], **options: Any) -> App:
        return App(tree(files), **options)

    return make_app


@pytest.fixture
def client(make: Make) -> Client:
    """A client of the app that serves these files; every exchange passes wsgiref's validator."""
    def make_client(files: Mapping[str, str], **options: Any) -> TestApp:
        return TestApp(validator(make(files, **options)), extra_environ={"HTTP_HOST": "localhost"})

    return make_client


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """For tests that are marked `browser`: a playwright Browser."""
    with chromium() as browser:
        yield browser
