from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any

import pytest

from fsroute.routing.names import read
from fsroute.routing.route import Route, Segment

if TYPE_CHECKING:
    from fsroute.routing.route import SegmentKind


class Color(Enum):
    RED = "red"


def literals(*names: str) -> list[Segment]:
    return [Segment("literal", name) for name in names]


def test_a_route_whose_file_was_not_imported_knows_nothing_of_it() -> None:
    route = Route(literals("a"), file="/a/route.py", module="a.route")
    assert (route.methods, dict(route.handlers), route.errors, route.hidden) == ((), {}, (), False)


@pytest.mark.parametrize(
    ("segments", "pattern", "names"),
    [
        ([], "/", ()),
        (literals("api", "users"), "/api/users", ()),
        ([*literals("users"), Segment("param", "id")], "/users/[id]", ("id",)),
        ([Segment("param", "a"), *literals("x"), Segment("param", "b")], "/[a]/x/[b]", ("a", "b")),
        ([*literals("files"), Segment("rest", "path")], "/files/[...path]", ("path",)),
        ([*literals("docs"), Segment("optional", "path")], "/docs/[[...path]]", ("path",)),
        (literals("[id]"), "/%5Bid%5D", ()),
        (literals("100%"), "/100%25", ()),
        (literals("%5B"), "/%255B", ()),            # so no two literals share a pattern
        (literals("café", "feed.xml", "(x)"), "/café/feed.xml/(x)", ()),
    ],
)
def test_a_pattern_is_what_the_folders_spell(
    segments: list[Segment], pattern: str, names: tuple[str, ...]
) -> None:
    route = Route(segments, file="/srv/app/route.py", module="route")
    assert (route.pattern, route.names, route.segments) == (pattern, names, tuple(segments))


def test_a_route_has_no_methods_until_its_file_was_read() -> None:
    route = Route(literals("x"), file="/srv/app/x/route.py", module="x.route")
    assert (route.kind, route.methods) == ("route", ())
    assert repr(route) == "<Route /x /srv/app/x/route.py>"
    route.methods = ("GET", "POST")
    assert repr(route) == "<Route /x GET,POST /srv/app/x/route.py>"


@pytest.mark.parametrize(
    ("kind", "text"), [("literal", "x"), ("param", "[x]"), ("rest", "[...x]"), ("optional", "[[...x]]")]
)
def test_segments_are_equal_if_kind_and_name_are(kind: SegmentKind, text: str) -> None:
    segment = Segment(kind, "x")
    assert str(segment) == text
    assert segment == Segment(kind, "x")
    assert hash(segment) == hash(Segment(kind, "x"))
    assert segment != Segment(kind, "y")
    assert segment != text
    assert repr(segment) == f"Segment('{kind}', 'x')"


def test_one_name_of_two_kinds_is_two_segments() -> None:
    assert Segment("literal", "x") != Segment("param", "x")
    assert len({Segment("param", "x"), Segment("rest", "x"), Segment("optional", "x")}) == 3


@pytest.mark.parametrize(("pattern", "values", "path"), [
    ("/", {}, "/"),
    ("/a/b", {}, "/a/b"),
    ("/users/[id]", {"id": 42}, "/users/42"),
    ("/users/[id]", {"id": "a b"}, "/users/a b"),
    ("/[a]/x/[b]", {"b": "é", "a": "1"}, "/1/x/é"),
    ("/files/[...path]", {"path": ["a", 1]}, "/files/a/1"),
    ("/files/[...path]", {"path": ("a",)}, "/files/a"),
    ("/docs/[[...slug]]", {}, "/docs"),
    ("/docs/[[...slug]]", {"slug": []}, "/docs"),
    ("/docs/[[...slug]]", {"slug": ["a"]}, "/docs/a"),
    ("/%5Bx%5D", {}, "/[x]"),
    ("/[x]", {"x": True}, "/true"),
    ("/[x]", {"x": Color.RED}, "/red"),
    ("/[x]", {"x": datetime(2026, 1, 2, 3, 4, tzinfo=UTC)}, "/2026-01-02T03:04:00+00:00"),
    ("/[x]", {"x": 1e-7}, "/0.0000001"),
    ("/[x]", {"x": 0.1}, "/0.1"),
    ("/[x]", {"x": Decimal("1E+2")}, "/100"),
    ("/[x]", {"x": Decimal("1E+64")}, "/1" + 64 * "0"),
    ("/[x]", {"x": 7}, "/7"),
])
def test_a_route_with_values_is_a_path(pattern: str, values: dict[str, Any], path: str) -> None:
    assert route_of(pattern).path(values) == path


@pytest.mark.parametrize(("pattern", "values", "error", "says"), [
    ("/users/[id]", {}, TypeError, "/users/[id] takes id; see to id"),
    ("/users/[id]", {"id": 1, "x": 2}, TypeError, "see to x"),
    ("/a", {"x": 2}, TypeError, "/a takes no values; see to x"),
    ("/users/[id]", {"id": ""}, ValueError, "[id] takes a value"),
    ("/users/[id]", {"id": None}, ValueError, "[id] takes a value"),
    ("/users/[id]", {"id": "."}, ValueError, "[id] takes a value"),
    ("/users/[id]", {"id": ".."}, ValueError, "[id] takes a value"),
    ("/users/[id]", {"id": "a/b"}, ValueError, "[id] takes a value"),
    ("/users/[id]", {"id": "a\0"}, ValueError, "[id] takes a value"),
    ("/users/[id]", {"id": "\ud800"}, ValueError, "[id] takes a value"),
    ("/users/[id]", {"id": ["a"]}, TypeError, "[id] takes one value, not a list"),
    ("/files/[...path]", {"path": []}, ValueError, "at least one value"),
    ("/files/[...path]", {"path": "a/b"}, TypeError, "[...path] takes a list, not str"),
    ("/files/[...path]", {"path": ["a", ".."]}, ValueError, "[...path] takes a value"),
    ("/files/[...path]", {}, TypeError, "see to path"),
    ("/users/[id]", {"id": Decimal("1E+999999999")}, ValueError, "more than 64 digits has no place in a URL"),
    ("/users/[id]", {"id": 5e-324}, ValueError, "more than 64 digits has no place in a URL"),
])
def test_values_that_do_not_fit_are_refused_by_name(
    pattern: str, values: dict[str, Any], error: type[Exception], says: str
) -> None:
    with pytest.raises(error) as caught:
        route_of(pattern).path(values)
    assert says in str(caught.value)


def route_of(pattern: str) -> Route:
    segments = [read(name) for name in pattern.split("/") if name]
    return Route([segment for segment in segments if isinstance(segment, Segment)], file="/x/route.py")
