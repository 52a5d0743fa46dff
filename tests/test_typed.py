"""Typed handlers, from outside: query, body and path by annotation, and all that a client can do wrong."""

import ast
import io
import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from wsgiref.validate import validator

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from webtest import Upload

from fsroute import App
from fsroute.handlers import inputs
from tests.conftest import Client, Make, Tree, write_files
from tests.exchange import Answer, environ_of, exchange
from tests.typed import JSON, UUID_TEXT, ask, routes, told
from tests.uploads import MULTIPART, URLENCODED, multipart, part, watch

# a query

TAKEN = [
    # a field, the query, and the repr of what the handler gets
    ("q", "q=a", "'a'"), ("q", "q=", "''"), ("q", "q", "''"), ("q", "q=%C3%A9+b", "'é b'"),
    ("q: str", "q=+x+", "' x '"), ("q: Any", "q=5", "'5'"), ("q: object", "q=5", "'5'"),
    ("q: int", "q=-7", "-7"), ("q: int", "q=9223372036854775807", "9223372036854775807"),
    ("q: int", "q=-9223372036854775808", "-9223372036854775808"),
    ("q: float", "q=1.50", "1.5"), ("q: float", "q=-0", "-0.0"), ("q: Decimal", "q=1.50", "Decimal('1.50')"),
    ("q: bool", "q=true", "True"), ("q: bool", "q=0", "False"),
    ("q: UUID", f"q={UUID_TEXT}", f"UUID('{UUID_TEXT}')"),
    ("q: date", "q=2026-01-31", "datetime.date(2026, 1, 31)"),
    ("q: datetime", "q=2026-01-31T12:00:00Z",
     "datetime.datetime(2026, 1, 31, 12, 0, tzinfo=datetime.timezone.utc)"),
    ("q: Colour", "q=blue", "<Colour.BLUE: 'blue'>"), ("q: Size", "q=2", "<Size.LARGE: 2>"),
    ("q: Literal['a', 2, True]", "q=a", "'a'"), ("q: Literal['a', 2, True]", "q=2", "2"),
    ("q: Literal['a', 2, True]", "q=true", "True"),
    # None
    ("q: int | None", "q=5", "5"), ("q: int | None", "q=", "None"), ("q: str | None", "q=", "''"),
    ("q: str | None = None", "", "None"), ("q: int | None = None", "q=", "None"),
    ("q: Literal['a', None]", "q=", "None"),
    # functions
    ("q: Annotated[int, Range(1, 9)]", "q=9", "9"), ("q: Annotated[str, trimmed]", "q=+a+", "'a'"),
    ("q: Annotated[str, Length(2), str.upper]", "q=ab", "'AB'"),
    ("q: Annotated[int | None, Range(1, 9)] = None", "q=", "None"),
    ("q: Annotated[int, Range(1, 9)] = 100", "", "100"),       # a default is not judged
    # lists
    ("q: list[str]", "", "[]"), ("q: list", "q=1&q=2", "['1', '2']"), ("q: list[int]", "q=1", "[1]"),
    ("q: list[int]", "q=2&x=5&q=1", "[2, 1]"), ("q: Sequence[int]", "q=1&q=2", "[1, 2]"),
    ("q: tuple[int, ...]", "q=1&q=2", "(1, 2)"), ("q: tuple[int, ...]", "", "()"),
    ("q: tuple[int, ...] = (5,)", "", "(5,)"), ("q: tuple[int, ...] = (5,)", "q=6", "(6,)"),
    ("q: list[str]", "q=", "['']"), ("q: list[int | None]", "q=&q=1", "[None, 1]"),
    ("q: list[Annotated[int, Range(1, 5)]]", "q=1&q=5", "[1, 5]"),
    ("q: Annotated[list[int], not_empty]", "q=1", "[1]"),
    ("q: Annotated[list[int], sorted]", "q=2&q=1", "[1, 2]"),
    ("q: list[int] | None", "", "[]"), ("q: list[int] | None = None", "", "None"),
    ("q: list[int] | None = None", "q=3", "[3]"),
    # defaults of any kind, as they are
    ("q=5", "", "5"), ("q=5", "q=6", "'6'"), ("q: int = None", "", "None"), ("q: int = 'x'", "", "'x'"),
    ("q: Colour = Colour.RED", "", "<Colour.RED: 'red'>"), ("q: int = frozenset()", "", "frozenset()"),
    ("q: list[int] = ()", "", "()"), ("q: bool = False", "", "False"),
    # other names, and odd ones
    ("q: int", "other=x&q=1&other=y", "1"), ("q: int", "Q=x&q=1", "1"), ("q: int = 3", "q%20=1", "3"),
    ("q: int = 3", "&&&", "3"),
]


@pytest.mark.parametrize(("argument", "query", "value"), TAKEN)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_field_of_the_query_becomes_a_value_of_its_annotation(
    make: Make, argument: str, query: str, value: str, method: str
) -> None:
    app = make(routes(x=f"def {method}(*, {argument}): return [repr(q)]"))
    for _ in range(2):
        answer = ask(app, method, f"/x?{query}")
        assert (answer.status, json.loads(answer.body)) == (200, [value])


WHOLE = "must be a whole number of at most 64 bits"
REFUSED = [
    # a field, the query, and the message
    ("q", "", "is missing"), ("q: str", "r=1", "is missing"), ("q: int", "", "is missing"),
    ("q: int | None", "", "is missing"), ("q: str | None", "r=1", "is missing"), ("q: Any", "", "is missing"),
    ("q: int", "q=", f"{WHOLE}, not blank"), ("q: int", "q", f"{WHOLE}, not blank"),
    ("q: int = 5", "q=", f"{WHOLE}, not blank"), ("q: int", "q=1.0", WHOLE), ("q: int", "q=+5", WHOLE),
    ("q: int", "q=%2B5", WHOLE), ("q: int", "q=1_0", WHOLE), ("q: int", "q=%D9%A3", WHOLE),
    ("q: int", "q=05", WHOLE), ("q: int", "q=9223372036854775808", WHOLE),
    ("q: int", "q=" + "1" * 65, f"{WHOLE}, not 65 characters"),
    ("q: int", "q=1;q=2", WHOLE),
    ("q: float", "q=1e5", "must be a plain decimal number of at most 64 characters"),
    ("q: float", "q=nan", "must be a plain decimal number of at most 64 characters"),
    ("q: Decimal", "q=.5", "must be a plain decimal number of at most 64 characters"),
    ("q: bool", "q=True", "must be true or false"), ("q: bool", "q=on", "must be true or false"),
    ("q: bool", "q=", "must be true or false, not blank"),
    ("q: UUID", "q=1", "must be a UUID of 36 characters with hyphens"),
    ("q: date", "q=2026-02-30", "must be a date that exists, as YYYY-MM-DD"),
    ("q: datetime", "q=2026-01-31T12:00:00",
     "must be a date and time with its offset, such as 2026-01-31T12:00:00Z"),
    ("q: Colour", "q=RED", "must be one of red, blue"), ("q: Size", "q=SMALL", "must be one of 1, 2"),
    ("q: Literal['a']", "q=b", "must be a"),
    ("q: int | None", "q=null", WHOLE),
    ("q: Annotated[int, Range(1, 9)]", "q=10", "must be from 1 to 9, not more"),
    ("q: Annotated[str, trimmed]", "q=+", "must not be empty"),
    ("q: Annotated[int, lambda n: 1 // n]", "q=0", "is not accepted"),
    ("q: Annotated[list[int], not_empty]", "", "must have one at least"),
    ("q: list[int]", "q=1&q=x", f"item 2 {WHOLE}"), ("q: tuple[int, ...]", "q=x", f"item 1 {WHOLE}"),
    ("q: list[int]", "q=", f"item 1 {WHOLE}, not blank"),
    # a single value twice
    ("q", "q=1&q=1", "must be given once, not 2 times"),
    ("q: str = 'a'", "q=1&q", "must be given once, not 2 times"),
    ("q: int", "q=1&r&q=2&q=3", "must be given once, not 3 times"),
    ("q: int | None = None", "q=&q=", "must be given once, not 2 times"),
    ("q: int", "q=1&q=x", "must be given once, not 2 times"),
    ("q: int", "q=1&%71=1", "must be given once, not 2 times"),
]


@pytest.mark.parametrize(("argument", "query", "message"), REFUSED)
def test_what_is_no_value_of_the_annotation_is_a_400_that_says_what_was_expected(
    make: Make, argument: str, query: str, message: str
) -> None:
    app = make(routes(x=f"def GET(*, {argument}): return [repr(q)]"))
    for _ in range(2):
        answer = ask(app, "GET", f"/x?{query}")
        assert told(answer) == [("query", "q", message)]
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["cache-control"] == "no-store"
        assert json.loads(answer.body) == {
            "title": "Bad Request", "status": 400, "detail": f"The query parameter 'q' {message}",
            "errors": [{"in": "query", "name": "q", "message": message}]}


def test_all_that_is_wrong_is_told_at_once_in_the_order_of_the_arguments(client: Client) -> None:
    app = client(routes(x="def GET(*, b: int, a: bool, c: list[int], d: int = 1, e: str): return {}"))
    problem = app.get("/x?c=x&a=maybe&d=", status=400).json
    assert problem["errors"] == [
        {"in": "query", "name": "b", "message": "is missing"},
        {"in": "query", "name": "a", "message": "must be true or false"},
        {"in": "query", "name": "c", "message": f"item 1 {WHOLE}"},
        {"in": "query", "name": "d", "message": f"{WHOLE}, not blank"},
        {"in": "query", "name": "e", "message": "is missing"}]
    assert problem["detail"] == "The query parameter 'b' is missing (and 4 more)"
    assert "more" not in problem
    assert app.get("/x?b=1&a=1&e=").json == {}


@pytest.mark.parametrize(("count", "listed", "more"), [
    (99, 99, None), (100, 100, None), (101, 100, True), (250, 100, True)])
def test_a_hundred_faults_are_listed_and_then_it_says_that_there_are_more(
    make: Make, count: int, listed: int, more: bool | None
) -> None:
    app = make(routes(
        query=f"def GET(*, {', '.join(f'a{number}: int' for number in range(count))}): return {{}}",
        form="@dataclass\nclass Wide:\n"
             + "".join(f"    a{number}: int\n" for number in range(count))
             + "def POST(request, wide: Annotated[Wide, Form]): return {}",
        body="def POST(request, body: list[int]): return {}",
        both="def POST(request, body: list[int], *, q: str = ''): return {}",
        maybe="def POST(request, body: list[int] = ()): return {}"))
    wrong = ["x"] * count
    for answer in (ask(app, "GET", "/query"), ask(app, "POST", "/form", b"", CONTENT_TYPE=URLENCODED),
                   ask(app, "POST", "/body", wrong), ask(app, "POST", "/both", wrong),
                   ask(app, "POST", "/maybe", wrong)):
        assert len(told(answer)) == listed
        assert json.loads(answer.body).get("more") is more


def test_a_hundred_faults_are_those_of_query_and_body_together(make: Make) -> None:
    app = make(routes(x="def POST(request, body: list[int], *, q: int): return {}"))
    faults = told(ask(app, "POST", "/x", ["x"] * 99))
    assert (faults[0], faults[-1]) == (("query", "q", "is missing"),
    ("body", "/98", f"{WHOLE}, not a string"))
    over = ask(app, "POST", "/x", ["x"] * 100)
    assert (len(told(over)), json.loads(over.body)["more"]) == (100, True)


def test_a_query_may_have_a_thousand_fields_and_no_more(make: Make) -> None:
    app = make(routes(x="def GET(*, q: list[int], r: str): return [len(q), sum(q), r]"))
    answer = ask(app, "GET", "/x?r=&" + "&".join(f"q={number}" for number in range(999)))
    assert json.loads(answer.body) == [999, sum(range(999)), ""]
    over = ask(app, "GET", "/x?r=" + "&q=1" * 1000)
    assert (over.status, json.loads(over.body).get("errors")) == (400, None)
    assert "more than 1000 fields" in over.text


@pytest.mark.parametrize("query", ["q=%FF", "q=x&r=%C3", "%E9=1&q=x", "q=\xff"])
def test_a_query_that_is_not_utf_8_is_told_alone(make: Make, query: str) -> None:
    app = make(routes(x="def POST(request, body: list[int], *, q: int, r: int): return {}"))
    answer = ask(app, "POST", f"/x?{query}", ["x"])
    assert (answer.status, json.loads(answer.body)) == (400, {
        "title": "Bad Request", "status": 400, "detail": "The query string is not UTF-8"})


def test_head_is_judged_as_get_is(make: Make) -> None:
    app = make(routes(x="def GET(*, q: int): return [q]"))
    for query in ("q=1", "q=x", "", "q=1&q=1"):
        got, head = ask(app, "GET", f"/x?{query}"), ask(app, "HEAD", f"/x?{query}")
        assert (head.status, head.headers, head.body) == (got.status, got.headers, b"")


SIGNATURES = [
    # the handler under /x/[id], and the repr of what it returns for /x/7?q=5
    "def GET(id: int, *, q: int): return [id, q]",
    "def GET(request, id: int, *, q: int): return [int(request.params['id']), q]",
    "def GET(id: int, request, *, q: int): return [int(request.params['id']), q]",
    "def GET(request, params, *, q: int): return [int(params['id']), q]",
    "def GET(params, /, *, q: int): return [int(params['id']), q]",
    "def GET(*, request, q: int): return [int(request.params['id']), q]",
    "def GET(*, params, q: int): return [int(params['id']), q]",
    "def GET(*, anything: Request, q: int): return [int(anything.params['id']), q]",
    "def GET(anything: Request, id: int, *, q: int): return [int(anything.params['id']), q]",
    "def GET(request, id: int, /, *, q: int): return [id, q]",
    "def GET(id: int, request: Request, /, *, q: int): return [id, q]",
    "def GET(request, /, id: int, *, q: int): return [id, q]",
    "async def GET(id: int, *, q: int): return [id, q]",
    "async def GET(request, *, q: int): return [7, q]",
    "def answer(request, rate, *, id, q: int): return [int(id), q]\n"
    "def GET(request, id: str, *, q: int): return answer(request, 1, id=id, q=q)",
    "def answer(rate, id: int, *, q: int, r: str = ''): return [id, q]\nGET = functools.partial(answer, 1)",
    "def answer(request, id: int, *, q: int, r: int): return [id, q]\nGET = functools.partial(answer, r=2)",
    "class Answer:\n    def __call__(self, request, id: int, *, q: int): return [id, q]\nGET = Answer()",
    "class Answers:\n    def of(self, request, id: int, *, q: int): return [id, q]\nGET = Answers().of",
    "def wrapped(handler):\n    @functools.wraps(handler)\n    def wrapper(*args, **kwargs):\n"
    "        return handler(*args, **kwargs)\n    return wrapper\n"
    "@wrapped\ndef GET(request, id: int, *, q: int): return [id, q]",
    "def injected(handler):\n    def wrapper(request, **kwargs):\n"
    "        return handler(request, 'db', **kwargs)\n"
    "    wrapper.__signature__ = inspect.Signature([parameter for name, parameter in\n"
    "        inspect.signature(handler, eval_str=True).parameters.items() if name != 'db'])\n"
    "    return wrapper\n"
    "@injected\ndef GET(request, db, id: int, *, q: int): return [id, q] * (db == 'db')",
    "def around(request, call_next): return call_next(request)\n"
    "@use(around)\ndef GET(request, id: int, *, q: int): return [id, q]",
]


@pytest.mark.parametrize("source", SIGNATURES)
def test_a_handler_of_any_make_gets_its_fields(make: Make, source: str) -> None:
    app = make(routes(x_id=source))
    for _ in range(2):
        answer = ask(app, "GET", "/x/7?q=5&r=6")
        assert (answer.status, answer.body) == (200, b"[7,5]")
    assert told(ask(app, "GET", "/x/7?q=z")) == [("query", "q", WHOLE)]


def test_two_requests_share_nothing_of_a_list(make: Make) -> None:
    app = make(routes(x="""
def GET(*, absent: list[str], q: list[str], checked: Annotated[list[str], not_empty]):
    for each in (absent, q, checked):
        each.append("more")
    return [absent, q, checked]
"""))
    for _ in range(3):
        answer = ask(app, "GET", "/x?q=1&checked=2")
        assert json.loads(answer.body) == [["more"], ["1", "more"], ["2", "more"]]


def test_a_handler_that_changes_its_list_does_not_change_the_query(make: Make) -> None:
    app = make(routes(x="""
def GET(request, *, q: list[str]):
    q.clear()
    return [request.query.getall("q"), request.query.lists(), request.query["q"]]
"""))
    assert ask(app, "GET", "/x?q=1&q=2").body == b'[["1","2"],{"q":["1","2"]},"1"]'


# where it is judged

def test_a_path_that_does_not_convert_is_told_alone(make: Make) -> None:
    app = make(routes(x_id="def POST(id: int, body: New, *, q: int): return {}"))
    for target, body, kind in (("/x/a?q=%FF", b"{", JSON), ("/x/a?q=x", b"{}", JSON),
    ("/x/a", b"", "text/plain")):
        answer = ask(app, "POST", target, body, CONTENT_TYPE=kind)
        assert (answer.status, json.loads(answer.body)["detail"]) == (404, f"The path's [id] {WHOLE}")
        assert "errors" not in answer.text
    assert ask(app, "POST", "/x/1?q=x", {}).status == 400


GUARDED = {
    "middleware.py": """
from fsroute import HTTPError, ValidationError


def middleware(request, call_next):
    if "let" not in request.query.keys():
        raise HTTPError(401)
    response = call_next(request)
    raised = response.exception
    response.headers["X-Raised"] = type(raised).__name__
    if isinstance(raised, ValidationError):
        response.headers["X-Errors"] = ",".join(error["name"] for error in raised.errors)
    return response
""",
    **routes(x_id="""
def inner(request, call_next):
    if "in" not in request.query:
        raise HTTPError(403)
    return call_next(request)


@use(inner)
def POST(id: int, body: New, *, q: int): return {}
""")}


@pytest.mark.parametrize(("target", "status", "raised"), [
    ("/x/a?q=x", 401, None), ("/x/1", 401, None), ("/x/a?let", 403, "HTTPError"),
    ("/x/1?let&q=x", 403, "HTTPError"), ("/x/a?let&in", 404, "HTTPError"),
    ("/x/1?let&in&q=x", 400, "ValidationError"),
])
def test_middleware_comes_before_the_judgement_and_sees_what_came_of_it(
    make: Make, target: str, status: int, raised: str | None
) -> None:
    app = make(GUARDED)
    for _ in range(2):
        answer = ask(app, "POST", target, {"name": 5})
        assert (answer.status, answer.headers.get("x-raised")) == (status, raised)
        assert answer.headers.get("x-errors") == ("q,/name,/age" if status == 400 else None)


def test_a_refused_request_has_not_had_its_body_read(make: Make) -> None:
    class Untouchable(io.BytesIO):
        def read(self, *size: Any) -> Any:
            pytest.fail("wsgi.input was read")

    app = make(GUARDED)
    for target, status in (("/x/1?q=x", 401), ("/x/1?let", 403), ("/x/a?let&in", 404)):
        environ = environ_of("POST", target, b"{}", **{"wsgi.input": Untouchable()})
        assert exchange(app, environ).status == status


def test_an_error_file_shapes_it_with_all_the_errors(make: Make) -> None:
    app = make({"error.py": """
from fsroute import ValidationError
def error(request, exception):
    if isinstance(exception, ValidationError):
        wrong = [error["name"] for error in exception.errors]
        return (422, None, {"wrong": wrong, "more": exception.extra.get("more")})
""", **routes(x="def GET(*, a: int, b: int): return {}")})
    answer = ask(app, "GET", "/x?a=x")
    assert (answer.status, json.loads(answer.body)) == (422, {"wrong": ["a", "b"], "more": None})


def test_a_validation_error_is_no_line_in_the_log(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    app = make(routes(x="def POST(body: New, *, q: int): return {}"))
    assert ask(app, "POST", "/x", {}).status == 400
    assert caplog.records == []


# a body

BODIES = [
    # the argument, the JSON, and the repr of what the handler gets
    ("b: New", {"name": "a", "age": 5}, "New(name='a', age=5, items=[])"),
    ("b: New", {"name": "a", "age": 5, "items": [{"sku": "x"}], "other": 1},
     "New(name='a', age=5, items=[Item(sku='x', count=1)])"),
    ("b: Change", {}, "{}"), ("b: Change", {"age": None, "x": 1}, "{'age': None}"),
    ("b: list[int]", [1, 2], "[1, 2]"), ("b: list", [1, "a", None], "[1, 'a', None]"),
    ("b: tuple[int, ...]", [1], "(1,)"), ("b: dict[str, int]", {"a": 1}, "{'a': 1}"),
    ("b: dict", {"a": []}, "{'a': []}"),
    ("b: list[New]", [], "[]"), ("b: New | None", None, "None"),
    ("b: Annotated[list[int], sorted]", [2, 1], "[1, 2]"),
    ("b: New = None", {"name": "", "age": 0}, "New(name='', age=0, items=[])"),
]


@pytest.mark.parametrize(("argument", "body", "value"), BODIES)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_a_body_is_json_of_the_annotation(
    make: Make, argument: str, body: Any, value: str, method: str
) -> None:
    app = make(routes(x=f"def {method}({argument}): return [repr(b)]"))
    for kind in (JSON, "application/json; charset=utf-8", "Application/Problem+JSON"):
        answer = ask(app, method, "/x", body, CONTENT_TYPE=kind)
        assert (answer.status, json.loads(answer.body)) == (200, [value])


def test_a_method_that_was_added_has_a_body_as_well(make: Make) -> None:
    app = make(routes(x="def QUERY(body: list[int], *, q: int): return [body, q]"), methods=("QUERY",))
    assert exchange(app, environ_of("QUERY", "/x?q=1", b"[2]")).body == b"[[2],1]"
    assert told(exchange(app, environ_of("QUERY", "/x?q=1", b"{}"))) == [
        ("body", "", "must be an array, not an object")]


def test_all_that_is_wrong_with_query_and_body_is_told_at_once(make: Make) -> None:
    app = make(routes(x="def POST(body: New, *, q: int): return {}"))
    answer = ask(app, "POST", "/x?q=a", {"age": "5", "items": [{"count": 1.0}, 5]})
    assert told(answer) == [
        ("query", "q", WHOLE), ("body", "/name", "is missing"), ("body", "/age", f"{WHOLE}, not a string"),
        ("body", "/items/0/sku", "is missing"),
        ("body", "/items/0/count", f"{WHOLE}, not a number with a point or exponent"),
        ("body", "/items/1", "must be an object, not a whole number")]
    assert json.loads(answer.body)["detail"] == f"The query parameter 'q' {WHOLE} (and 5 more)"
    assert told(ask(app, "POST", "/x?q=1", [])) == [("body", "", "must be an object, not an array")]
    assert told(ask(app, "POST", "/x", {"name": "", "age": 1})) == [("query", "q", "is missing")]


FORM_BODY = b"name=a&age=5"
JSON_BODY = b'{"name": "a", "age": 5}'


@pytest.mark.parametrize(("path", "body", "kind", "status"), [
    ("/json", JSON_BODY, JSON, 200), ("/json", JSON_BODY, "application/vnd.shop+json", 200),
    ("/json", FORM_BODY, URLENCODED, 415), ("/json", JSON_BODY, URLENCODED, 415),
    ("/json", JSON_BODY, "text/plain", 415),
    ("/json", JSON_BODY, "text/json", 415), ("/json", JSON_BODY, None, 415), ("/json", JSON_BODY, "", 415),
    ("/json", b"", None, 415), ("/json", multipart([part("name", "a"), part("age", "5")]), MULTIPART, 415),
    ("/form", FORM_BODY, URLENCODED, 200),
    ("/form", multipart([part("name", "a"), part("age", "5")]), MULTIPART, 200),
    ("/form", JSON_BODY, JSON, 415), ("/form", FORM_BODY, JSON, 415), ("/form", FORM_BODY, "text/plain", 415),
    ("/form", FORM_BODY, None, 415), ("/form", b"", None, 415), ("/form", b"", "", 415),
])
@pytest.mark.parametrize("query", ["", "?q=x"])
def test_a_body_is_json_or_a_form_and_never_either(
    make: Make, path: str, body: bytes, kind: str | None, status: int, query: str
) -> None:
    app = make(routes(json="def POST(b: New, *, q: int = 1): return [b.name, b.age]",
                      form="@dataclass\nclass Flat:\n    name: str\n    age: int\n"
                           "def POST(b: Annotated[Flat, Form], *, q: int = 1): return [b.name, b.age]"))
    answer = ask(app, "POST", path + query, body, CONTENT_TYPE=kind)
    if status == 415:       # is told alone, whatever is wrong with the query
        assert (answer.status, "errors" in answer.text) == (415, False)
    elif query:
        assert told(answer) == [("query", "q", WHOLE)]
    else:
        assert (answer.status, answer.body) == (200, b'["a",5]')


@pytest.mark.parametrize(("body", "more", "status"), [
    (b'{"name": ', {}, 400), (b"", {}, 400), (b'{"name": NaN}', {}, 400), (b"[" * 201 + b"]" * 201, {}, 400),
    (b'"\xff"', {}, 400), (b'"' + b"x" * 2**20 + b'"', {}, 413),
    (b"{}", {"HTTP_CONTENT_ENCODING": "gzip"}, 415),
    (b"{}", {"CONTENT_LENGTH": "3"}, 400), (b"{}", {"CONTENT_LENGTH": "1048577"}, 413),
    (b"{}", {"CONTENT_LENGTH": None, "HTTP_TRANSFER_ENCODING": "chunked"}, 411),
])
def test_a_body_that_cannot_be_read_is_told_alone(
    make: Make, body: bytes, more: dict[str, Any], status: int
) -> None:
    app = make(routes(x="def POST(body: New, *, q: int): return {}", y="def POST(body: New): return {}",
                      z="def POST(body: New = None): return {}"))
    for target in ("/x?q=x", "/x?q=1", "/y", "/z"):
        answer = exchange(app, environ_of("POST", target, body, **more))
        assert (answer.status, "errors" in answer.text) == (status, False), target


def test_the_limit_of_a_body_is_the_routes(make: Make) -> None:
    app = make(routes(x="max_body = 5\ndef POST(body: list[int]): return body"))
    assert ask(app, "POST", "/x", b"[123]").body == b"[123]"
    answer = ask(app, "POST", "/x", b"[1234]")
    assert (answer.status, "5 bytes" in answer.text) == (413, True)


def test_a_json_body_needs_no_limit_and_has_none_where_the_file_says_so(make: Make) -> None:
    app = make(routes(x="max_body = None\ndef POST(body: list[int]): return {'n': len(body)}",
                      y="def POST(body: list[int]): return {'n': len(body)}"))
    large = b"[" + b",".join([b"1000000000"] * 100_000) + b"]"
    assert len(large) > 2**20
    assert [ask(app, "POST", path, large, CONTENT_TYPE=JSON).status for path in ("/x", "/y")] == [200, 413]


def test_the_handler_may_read_the_body_again(make: Make) -> None:
    app = make(routes(x="""
def POST(request, body: New, *, q: int = 0):
    stream = request.stream.read()
    return [request.json(), request.json(New).age, request.text(), request.bytes() == stream, body.age]
"""))
    for target in ("/x", "/x?q=1"):
        text = '{"name": "a", "age": 5, "x": 1}'
        answer = ask(app, "POST", target, text.encode())
        assert json.loads(answer.body) == [json.loads(text), 5, text, True, 5]


def test_a_body_with_a_default_may_be_left_out(make: Make) -> None:
    app = make(routes(json="def DELETE(body: New | None = None): return [repr(body)]",
                      json2="def DELETE(request, body: New | None = None): return [repr(body)]",
                      empty="def POST(body: list[int] = ()): return [repr(body)]",
                      query="def POST(body: list[int] = (), *, q: int): return [repr(body), q]",
                      form="@dataclass\nclass Flat:\n    name: str\n"
                           "def POST(body: Annotated[Flat, Form] | None = None): return [repr(body)]",
                      form2="@dataclass\nclass Flat:\n    name: str\n"
                            "def POST(body: Annotated[Flat | None, Form] = None): return [repr(body)]"))
    assert ask(app, "DELETE", "/json").body == ask(app, "DELETE", "/json2").body == b'["None"]'
    assert ask(app, "DELETE", "/json", b"", CONTENT_TYPE=None).body == b'["None"]'
    assert ask(app, "DELETE", "/json", b"", CONTENT_TYPE="").body == b'["None"]'
    assert ask(app, "DELETE", "/json", b"null").body == b'["None"]'
    assert ask(app, "DELETE", "/json", b"").status == 400               # it says JSON, and there is none
    assert ask(app, "DELETE", "/json", b"{}", CONTENT_TYPE=None).status == 415
    assert ask(app, "DELETE", "/json", {"name": "a",
                                        "age": 1}).body == b'["New(name=\'a\', age=1, items=[])"]'
    assert ask(app, "POST", "/empty").body == b'["()"]'
    assert ask(app, "POST", "/empty", [1]).body == b'["[1]"]'
    assert told(ask(app, "POST", "/empty", ["1"])) == [("body", "/0", f"{WHOLE}, not a string")]
    assert ask(app, "POST", "/query?q=1").body == b'["()",1]'
    assert told(ask(app, "POST", "/query")) == [("query", "q", "is missing")]
    for path in ("/form", "/form2"):
        assert ask(app, "POST", path).body == b'["None"]'
        assert ask(app, "POST", path, b"name=a", CONTENT_TYPE=URLENCODED).body == b'["Flat(name=\'a\')"]'
        assert told(ask(app, "POST", path, b"", CONTENT_TYPE=URLENCODED)) == [("form", "name", "is missing")]
        assert ask(app, "POST", path, b'{"name": "a"}').status == 415
        assert ask(app, "POST", path, b"name=a", CONTENT_TYPE=None).status == 415


def test_a_chunked_body_is_one_too(make: Make) -> None:
    app = make(routes(json="def POST(body: list[int] = ()): return [repr(body)]",
                      form="class Flat(TypedDict):\n    a: int\n"
                           "def POST(body: Annotated[Flat, Form]): return body"))

    def chunked(path: str, body: bytes, kind: str | None) -> Answer:
        more = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": None}
        return exchange(app, environ_of("POST", path, body, CONTENT_TYPE=kind, **more))
    assert chunked("/json", b"[1]", JSON).body == b'["[1]"]'
    assert chunked("/json", b"", None).body == b'["()"]'
    assert chunked("/json", b"[1]", None).status == 415
    assert chunked("/form", b"a=1", URLENCODED).body == b'{"a":1}'
    assert told(chunked("/form", b"a=x", URLENCODED)) == [("form", "a", WHOLE)]


def test_faults_of_checks_that_are_no_value_errors_are_the_servers(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    app = make(routes(x="""
def wrong(value): raise LookupError("secret")
def taken(value): raise HTTPError(409, "It is taken")
@dataclass
class A:
    a: int
    def __post_init__(self):
        if self.a == 1:
            raise ValueError("must fit")
        if self.a == 2:
            raise KeyError("secret")
        if self.a == 3:
            raise HTTPError(409)
def GET(*, q: Annotated[str, wrong]): return {}
def PUT(*, q: Annotated[str, taken]): return {}
def POST(body: A): return {}
"""))
    assert ask(app, "GET", "/x?q=1").status == 500
    assert ask(app, "PUT", "/x?q=1").status == 409
    assert told(ask(app, "POST", "/x", {"a": 1})) == [("body", "", "must fit")]
    assert ask(app, "POST", "/x", {"a": 2}).status == 500
    assert ask(app, "POST", "/x", {"a": 3}).status == 409
    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR"]


def test_a_lazy_app_takes_them_as_well(make: Make) -> None:
    app = make(routes(x="def POST(body: list[int], *, q: int): return [body, q]"), lazy=True)
    for _ in range(2):
        assert ask(app, "POST", "/x?q=1", [1]).body == b"[[1],1]"
        assert told(ask(app, "POST", "/x", [1])) == [("query", "q", "is missing")]


@pytest.mark.parametrize("source", [
    "def POST(new: New, request): return [new.name, request.method]",
    "def POST(new: New, req: Request): return [new.name, req.method]",
    "def POST(request, new: New): return [new.name, request.method]",
    "def POST(request, /, new: New): return [new.name, request.method]",
    "def POST(new: New, *, request): return [new.name, request.method]",
    "def POST(new: New, request, params, *, q: int = 1): return [new.name, request.method]",
    "def POST(params, new: New, request): return [new.name, request.method]",
    "def POST(request, params, new: New): return [new.name, request.method]",
    "def POST(request, new: New, params): return [new.name, request.method][:2 - len(params)]",
    "async def POST(new: New, request): return [new.name, request.method]",
    "class Answer:\n    def __call__(self, new: New, request): return [new.name, request.method]\n"
    "POST = Answer()",
    "def answer(rate, new: New, request): return [new.name, request.method]\n"
    "POST = functools.partial(answer, 1)",
    "def answer(request, rate, new: New): return [new.name, request.method]\n"
    "POST = functools.partial(answer, rate=1)",
    "def wrapped(handler):\n    @functools.wraps(handler)\n    def wrapper(*args, **kwargs):\n"
    "        return handler(*args, **kwargs)\n    return wrapper\n"
    "@wrapped\ndef POST(request, new: New): return [new.name, request.method]",
    "class Flat(TypedDict):\n    name: str\n"
    "def PUT(new: Annotated[Flat, Form], request): return [new['name'], request.method]\n"
    "def POST(new: New, request): return [new.name, request.method]",
])
def test_a_body_may_stand_anywhere(make: Make, source: str) -> None:
    app = make(routes(x=source))
    for name in ("a", "b"):
        assert json.loads(ask(app, "POST", "/x", {"name": name, "age": 1}).body) == [name, "POST"]
    assert [name for _, name, _ in told(ask(app, "POST", "/x", {}))] == ["/name", "/age"]
    if "PUT" in source:
        assert ask(app, "PUT", "/x", b"name=a", CONTENT_TYPE=URLENCODED).body == b'["a","PUT"]'


CARDS = """
@dataclass
class Card:
    kind: Literal["card"]
    number: str

@dataclass
class Cash:
    kind: Literal["cash"]

def POST(pay: Card | Cash): return repr(pay)
def PUT(pay: Annotated[Card | Cash, lambda pay: pay] | None = None): return repr(pay)
"""


def test_a_union_of_classes_is_a_body(make: Make) -> None:
    app = make(routes(x=CARDS))
    for method in ("POST", "PUT"):
        assert ask(app, method, "/x", {"kind": "cash"}).body == b"Cash(kind='cash')"
        assert told(ask(app, method, "/x", {"kind": "card"})) == [("body", "/number", "is missing")]
        assert told(ask(app, method, "/x", {"kind": "coins"})) == [
            ("body", "/kind", 'must be one of "card", "cash"')]
    assert ask(app, "PUT", "/x").body == b"None"


# forms

PROFILE = """
@dataclass
class Profile:
    name: Annotated[str, trimmed]
    age: int | None
    colours: list[Colour]
    picture: UploadedFile | None
    news: bool = False
    papers: tuple[UploadedFile, ...] = ()

    def __post_init__(self):
        if self.name == "nobody":
            raise ValueError("must be somebody")


def POST(request, profile: Annotated[Profile, Form], *, q: int = 1):
    picture = profile.picture and [profile.picture.filename, profile.picture.file.read().decode()]
    return [profile.name, profile.age, [colour.name for colour in profile.colours], picture, profile.news,
            [paper.filename for paper in profile.papers], request.form() is request.form()]
"""


def test_a_form_becomes_a_value_of_its_class(client: Client) -> None:
    app = client(routes(x=PROFILE))
    fields = [("name", " Ann "), ("age", ""), ("colours", "red"), ("colours", "blue"), ("other", "x")]
    expected = ["Ann", None, ["RED", "BLUE"], None, False, [], True]
    assert app.post("/x", fields).json == expected
    assert app.post("/x", fields, upload_files=[("none", "n.txt", b"")]).json == expected
    files: Any = [("picture", "a.png", b"pixels"), ("papers", "1.pdf", b""), ("papers", "2.pdf", b"")]
    assert app.post("/x", [*fields[:2], ("news", "1")], upload_files=files).json == [
        "Ann", None, [], ["a.png", "pixels"], True, ["1.pdf", "2.pdf"], True]


def test_all_that_is_wrong_with_query_and_form_is_told_at_once(client: Client) -> None:
    app = client(routes(x=PROFILE))
    answer = app.post("/x?q=x", [("name", " "), ("name", "b"), ("news", "yes"), ("picture", "no-file"),
                                 ("colours", "red"), ("colours", "green")], status=400)
    errors = {(each["in"], each["name"]): each["message"] for each in answer.json["errors"]}
    assert errors == {
        ("query", "q"): WHOLE, ("form", "name"): "must be given once, not 2 times",
        ("form", "age"): "is missing",
        ("form", "colours"): "item 2 must be one of red, blue", ("form", "news"): "must be true or false",
        ("form", "picture"): "must be a file, not text"}
    assert app.post("/x", [("name", " "), ("age", "1")], status=400).json["detail"] == (
        "The form field 'name' must not be empty")


def test_a_form_that_is_wrong_as_a_whole_is_told_under_no_name(client: Client) -> None:
    answer = client(routes(x=PROFILE)).post("/x", {"name": "nobody", "age": "1"}, status=400)
    assert answer.json["errors"] == [{"in": "form", "name": "", "message": "must be somebody"}]
    assert answer.json["detail"] == "The form must be somebody"


FILES = """
def small(file):
    if file.size > 3:
        raise ValueError("must have at most 3 bytes")
    return file


class Sent(TypedDict):
    one: {one}
    text: NotRequired[str]


def POST(sent: Annotated[Sent, Form]): return [repr(sent.get("one")), sent.get("text"), "one" in sent]
"""
FILE = "<UploadedFile 'a', 3 bytes>"
ONE_FILE = part("one", "abc", filename="a")
NO_FILE = part("one", "", filename="")


@pytest.mark.parametrize(("annotation", "parts", "answer"), [
    ("UploadedFile", [ONE_FILE], [FILE, None, True]),
    ("UploadedFile", [], "is missing"), ("UploadedFile", [NO_FILE], "is missing"),
    ("UploadedFile", [part("one", "abc")], "must be a file, not text"),
    ("UploadedFile", [part("one", "")], "is missing"),
    ("UploadedFile", [ONE_FILE, ONE_FILE], "must be given once, not 2 times"),
    ("UploadedFile | None", [ONE_FILE], [FILE, None, True]),
    ("UploadedFile | None", [NO_FILE], ["None", None, True]),
    ("UploadedFile | None", [], ["None", None, True]),
    ("UploadedFile | None", [part("one", "")], ["None", None, True]),
    ("UploadedFile | None", [part("one", "x")], "must be a file, not text"),
    ("NotRequired[UploadedFile]", [NO_FILE], ["None", None, False]),
    ("NotRequired[UploadedFile]", [part("one", "x")], "must be a file, not text"),
    ("list[UploadedFile]", [], ["[]", None, True]), ("list[UploadedFile]", [NO_FILE], ["[]", None, True]),
    ("list[UploadedFile]", [ONE_FILE, ONE_FILE], [f"[{FILE}, {FILE}]", None, True]),
    ("list[UploadedFile]", [part("one", "x")], "must be a file, not text"),
    ("Annotated[UploadedFile, small]", [ONE_FILE], [FILE, None, True]),
    ("Annotated[UploadedFile, small]", [part("one", "abcd", filename="a")], "must have at most 3 bytes"),
    ("Annotated[UploadedFile | None, small]", [NO_FILE], ["None", None, True]),
    ("list[Annotated[UploadedFile, small]]", [ONE_FILE, part("one", "abcd", filename="a")],
     "item 2 must have at most 3 bytes"),
    ("Annotated[list[UploadedFile], not_empty]", [NO_FILE], "must have one at least"),
    ("Annotated[list[UploadedFile], not_empty]", [ONE_FILE], [f"[{FILE}]", None, True]),
    ("str", [ONE_FILE], "must be text, not a file"), ("int | None", [ONE_FILE], "must be text, not a file"),
    ("NotRequired[str]", [ONE_FILE], "must be text, not a file"),
    ("list[str]", [ONE_FILE], "must be text, not a file"),
    ("str", [NO_FILE], "is missing"), ("NotRequired[str]", [NO_FILE], ["None", None, False]),
    ("UploadedFile | None", [part("one", ""), part("one", "x")], "must be a file, not text"),
    ("str", [part("one", "x"), ONE_FILE], "must be text, not a file"),
    ("UploadedFile", [part("one", "x"), ONE_FILE], "must be a file, not text"),
    ("UploadedFile", [part("one", ""), ONE_FILE], [FILE, None, True]),
])
def test_a_file_is_a_file_and_text_is_text(
    make: Make, monkeypatch: pytest.MonkeyPatch, annotation: str, parts: list[bytes], answer: Any
) -> None:
    temporary = watch(monkeypatch)
    app = make(routes(x=FILES.replace("{one}", annotation)))
    for _ in range(2):
        got = ask(app, "POST", "/x", multipart(parts), CONTENT_TYPE=MULTIPART)
        if isinstance(answer, str):
            assert told(got) == [("form", "one", answer)]
        else:
            assert (got.status, json.loads(got.body)) == (200, answer)
    assert len(temporary) == 2 * sum(b'filename="a"' in each for each in parts)
    assert all(file.closed for file in temporary)


def test_a_file_input_of_an_urlencoded_form_sends_a_name_or_a_blank(make: Make) -> None:
    app = make(routes(x=FILES.replace("{one}", "NotRequired[UploadedFile]")))
    assert ask(app, "POST", "/x", b"one=&text=t", CONTENT_TYPE=URLENCODED).body == b'["None","t",false]'
    named = ask(app, "POST", "/x", b"one=a.png", CONTENT_TYPE=URLENCODED)
    assert told(named) == [("form", "one", "must be a file, not text")]     # enctype was forgotten


def test_a_page_with_a_form_is_filled_in_and_sent_to_its_class(client: Client) -> None:
    app = client({**routes(x=PROFILE), "page.html": """
<form method="post" action="/x" enctype="multipart/form-data"><input name="name"><input name="age">
<input type="checkbox" name="news" value="true"><input type="file" name="picture"><button>Send</button></form>
"""})
    form = app.get("/").form
    form["name"] = "Ann"
    assert form.submit().json == ["Ann", None, [], None, False, [], True]
    form["picture"], form["news"] = Upload("p.png", b"pixels"), True
    assert form.submit().json == ["Ann", None, [], ["p.png", "pixels"], True, [], True]


def test_a_form_of_a_function_of_the_whole(make: Make) -> None:
    app = make(routes(x="""
@dataclass
class Pair:
    a: int
    b: int

def ordered(pair):
    if pair.a > pair.b:
        raise ValueError("must be in order")
    return (pair.a, pair.b)

def POST(pair: Annotated[Pair, ordered, Form]): return repr(pair)
def PUT(pair: Annotated[Pair, Form, ordered]): return repr(pair)
"""))
    for method in ("POST", "PUT"):
        assert ask(app, method, "/x", b"a=1&b=2", CONTENT_TYPE=URLENCODED).body == b"(1, 2)"
        unordered = ask(app, method, "/x", b"a=2&b=1", CONTENT_TYPE=URLENCODED)
        assert told(unordered) == [("form", "", "must be in order")]
        empty = ask(app, method, "/x", b"", CONTENT_TYPE=URLENCODED)
        assert [name for _, name, _ in told(empty)] == ["a", "b"]


# the same by hand

def test_a_reader_with_a_type_tells_what_a_typed_handler_tells(make: Make) -> None:
    flat = "@dataclass\nclass Flat:\n    name: str\n    age: int\n"
    app = make(routes(
        json="def POST(body: New): return body", json2="def POST(request): return request.json(New)",
        form=flat + "def POST(body: Annotated[Flat, Form]): return body",
        form2=flat + "def POST(request): return request.form(Flat)",
        query="def GET(*, q: int): return [q]",
        query2="def GET(request): return [request.query.get('q', type=int)]"))
    for body in (b"{}", b'{"name": 1}', b'{"name": "a", "age": 1}', b"[]", b"{", b""):
        first, second = ask(app, "POST", "/json", body), ask(app, "POST", "/json2", body)
        assert first == second
    for body in (b"", b"name=a", b"name=a&age=1", b"name=a&name=b&age=x"):
        first, second = [ask(app, "POST", path, body, CONTENT_TYPE=URLENCODED)
                         for path in ("/form", "/form2")]
        assert first == second
    for query in ("q=1", "q=x", "q="):
        assert ask(app, "GET", f"/query?{query}") == ask(app, "GET", f"/query2?{query}")


@pytest.mark.parametrize(("reader", "body", "type"), [
    ("json", b'{"name": "a"}', JSON), ("form", b"name=a", "application/x-www-form-urlencoded")])
def test_a_type_given_with_a_request_is_compiled_once_for_all_of_them(
    make: Make, monkeypatch: pytest.MonkeyPatch, reader: str, body: bytes, type: str
) -> None:
    from fsroute.http import fields, schema

    read: list[Any] = []
    for module in (fields, schema):
        def counted(record: Any, members: Any = module.members) -> Any:
            read.append(record.kind)
            return members(record)

        monkeypatch.setattr(module, "members", counted)
    app = make(routes(x="@dataclass\nclass Fresh:\n    name: str\n"
                        f"def POST(request): return request.{reader}(Fresh)"))
    for _ in range(3):
        answer = ask(app, "POST", "/x", body, CONTENT_TYPE=type)
        assert (answer.status, json.loads(answer.body)) == (200, {"name": "a"})
    assert [kind.__name__ for kind in read] == ["Fresh"]


def test_a_missing_field_asked_for_by_name_is_such_an_error_too(make: Make) -> None:
    app = make(routes(x="""
def GET(request): return request.query["q"]
def POST(request): return request.form()["q"]
def PUT(request): return request.headers["X-Q"]
def PATCH(request): return request.cookies["q"]
"""))
    for method, where, name in (("GET", "query", "q"), ("POST", "form", "q"), ("PUT", "header", "X-Q"),
                                ("PATCH", "cookie", "q")):
        answer = ask(app, method, "/x", b"", CONTENT_TYPE=URLENCODED)
        assert told(answer) == [(where, name, "is missing")]
    assert "The form field 'q' is missing" in ask(app, "POST", "/x", b"", CONTENT_TYPE=URLENCODED).text


def test_a_type_that_json_or_a_form_has_no_word_for_is_the_servers_fault(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    app = make(routes(x="""
def POST(request): return request.json(bytes)
def PUT(request): return request.form(New)
"""))
    assert ask(app, "POST", "/x", {}).status == 500
    assert ask(app, "PUT", "/x", b"", CONTENT_TYPE=URLENCODED).status == 500
    logged = [record.exc_text or caplog.text for record in caplog.records]
    assert "TypeError: json(bytes): bytes is nothing that JSON converts to; take a dataclass" in logged[0]
    assert "TypeError: form(New): " in logged[1]


def test_a_validation_error_of_ones_own_looks_like_the_others(make: Make) -> None:
    app = make(routes(x="""
def POST(body: New):
    raise ValidationError([{"in": "body", "name": "/name", "message": "is already in use"}])
"""))
    answer = ask(app, "POST", "/x", {"name": "a", "age": 1})
    assert json.loads(answer.body) == {
        "title": "Bad Request", "status": 400, "detail": "The body's /name is already in use",
        "errors": [{"in": "body", "name": "/name", "message": "is already in use"}]}


def test_a_page_says_the_first_fault_in_html(make: Make) -> None:
    app = make(routes(x="def POST(body: dict[str, int]): return {}"))
    for key, shown in (("<script>", "&lt;script&gt;"), ("\ud800", "\\ud800"), ("\x00", "\x00")):
        answer = ask(app, "POST", "/x", {key: "x"}, HTTP_ACCEPT="text/html")
        assert (answer.status, answer.headers["content-type"]) == (400, "text/html; charset=utf-8")
        assert f"<p>The body&#x27;s /{shown} must" in answer.text
        assert ask(app, "POST", "/x", {key: "x"}).status == 400


SECRET = "hunter2secret"


@pytest.mark.parametrize(("target", "body", "kind"), [
    (f"/query?n={SECRET}", b"", None), (f"/query?n=1&n={SECRET}", b"", None),
    (f"/query?l={SECRET}&n=1", b"", None),
    (f"/query?n=1&c={SECRET}", b"", None),
    ("/json", json.dumps({"name": SECRET, "age": SECRET}).encode(), JSON),
    ("/json", f'"{SECRET}"'.encode(), JSON),
    ("/json", json.dumps({"name": [SECRET], "age": {SECRET: 1}}).encode(), JSON),
    ("/form", f"age={SECRET}".encode(), URLENCODED),
    ("/form", multipart([part("age", SECRET, filename=SECRET)]), MULTIPART),
])
def test_no_value_is_ever_repeated_in_the_answer(
    make: Make, target: str, body: bytes, kind: str | None
) -> None:
    app = make(routes(query="def GET(*, n: int, l: list[int], c: Colour = None): return {}\nPOST = GET",
                      json="def POST(body: New): return {}",
                      form="class F(TypedDict):\n    age: int\n"
                           "def POST(body: Annotated[F, Form]): return {}"))
    answer = ask(app, "POST", target, body, CONTENT_TYPE=kind)
    assert told(answer)
    assert SECRET not in answer.text


# threads

def test_many_threads_at_once_get_each_their_own(make: Make) -> None:
    app = make(routes(x="def POST(body: New, *, q: list[int]): return [body.name, body.age, q]"))
    barrier = threading.Barrier(8)

    def run(number: int) -> list[Any]:
        barrier.wait(30)
        return [json.loads(exchange(app, environ_of(
            "POST", f"/x?q={number}&q={turn}", json.dumps({"name": str(number), "age": turn}).encode())).body)
            for turn in range(50)]
    with ThreadPoolExecutor(8) as pool:
        for number, answers in enumerate(pool.map(run, range(8))):
            assert answers == [[str(number), turn, [number, turn]] for turn in range(50)]


# anything at all

ANY = routes(
    query="""
def GET(*, a: int = 0, b: bool = False, c: list[date] = (), d: Decimal | None = None, e: Colour = Colour.RED,
        f: Annotated[str, Length(1, 5), Pattern("[a-z]*")] = "", g: tuple[UUID, ...], h: datetime = None,
        i: Literal[1, "x"] = 1, j: float = 0.0): return {}
""",
    json="""
@dataclass
class Card:
    kind: Literal["card"]
    number: Annotated[str, Length(3)]

@dataclass
class Cash:
    kind: Literal["cash"]
    amount: Decimal

@dataclass
class Node:
    name: str
    pay: Card | Cash | None = None
    below: list[Node] = field(default_factory=list)
    when: datetime | None = None
    by_name: dict[str, float] = field(default_factory=dict)
    anything: Any = None

def POST(node: Node, *, q: int = 0): return node
def PUT(nodes: dict[str, list[Node]] = None): return {}
""",
    form=PROFILE, path_id="def DELETE(id: int, body: Change = None, *, q: int | None = None): return {}")


@pytest.fixture(scope="module")
def any_app(tmp_path_factory: pytest.TempPathFactory) -> App:
    return App(write_files(tmp_path_factory.mktemp("typed") / "any_typed_app", ANY))


NAMES = st.sampled_from([*"abcdefghijq", "name", "age", "colours", "picture", "news", "kind", "below", "pay"])
VALUES = st.one_of(
    st.text(max_size=20), st.integers().map(str), st.floats().map(str), st.dates().map(str),
    st.uuids().map(str),
    st.datetimes().map(str), st.decimals(allow_nan=False).map(str),
    st.sampled_from(["", "true", "red", "x", "1"]))
QUERIES = st.one_of(
    st.lists(st.tuples(NAMES, VALUES), max_size=8).map(lambda pairs: urlencode(pairs)),
    st.binary(max_size=40).map(lambda data: data.decode("latin-1").replace("\r", "").replace("\n", "")))
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | VALUES | st.sampled_from(["card", "cash"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(max_size=5) | st.sampled_from(
        ["number", "amount", "when", "by_name", "anything"]), inner, max_size=5), max_leaves=20)
SENT = st.one_of(
    st.binary(max_size=200), JSONS.map(lambda value: json.dumps(value).encode()),
    st.lists(st.tuples(NAMES, VALUES), max_size=8).map(lambda pairs: urlencode(pairs).encode()),
    st.lists(st.tuples(NAMES, st.binary(max_size=20), st.none() | st.sampled_from(["", "f.txt"])),
             max_size=5).map(
        lambda parts: multipart(part(name, data, filename=filename) for name, data, filename in parts)))
KINDS = st.one_of(st.sampled_from([JSON, URLENCODED, MULTIPART, None, "", "text/plain",
                                   "multipart/form-data"]),
                  st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=30))


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(query=QUERIES, body=SENT | st.none(), kind=KINDS, html=st.booleans(), place=st.sampled_from([
    ("GET", "/query"), ("HEAD", "/query"), ("POST", "/json"), ("PUT", "/json"), ("POST", "/form"),
    ("DELETE", "/path/7")]))
@example(query="", body=b'{"name": "\\ud800"}', kind=JSON, html=True, place=("POST", "/json"))
@example(query="", body=b'{"\\ud800": "x", "name": "", "by_name": {"\\udfff": 1}}', kind=JSON, html=True,
         place=("POST", "/json"))
@example(query="", body=b'{"name": "a", "by_name": {"a": 1e308}, "anything": "\\ud800"}', kind=JSON,
         html=False, place=("POST", "/json"))
def test_whatever_a_client_sends_the_answer_is_no_fault_of_the_server(
    any_app: App, query: str, body: bytes | None, kind: str | None, html: bool, place: tuple[str, str]
) -> None:
    method, path = place
    environ = environ_of(method, path, body, QUERY_STRING=query, CONTENT_TYPE=kind,
                         HTTP_ACCEPT="text/html" if html else None)
    answer = exchange(validator(any_app), environ)
    assert answer.status < 500, answer
    if answer.status == 400 and not html and method != "HEAD":
        problem = json.loads(answer.body)
        for error in problem.get("errors", ()):
            assert error["in"] in ("query", "body", "form")
            assert error["message"]


# what it costs who does not use it

CHILD = """
import sys
sys.path[:0] = [{path!r}]
import fsroute
from tests.exchange import environ_of, exchange
app = fsroute.App({root!r}, openapi="/openapi.json")
for method, target, body in (("GET", "/users/1?q=1", None), ("POST", "/users/1", b"[1]")):
    assert exchange(app, environ_of(method, target, body)).status == 200
print([name for name in sys.modules if name.startswith("fsroute.") and name.rpartition(".")[2] in {names!r}])
"""
PLAIN = """
def GET(request, id): return request.query["q"]
def POST(request, id): return request.json()
"""


@pytest.mark.parametrize(("source", "loaded"), [
    (PLAIN, []), (PLAIN.replace("id)", "id: int)"), []),
    (PLAIN + "def PUT(*, q: int): return {}", ["fields", "inputs", "schema", "shapes"]),
])
def test_an_app_without_typed_handlers_loads_nothing_of_them(
    tree: Tree, source: str, loaded: list[str]
) -> None:
    root = tree({"users/[id]/route.py": source})
    names = ("fields", "inputs", "schema", "shapes", "openapi", "forms", "constraints")
    child = CHILD.format(path=str(Path(__file__).parents[1]), root=root, names=names)
    done = subprocess.run([sys.executable, "-c", child], capture_output=True, text=True, check=False,
                          timeout=60)
    assert done.stderr == ""
    assert sorted(name.rpartition(".")[2] for name in ast.literal_eval(done.stdout)) == loaded


def test_a_handler_that_uses_none_of_it_is_called_as_it_is(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "reader", lambda plan: pytest.fail("it has no inputs"))
    app = make(routes(x="def GET(request): return {}\ndef POST(request): return request.json()\n"
                        "async def PUT(request): return {}", y_id="def GET(request, id: int): return [id]"))
    assert ask(app, "GET", "/x?q=1").body == b"{}"
    assert ask(app, "POST", "/x", [1]).body == b"[1]"
    assert ask(app, "GET", "/y/5").body == b"[5]"
