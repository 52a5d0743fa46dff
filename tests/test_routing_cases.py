"""routing_cases.toml, asked of a whole app."""

import json
import tomllib
from pathlib import Path
from typing import Any
from wsgiref.validate import validator

import pytest

from fsroute import App
from fsroute.handlers.exports import METHODS
from tests.exchange import environ_of, exchange

DATA = tomllib.loads(Path(__file__).with_name("routing_cases.toml").read_text())
CASES: list[list[Any]] = DATA["cases"]

HANDLER = """
def {method}(request):
    return Response.json([request.route, request.params, request.method], headers={{"X-Ran": "{method}"}})
"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> App:
    root = tmp_path_factory.mktemp("cases") / "cases_site"
    for folder, methods in DATA["files"]:
        file = root / folder / "route.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        handlers = [HANDLER.format(method=method) for method in methods.split()]
        file.write_text("from fsroute import Response\n" + "".join(handlers))
    return App(str(root))


def test_there_are_enough_cases_and_none_stands_twice() -> None:
    assert len(CASES) >= 120
    assert len({case[0] for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_a_request_gets_what_the_table_says(app: App, case: list[Any]) -> None:
    line, status, *expected = case
    method, _, target = line.partition(" ")
    environ = environ_of(method, target)
    # the validator takes no environ that a good host would not make
    well_formed = method in METHODS and target[:1] in ("", "/", "?")
    answer = exchange(validator(app) if well_formed else app, environ)
    assert answer.status == status
    if status == 200:
        pattern, params = expected
        ran = answer.headers["x-ran"]
        assert environ["fsroute.route"] == pattern
        assert ran == method or (method, ran) == ("HEAD", "GET")
        value = [pattern, params, method]
        assert answer.body == b"" if method == "HEAD" else json.loads(answer.body) == value
    elif status == 308:
        assert answer.headers["location"] == expected[0]
    elif status in (204, 405):
        assert answer.headers["allow"] == expected[0]
    else:
        assert environ["fsroute.route"] is None
