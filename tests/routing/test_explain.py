"""Why a path is answered by this route and by no other."""

import pytest

from fsroute.routing.explain import passed_over
from fsroute.routing.names import read
from fsroute.routing.route import Route, Segment


def route(pattern: str) -> Route:
    segments = [read(name) for name in pattern.split("/") if name]
    return Route([segment for segment in segments if isinstance(segment, Segment)], file="/x/route.py")


ROUTES = {pattern: route(pattern) for pattern in (
    "/", "/users", "/users/me", "/users/[id]", "/users/[id]/posts", "/files/[...path]", "/docs/[[...slug]]",
    "/[lang]/about")}


@pytest.mark.parametrize(("path", "chosen", "reasons"), [
    ("/users/me", "/users/me", {
        "/users/[id]": "segment 2: the literal me comes before [id]",
        "/users": "it ends before 'me'",
        "/users/[id]/posts": "the path ends before posts",
        "/[lang]/about": "segment 2 is 'me', not about"}),
    ("/users/7/likes", None, {
        "/users/[id]": "it ends before 'likes'",
        "/users/[id]/posts": "segment 3 is 'likes', not posts",
        "/users": "it ends before '7'",
        "/users/me": "segment 2 is '7', not me",
        "/[lang]/about": "segment 2 is '7', not about"}),
    ("/files", None, {
        "/files/[...path]": "the path ends before [...path]",
        "/[lang]/about": "the path ends before about"}),
    ("/docs", "/docs/[[...slug]]", {"/[lang]/about": "the path ends before about"}),
    ("/", "/", {}),
    ("/nowhere", None, {"/[lang]/about": "the path ends before about"}),
])
def test_routes_that_did_not_answer_say_why(path: str, chosen: str | None, reasons: dict[str, str]) -> None:
    told = passed_over(ROUTES.values(), path, ROUTES[chosen] if chosen else None)
    assert {other.pattern: reason for other, reason in told} == reasons


def test_not_more_than_the_five_closest_are_told() -> None:
    routes = [route(f"/a/b{number}/c") for number in range(100)] + [route("/a/x/y/z")]
    told = passed_over(routes, "/a/x/y", None)
    assert len(told) == 5
    assert told[0][0].pattern == "/a/x/y/z"
