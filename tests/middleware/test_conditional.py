"""Conditional answers: who has it already gets no body, and nobody gets a 304 for anything else."""

import os
import sys
from pathlib import Path
from typing import Any
from wsgiref.util import FileWrapper

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsroute import App, Request, Response
from fsroute.middleware.conditional import conditional
from tests.conftest import Client, Make, Tree
from tests.exchange import environ_of, exchange

JUDGING = "from fsroute.middleware.conditional import conditional\nmiddleware = conditional()\n"
NOON, LATER, EARLIER = (f"Wed, 01 Jan 2020 {hour}:00:00 GMT" for hour in (12, 13, 11))
TAGGED = {"ETag": '"v1"', "Last-Modified": NOON}


def by_hand(response: Response, method: str = "GET", **headers: str) -> Response:
    """What the middleware makes of that response to a request with those headers."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    request = Request.build(method, headers=fields)
    return conditional()(request, lambda request: response)


# tags

@pytest.mark.parametrize("body", ["''", "'text'", "b'bytes'", "{'a': [1]}", "[]"])
def test_who_sends_the_tag_back_gets_a_304_without_a_body(client: Client, body: str) -> None:
    app = client({"middleware.py": JUDGING, "route.py": f"def GET(): return {body}\n"})
    for _ in range(2):
        whole = app.get("/")
        tag = whole.headers["ETag"]
        assert (tag[0], tag[-1], len(tag)) == ('"', '"', 34)
        for named in (tag, f"W/{tag}", f'"other" , {tag}', "*"):
            same = app.get("/", headers={"If-None-Match": named}, status=304)
            assert (same.body, same.headerlist) == (b"", [("ETag", tag)])
        for named in ('"other"', tag[:-2] + '"', tag.strip('"'), "", "**"):
            again = app.get("/", headers={"If-None-Match": named}, status=200)
            assert (again.body, again.headerlist) == (whole.body, whole.headerlist)


def test_another_body_or_type_has_another_tag(client: Client) -> None:
    app = client({"middleware.py": JUDGING, "route.py":
                  "from fsroute import Response\ndef GET(request):\n    return Response("
                  "request.query['body'], headers={'Content-Type': request.query['type']})\n"})
    tags = {app.get("/", {"body": body, "type": kind}).headers["ETag"]
            for body in ("", "a", "b", "ab", "A") for kind in ("text/plain", "text/html", "text/plaina")}
    assert len(tags) == 15


@given(st.binary(), st.binary())
def test_tags_are_alike_where_bodies_are(one: bytes, other: bytes) -> None:
    tags = [by_hand(Response(body, headers={"Content-Type": "a/b"})).headers["ETag"] for body in (one, other)]
    assert (tags[0] == tags[1]) == (one == other)


@pytest.mark.parametrize("at", [0, 1, 63, 64, 65_536, 99_998, 99_999])
def test_every_byte_of_a_body_counts_in_its_tag(at: int) -> None:
    body = bytes(100_000)
    other = body[:at] + b"x" + body[at + 1:]
    tags = {by_hand(Response(each)).headers["ETag"] for each in (body, other, body[:-1])}
    assert len(tags) == 3


def test_a_changed_body_is_sent_to_who_had_the_old_one(tree: Tree) -> None:
    root = tree({"middleware.py": JUDGING, "route.py": "now = ['old']\ndef GET(): return now[0]\n"})
    app = App(root)
    old = exchange(app, environ_of("GET", "/")).headers["etag"]
    assert exchange(app, environ_of("GET", "/", HTTP_IF_NONE_MATCH=old)).status == 304
    sys.modules[f"{Path(root).name}.route"].now[0] = "new"
    answer = exchange(app, environ_of("GET", "/", HTTP_IF_NONE_MATCH=old))
    assert (answer.status, answer.text) == (200, "new")
    assert answer.headers["etag"] != old


def test_head_has_get_s_tag_and_its_304(client: Client) -> None:
    app = client({"middleware.py": JUDGING, "route.py": "def GET(): return 'text'\n"})
    whole, head = app.get("/"), app.head("/")
    assert (head.headerlist, head.body) == (whole.headerlist, b"")
    same = app.head("/", headers={"If-None-Match": head.headers["ETag"]}, status=304)
    assert same.headerlist == app.get("/", headers={"If-None-Match": head.headers["ETag"]}).headerlist


@pytest.mark.parametrize("tag", ['"v1"', 'W/"v1"', '""'])
def test_a_tag_that_the_handler_gave_stands(tag: str) -> None:
    assert by_hand(Response("text", headers={"etag": tag})).headers.items()[1:] == [("etag", tag)]
    same = by_hand(Response("text", headers={"etag": tag}), If_None_Match=tag)
    assert (same.status, same.body, same.headers["ETag"]) == (304, b"", tag)


# the conditions (RFC 9110, 13.2.2)

@pytest.mark.parametrize(("conditions", "status"), [
    ({}, 200),
    ({"If-None-Match": '"v1"'}, 304),
    ({"If-None-Match": '"v2"'}, 200),
    ({"If-Modified-Since": NOON}, 304),
    ({"If-Modified-Since": LATER}, 304),
    ({"If-Modified-Since": EARLIER}, 200),
    ({"If-Modified-Since": "soon"}, 200),
    ({"If-None-Match": '"v2"', "If-Modified-Since": LATER}, 200),       # a tag beats a date
    ({"If-None-Match": '"v1"', "If-Modified-Since": EARLIER}, 304),
    ({"If-Match": '"v1"'}, 200),
    ({"If-Match": "*"}, 200),
    ({"If-Match": '"v2"'}, 412),
    ({"If-Match": 'W/"v1"'}, 412),
    ({"If-Match": '"v1"', "If-None-Match": '"v1"'}, 304),
    ({"If-Match": '"v2"', "If-None-Match": '"v1"'}, 412),
    ({"If-Unmodified-Since": NOON}, 200),
    ({"If-Unmodified-Since": EARLIER}, 412),
])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("body", ["'text'", "iter(['te', 'xt'])"])
def test_every_condition_is_judged(
    client: Client, conditions: dict[str, str], status: int, method: str, body: str
) -> None:
    app = client({"middleware.py": JUDGING, "route.py": f"def GET(): return 200, {TAGGED!r}, {body}\n"})
    for _ in range(2):
        answer = app.request("/", method=method, headers=conditions, status=status)
        if status == 304:
            assert (answer.body, answer.headerlist) == (b"", [*TAGGED.items()])
        elif status == 412:
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert "ETag" not in answer.headers
        elif method == "GET":
            assert answer.body == b"text"


@pytest.mark.parametrize(("header", "value", "status"), [
    ("If-Modified-Since", NOON, 304), ("If-Modified-Since", EARLIER, 200), ("If-None-Match", "*", 304),
    ("If-Unmodified-Since", EARLIER, 412),
])
def test_a_date_alone_will_do(client: Client, header: str, value: str, status: int) -> None:
    app = client({"middleware.py": JUDGING, "route.py":
                  f"def GET(): return 200, {{'Last-Modified': {NOON!r}}}, iter(['text'])\n"})
    answer = app.get("/", headers={header: value}, status=status)
    assert ("ETag" in answer.headers, answer.headers.get("Last-Modified")) == (
        False, NOON if status != 412 else None)


@pytest.mark.parametrize("etag", ["v1", "W/v1", '"v1', "'v1'", ""])
def test_a_tag_that_is_none_matches_nothing(etag: str) -> None:
    response = by_hand(Response("text", headers={"ETag": etag}), If_None_Match=etag or '""')
    assert (response.status, response.body, response.headers["ETag"]) == (200, b"text", etag)


def test_a_date_that_is_none_says_nothing() -> None:
    for date in ("yesterday", "", "Wed, 99 Jan 2020 12:00:00 GMT"):
        dated = Response("text", headers={"Last-Modified": date})
        assert by_hand(dated, If_Modified_Since=LATER).status == 200


# what a 304 says

def test_a_304_has_all_that_the_200_had_but_what_is_about_a_body(make: Make) -> None:
    app = make({"middleware.py": JUDGING, "route.py": """
def GET():
    return 200, [("Cache-Control", "max-age=60"), ("Vary", "Cookie"), ("Expires", "0"), ("X-A", "1"),
                 ("Content-Language", "en"), ("Content-Encoding", "gzip"), ("Content-Location", "/en"),
                 ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("ETag", '"v"')], "text"
"""})
    told: list[Any] = []
    body = app(environ_of("GET", "/", HTTP_IF_NONE_MATCH='"v"'), lambda *given: told.extend(given))
    assert (told[0], b"".join(body)) == ("304 Not Modified", b"")
    assert told[1] == [
        ("Cache-Control", "max-age=60"), ("Vary", "Cookie"), ("Expires", "0"), ("X-A", "1"),
        ("Content-Location", "/en"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("ETag", '"v"')]


def test_a_response_that_a_module_keeps_is_not_written_to(client: Client) -> None:
    app = client({"middleware.py": JUDGING, "route.py":
                  "from fsroute import Response\nkept = Response.text('text')\n"
                  "def GET(): return kept\ndef POST(): return kept.headers.keys()\n"})
    for _ in range(2):
        tag = app.get("/").headers["ETag"]
        assert app.get("/", headers={"If-None-Match": tag}, status=304).body == b""
        assert app.post("/").json == ["Content-Type"]


# what is left alone

@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_other_methods_are_not_judged(client: Client, method: str) -> None:
    app = client({"middleware.py": JUDGING, "route.py": f"def {method}(): return 200, {TAGGED!r}, 'text'\n"})
    for name, value in [("If-None-Match", '"v1"'), ("If-None-Match", "*"), ("If-Match", '"v2"'),
                        ("If-Unmodified-Since", EARLIER)]:
        assert app.request("/", method=method, headers={name: value}).body == b"text"
    app = client({"middleware.py": JUDGING, "route.py": f"def {method}(): return 'text'\n"})
    assert "ETag" not in app.request("/", method=method).headers


@pytest.mark.parametrize("status", [201, 202, 203, 204, 206, 300, 301, 400, 404, 410, 500])
def test_another_status_than_200_is_left_alone(status: int) -> None:
    response = by_hand(Response("text", status=status), If_None_Match="*", If_Match='"v"')
    assert (response.status, response.body, "ETag" in response.headers) == (status, b"text", False)


@pytest.mark.parametrize("raised", ["raise HTTPError(404)", "raise LookupError", "return None", "1 / 0"])
def test_an_error_has_no_tag_and_no_condition(client: Client, raised: str) -> None:
    app = client({"middleware.py": JUDGING,
                  "route.py": f"from fsroute import HTTPError\ndef GET():\n    {raised}\n"})
    for path in ("/", "/nowhere"):
        for conditions in ({}, {"If-None-Match": "*"}, {"If-Match": '"v"'}):
            answer = app.get(path, headers=conditions, expect_errors=True)
            assert answer.status_int in (404, 500)
            assert "ETag" not in answer.headers


def test_an_error_is_one_whatever_an_error_file_calls_it(client: Client) -> None:
    app = client({"middleware.py": JUDGING, "route.py": "def GET(): 1 / 0\n",
                  "error.py": "from fsroute import Response\n"
                              "def error(request, exception): return Response.text('all is well')\n"})
    for conditions in ({}, {"If-None-Match": "*"}):
        answer = app.get("/", headers=conditions)
        assert (answer.status_int, answer.text, "ETag" in answer.headers) == (200, "all is well", False)


@pytest.mark.parametrize(("headers", "alone"), [
    ([("Cache-Control", "no-store")], True),
    ([("cache-control", "private , No-Store")], True),
    ([("Cache-Control", "private"), ("Cache-Control", "no-store")], True),
    ([("Cache-Control", "no-cache")], False),
    ([("Cache-Control", "no-store-at-all")], False),
    ([("Pragma", "no-store")], False),
])
def test_what_nobody_may_keep_is_left_alone(headers: list[tuple[str, str]], alone: bool) -> None:
    response = by_hand(Response("text", headers=headers), If_None_Match="*")
    assert (response.status, "ETag" in response.headers) == ((200, False) if alone else (304, True))
    tagged = by_hand(Response("text", headers=[*headers, ("ETag", '"v"')]), If_None_Match='"v"')
    assert (tagged.status, tagged.headers["ETag"]) == (200 if alone else 304, '"v"')


@pytest.mark.parametrize("conditions", [
    {"If-Match": "*"}, {"If-Match": '"v"'}, {"If-None-Match": "*"}, {"If-None-Match": '"v"'},
    {"If-Unmodified-Since": EARLIER}, {"If-Modified-Since": LATER}])
def test_a_stream_without_a_tag_or_date_is_sent(client: Client, conditions: dict[str, str]) -> None:
    app = client({"middleware.py": JUDGING, "route.py": "def GET():\n    yield 'te'\n    yield 'xt'\n"})
    answer = app.get("/", headers=conditions)
    assert (answer.body, "ETag" in answer.headers) == (b"text", False)


def test_nothing_is_pulled_from_a_stream_for_its_tag() -> None:
    def chunks() -> Any:
        yield b"a"
        pytest.fail("it was read")

    response = by_hand(Response.stream(chunks(), headers=TAGGED))
    assert next(response.body) == b"a"


# streams and files

SOURCES = """
from fsroute import Response
from tests.sources import Source
made = []
def GET():
    made.append(Source("a", "b"))
    return Response.stream(made[-1], headers={"ETag": '"v1"'})
"""


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(("conditions", "status", "pulled"), [
    ({"HTTP_IF_NONE_MATCH": '"v1"'}, 304, 1), ({"HTTP_IF_MATCH": '"v2"'}, 412, 1), ({}, 200, 3)])
def test_a_stream_is_closed_once_whatever_becomes_of_it(
    tree: Tree, method: str, conditions: dict[str, Any], status: int, pulled: int
) -> None:
    root = tree({"middleware.py": JUDGING, "route.py": SOURCES})
    app = App(root)
    made = sys.modules[f"{Path(root).name}.route"].made
    for _ in range(2):
        answer = exchange(app, environ_of(method, "/", **conditions))
        assert answer.status == status
        if status == 200:
            assert answer.body == (b"ab" if method == "GET" else b"")
        assert answer.headers.get("etag") == (None if status == 412 else '"v1"')
        assert (made[-1].closed, made[-1].pulled) == (1, pulled if method == "GET" else 0)


def test_a_file_answers_as_it_does_alone(tree: Tree, tmp_path: Path) -> None:
    (tmp_path / "public").mkdir()
    file = tmp_path / "public/p.txt"
    file.write_text("0123456789")
    apps = []
    for files in ({}, {"middleware.py": JUDGING}):
        root = tree({**files, "page/page.html": "<p>page</p>", "file/route.py":
                     f"from fsroute import Response\ndef GET(): return Response.file({str(file)!r})\n"})
        os.utime(f"{root}/page/page.html", (1_577_880_000, 1_577_880_000))
        apps.append(App(root, public=tmp_path / "public"))
    for path in ("/file", "/p.txt", "/page"):
        tag = exchange(apps[0], environ_of("GET", path)).headers["etag"]
        for headers, status in (
                ({}, 200), ({"IF_NONE_MATCH": tag}, 304),
                ({"IF_MATCH": tag}, 200), ({"IF_MATCH": '"x"'}, 412),
                ({"RANGE": "bytes=2-4"}, 206), ({"RANGE": "bytes=2-4", "IF_RANGE": tag}, 206),
                ({"RANGE": "bytes=2-4", "IF_NONE_MATCH": tag}, 304), ({"RANGE": "bytes=99-"}, 416),
                ({"IF_MODIFIED_SINCE": "Sat, 01 Jan 2050 12:00:00 GMT"}, 304)):
            fields: dict[str, Any] = {f"HTTP_{name}": value for name, value in headers.items()}
            for method in ("GET", "HEAD"):
                alone, judged = (exchange(app, environ_of(method, path, **fields)) for app in apps)
                assert judged == alone
                assert judged.status == (status if method == "GET" or status not in (206, 416) else 200)


def test_a_page_that_another_body_replaced_may_change_meanwhile(tree: Tree) -> None:
    root = tree({"page.html": "<p>page</p>", "middleware.py": """
import os
def middleware(request, call_next):
    response = call_next(request)
    os.utime(request.environ["page"], (0, 0))
    response.body = "another"
    return response
"""})
    environ = environ_of("GET", "/") | {"page": f"{root}/page.html", "wsgi.file_wrapper": FileWrapper}
    answer = exchange(App(root), environ)
    assert (answer.status, answer.body) == (200, b"another")
