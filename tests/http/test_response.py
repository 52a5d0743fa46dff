import contextlib
import json
from collections.abc import Callable
from enum import StrEnum
from http import HTTPStatus
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsroute.http.errors import HTTPError
from fsroute.http.response import Raised, Response
from tests.sources import Source

TEXT = ("Content-Type", "text/plain; charset=utf-8")


class Word(StrEnum):
    A = "a"


class Bytes(bytes):
    pass


@pytest.mark.parametrize(
    ("body", "sent", "kind"),
    [
        (b"", b"", "text/plain; charset=utf-8"),
        ("", b"", "text/plain; charset=utf-8"),
        ("é", b"\xc3\xa9", "text/plain; charset=utf-8"),
        (Word.A, b"a", "text/plain; charset=utf-8"),
        (b"x", b"x", "application/octet-stream"),
        (Bytes(b"x"), b"x", "application/octet-stream"),
    ],
)
def test_a_body_has_a_type_and_is_plain_bytes(body: Any, sent: bytes, kind: str) -> None:
    response = Response(body)
    assert (response.status, response.body, response.headers.items()) == (200, sent, [("Content-Type", kind)])
    assert type(response.body) is bytes
    response.body = body
    assert (response.body, type(response.body)) == (sent, bytes)


@pytest.mark.parametrize(
    "body", [None, 5, {"a": 1}, ["x"], ("x",), bytearray(b"x"), memoryview(b"x"), range(3), object(), str]
)
def test_another_body_is_refused_by_type(body: Any) -> None:
    says = f"a body is bytes, str or an iterator of them, not {type(body).__name__}; for JSON: Response.json"
    with pytest.raises(TypeError, match=says):
        Response(body)
    response = Response("stands")
    with pytest.raises(TypeError, match=says):
        response.body = body
    assert response.body == b"stands"


@pytest.mark.parametrize("status", [200, 201, 299, 404, 599, HTTPStatus.CREATED])
def test_a_status_is_kept_as_a_plain_int(status: int) -> None:
    response = Response("x", status=status)
    assert (response.status, type(response.status)) == (status, int)
    response.status = 202
    response.status = status
    assert (response.status, type(response.status)) == (status, int)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (199, ValueError), (600, ValueError), (0, ValueError), ("200", TypeError), (None, TypeError),
        (True, TypeError), (201.0, TypeError)
    ]
)
def test_another_status_is_refused_at_the_point_of_setting(status: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="from 200 to 599"):
        Response("x", status=status)
    for make in (Response.json, Response.stream, Response.events):
        with pytest.raises(error, match="from 200 to 599"):
            make(["x"], status=status)
    for make_text in (Response.text, Response.html):
        with pytest.raises(error, match="from 200 to 599"):
            make_text("x", status=status)
    response = Response("x", status=201)
    with pytest.raises(error, match="from 200 to 599"):
        response.status = status
    assert response.status == 201


@pytest.mark.parametrize(
    "headers",
    [{"Content-Type": "image/png"}, [("content-type", "image/png")], {"X": "1", "CONTENT-TYPE": "image/png"}]
)
def test_a_given_content_type_replaces_ours(headers: Any) -> None:
    for response in (
        Response(b"x", headers=headers), Response.json({}, headers=headers),
        Response.text("x", headers=headers), Response.html("x", headers=headers),
        Response.stream(["x"], headers=headers), Response.events(["x"], headers=headers),
        Response(iter(["x"]), headers=headers),
    ):
        assert response.headers.getall("Content-Type") == ["image/png"]


@pytest.mark.parametrize(
    "headers",
    [{"X": "a\r\nb"}, {"X\n": "1"}, {"Content-Length": "1"}, {"Connection": "close"}, [("X", "\u0141")]]
)
def test_a_header_is_refused_at_the_point_of_setting(headers: Any) -> None:
    ways: list[Callable[[], Response]] = [
        lambda: Response("x", headers=headers),
        lambda: Response.json({}, headers=headers),
        lambda: Response.text("x", headers=headers),
        lambda: Response.html("x", headers=headers),
        lambda: Response.empty(headers=headers),
        lambda: Response.redirect("/", headers=headers),
        lambda: Response.redirect("/", local=True, headers=headers),
        lambda: Response.stream(["x"], headers=headers),
        lambda: Response.events(["x"], headers=headers),
        lambda: Response(iter(["x"]), headers=headers),
    ]
    for make in ways:
        with pytest.raises(ValueError, match="header"):
            make()


@pytest.mark.parametrize("make", [
    lambda source: Response(source, status=999), lambda source: Response(source, headers={"a b": "c"}),
    lambda source: Response.stream(source, status=99),
    lambda source: Response.stream(source, headers={"a b": "c"}),
    lambda source: Response.events(source, headers={"Content-Length": "1"}),
])
def test_a_source_that_is_refused_with_its_response_is_closed(make: Callable[[Source], Response]) -> None:
    source = Source(b"x")
    with pytest.raises(ValueError, match=r"."):
        make(source)
    assert source.closed == 1


@pytest.mark.parametrize(("make", "arguments"), [
    (Response, (b"", 201)),
    (Response.json, ({}, 201)),
    (Response.text, ("x", 201)),
    (Response.html, ("x", 201)),
    (Response.empty, (204, {})),
    (Response.redirect, ("/", 303)),
    (Response.stream, ([], 5)),
    (Response.events, ([], 201)),
    (Response.file, ("a", "/srv")),
    (Response().set_cookie, ("a", "b", 60)),
    (Response().delete_cookie, ("a", "/")),
])
def test_what_may_be_left_out_is_given_by_name(make: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError, match="positional argument"):
        make(*arguments)


def test_two_responses_share_nothing() -> None:
    first, second = Response.json({}), Response.json({})
    first.headers["X"] = "1"
    first.headers["Content-Type"] = "a/b"
    assert second.headers.items() == [("Content-Type", "application/json")]
    pairs = [("X", "1")]
    third = Response("x", headers=pairs)
    third.headers.add("Y", "2")
    assert pairs == [("X", "1")]


def test_headers_are_ready_to_be_changed() -> None:
    response = Response("x")
    response.headers["X"] = "1"
    response.headers.vary("Accept")
    held = response.headers
    held.add("X", "2")
    assert response.headers.items() == [TEXT, ("X", "1"), ("Vary", "Accept"), ("X", "2")]


def test_there_is_always_a_content_type() -> None:
    response = Response("x")
    with contextlib.suppress(ValueError):
        del response.headers["content-type"]
    assert response.parts()[1] == [TEXT]


# unpacking

def test_it_unpacks_as_status_headers_and_body_and_makes_itself_again() -> None:
    status, headers, body = Response.json({"a": 1}, status=201, headers={"X": "1"})
    assert (status, headers, body) == (201, [("Content-Type", "application/json"), ("X", "1")], b'{"a":1}')
    again = Response(body, status=status, headers=headers)
    assert list(again) == [status, headers, body]


def test_what_it_unpacks_to_is_no_way_in() -> None:
    response = Response("x")
    _, headers, _ = response
    headers.append(("X", "\r\n"))
    assert response.headers.items() == [TEXT]


@pytest.mark.parametrize("status", [204, 304])
def test_204_and_304_have_no_body_and_no_headers_about_one(status: int) -> None:
    kept = [
        ("ETag", '"x"'), ("Vary", "Accept"), ("Cache-Control", "no-cache"), ("Content-Location", "/x"),
        ("Content-Security-Policy", "default-src 'self'"),
        ("Content-Security-Policy-Report-Only", "default-src 'self'"), ("Set-Cookie", "a=1"),
    ]
    dropped = [
        ("content-type", "a/b"), ("Content-Encoding", "gzip"), ("Content-Language", "en"),
        ("Content-Range", "bytes 0-1/2")
    ]
    assert Response(b"body", status=status, headers=[*kept, *dropped]).parts() == (status, kept, b"")


def test_a_205_has_no_body_either() -> None:
    assert Response(b"body", status=205).parts()[2] == b""


def test_a_status_set_later_counts() -> None:
    response = Response("x")
    response.status = 204
    assert response.parts() == (204, [], b"")
    response.status = 200
    assert response.parts() == (200, [TEXT], b"x")


# what was raised, and copies

ANY_WAY: list[Callable[[], Response]] = [
    Response, lambda: Response("x", status=500), lambda: Response.json({}, status=404),
    lambda: Response.text("x"),
    lambda: Response.html("x"), Response.empty, lambda: Response.redirect("/"), lambda: Response.stream([]),
    lambda: Response.events([]), lambda: Response.file(__file__), lambda: Response("x").copy(),
]


@pytest.mark.parametrize("make", ANY_WAY)
def test_a_response_that_was_made_answers_no_exception(make: Callable[[], Response]) -> None:
    response = make()
    assert response.exception is None
    response.raise_exception()


def test_a_response_to_an_exception_raises_it_again_as_often_as_it_is_asked() -> None:
    response = Response("x", status=500)
    fault = KeyError("k")
    response._raised = Raised(fault, 500)
    for one in (response, response.copy()):
        assert one.exception is fault
        for _ in range(2):
            with pytest.raises(KeyError) as caught:
                one.raise_exception()
            assert caught.value is fault


def test_what_was_raised_is_read_and_not_set() -> None:
    with pytest.raises(AttributeError):
        Response("x").exception = KeyError()    # type: ignore[misc]


@pytest.mark.parametrize("make", ANY_WAY)
def test_a_copy_is_the_same_answer_and_changes_by_itself(make: Callable[[], Response]) -> None:
    response = make()
    before = response.parts()
    copied = response.copy()
    assert (type(copied), copied.parts()) == (type(response), before)
    copied.status, copied.body = 418, b"other"
    copied.headers["X-A"] = "1"
    copied.headers["Content-Type"] = "a/b"
    copied.set_cookie("a", "1")
    copied._raised = Raised(KeyError(), 500)
    assert response.parts() == before
    assert response.exception is None
    response.headers["X-B"] = "1"
    assert "X-B" not in copied.headers


class Templated(Response):
    """A user's own kind of Response, which knows more."""

    def __init__(self, template: str) -> None:
        super().__init__(template, status=201)
        self.template = template


class Slotted(Response):
    __slots__ = ("template",)

    def __init__(self, template: str) -> None:
        super().__init__(template, status=201)
        self.template = template


@pytest.mark.parametrize("kind", [Templated, Slotted])
def test_a_copy_knows_what_its_class_added(kind: type[Templated | Slotted]) -> None:
    """Middleware further out may ask the answer for it: what it gets is a copy."""
    made = kind("home.html")
    copied = made.copy()
    assert type(copied) is kind
    assert (copied.template, copied.parts()) == ("home.html", made.parts())
    copied.template = "other.html"
    copied.headers["X-A"] = "1"
    assert (made.template, "X-A" in made.headers) == ("home.html", False)


def test_its_repr_is_short() -> None:
    assert repr(Response(b"x" * 5_000, status=201)) == "<Response 201, 5000 bytes>"


# constructors

@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner), max_leaves=8
    )
)
def test_json_is_the_data_as_json(data: Any) -> None:
    response = Response.json(data)
    assert json.loads(response.body) == data
    assert (response.status, response.headers.items()) == (200, [("Content-Type", "application/json")])


@pytest.mark.parametrize(
    ("data", "error"), [(object(), TypeError), ({1, 2}, TypeError), (float("nan"), ValueError)]
)
def test_json_refuses_what_json_has_no_word_for(data: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        Response.json(data)


def test_text_and_html_are_utf_8() -> None:
    assert Response.text("é", status=404).parts() == (404, [TEXT], b"\xc3\xa9")
    assert Response.html("<p>é").parts() == (
        200, [("Content-Type", "text/html; charset=utf-8")], b"<p>\xc3\xa9"
    )
    assert Response.html(Word.A).parts()[2] == b"a"


@pytest.mark.parametrize("text", [None, 5, ["x"], {"a": 1}, iter(["x"]), bytearray(b"x")])
def test_text_and_html_refuse_another_type_by_name(text: Any) -> None:
    for make in (Response.text, Response.html):
        with pytest.raises(TypeError, match=f"a text is str or bytes, not {type(text).__name__}"):
            make(text)


def test_empty_has_no_body() -> None:
    assert Response.empty().parts() == (204, [], b"")
    assert Response.empty(headers={"Allow": "GET"}).parts() == (204, [("Allow", "GET")], b"")
    assert Response.empty(202).parts() == (202, [TEXT], b"")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, HTTPStatus.SEE_OTHER])
def test_a_redirect_sends_the_client_on(status: int) -> None:
    response = Response.redirect("/é?a=1", status=status, headers={"X": "1", "Location": "/other"})
    assert (response.status, type(response.status), response.body) == (status, int, b"")
    assert response.headers.getall("Location") == ["/%C3%A9?a=1"]
    assert response.headers["X"] == "1"
    assert Response.redirect("/").parts() == (307, [TEXT, ("Location", "/")], b"")


@pytest.mark.parametrize("status", [200, 204, 300, 304, 305, 306, 400, 404, "307", None, True])
def test_a_redirect_has_no_other_status(status: Any) -> None:
    with pytest.raises((ValueError, TypeError), match="301, 302, 303, 307 or 308"):
        Response.redirect("/", status=status)


@pytest.mark.parametrize(
    "location", ["", "/a\r\nSet-Cookie: b", "/a b", "javascript:alert(1)", "data:x", "\t//evil"]
)
def test_a_redirect_refuses_what_is_no_url(location: str) -> None:
    with pytest.raises(ValueError, match="a redirect"):
        Response.redirect(location)


@pytest.mark.parametrize(
    "target", ["/", "/a?b=c#d", "/é", "/a/../b", "/%2f%2fevil.example", "/?next=http://evil.example"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_local_redirect_goes_to_a_path_of_this_site(target: str, status: int) -> None:
    made = Response.redirect(target, status=status, local=True)
    assert made.parts() == Response.redirect(target, status=status).parts()
    assert made.headers["Location"].isascii()


@pytest.mark.parametrize(
    "target",
    [
        "", "a", "?x", "#x", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example",
        "/\r\nX: y", "\t/a",
        " //evil.example", "http:evil.example", "http://evil.example/", "javascript:alert(1)", "/\ud800",
        "/" + "a" * 3_000,
        None, 5, b"/a", ["/a"]
    ]
)
def test_a_target_that_might_leave_the_site_is_the_clients_fault(target: Any) -> None:
    with pytest.raises(HTTPError) as caught:
        Response.redirect(target, local=True)
    assert caught.value.status == 400
    assert "a path on this site" in caught.value.detail
    assert "evil" not in caught.value.detail


def test_without_local_another_site_is_no_fault() -> None:
    assert Response.redirect("//cdn.example/x").headers["Location"] == "//cdn.example/x"
    assert Response.redirect("https://example.com/é").headers["Location"] == "https://example.com/%C3%A9"


@pytest.mark.parametrize("target", [None, 5, b"/a", "/\ud800"])
def test_without_local_what_is_no_url_is_the_handlers_fault(target: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        Response.redirect(target)
