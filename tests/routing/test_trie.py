import sys
from collections.abc import Callable, Sequence
from itertools import product
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsroute.routing.names import read
from fsroute.routing.route import Segment, pattern
from fsroute.routing.trie import Matcher

Pattern = tuple[Segment, ...]


def parse(text: str) -> Pattern:
    segments = [read(name) for name in text.split("/") if name]
    return tuple(segment for segment in segments if segment is not None)


def matcher(*patterns: str) -> Matcher:
    return Matcher((parse(text), text) for text in patterns)


SHOP = matcher(
    "/",
    "/users",
    "/users/new",
    "/users/[id]",
    "/users/[user]/posts",
    "/users/[id]/posts/[post]",
    "/files/[...path]",
    "/files/[name]/raw",
    "/docs/[[...path]]",
    "/docs/[page]",
    "/a/b/c",
    "/a/[x]/d",
    "/[lang]/about",
    "/[lang]/[[...rest]]",
    "/.well-known/[name]",
    "/café/%5Bx%5D",
)


@pytest.mark.parametrize(
    ("path", "target", "params"),
    [
        ("/", "/", {}),
        ("/users", "/users", {}),
        ("/users/new", "/users/new", {}),                           # a literal before [x]
        ("/users/42", "/users/[id]", {"id": "42"}),
        ("/users/NEW", "/users/[id]", {"id": "NEW"}),
        ("/users/42/posts", "/users/[user]/posts", {"user": "42"}),
        ("/users/new/posts", "/users/[user]/posts", {"user": "new"}),
        ("/users/42/posts/7", "/users/[id]/posts/[post]", {"id": "42", "post": "7"}),
        ("/users/42/likes", "/[lang]/[[...rest]]", {"lang": "users", "rest": ["42", "likes"]}),
        ("/files/a", "/files/[...path]", {"path": ["a"]}),
        ("/files/a/b/c", "/files/[...path]", {"path": ["a", "b", "c"]}),
        ("/files/a/raw", "/files/[name]/raw", {"name": "a"}),       # [x] before [...x]
        ("/files/a/raw/b", "/files/[...path]", {"path": ["a", "raw", "b"]}),
        ("/files", "/[lang]/[[...rest]]", {"lang": "files", "rest": []}),       # [...x] needs a segment
        ("/docs", "/docs/[[...path]]", {"path": []}),               # the literal decides, [[...x]] or not
        ("/docs/a", "/docs/[page]", {"page": "a"}),
        ("/docs/a/b", "/docs/[[...path]]", {"path": ["a", "b"]}),
        ("/a/b/c", "/a/b/c", {}),
        ("/a/b/d", "/a/[x]/d", {"x": "b"}),                         # back from /a/b
        ("/a/b/e", "/[lang]/[[...rest]]", {"lang": "a", "rest": ["b", "e"]}),
        ("/en/about", "/[lang]/about", {"lang": "en"}),
        ("/en", "/[lang]/[[...rest]]", {"lang": "en", "rest": []}),
        ("/.well-known/x", "/.well-known/[name]", {"name": "x"}),
        ("/users/...", "/users/[id]", {"id": "..."}),               # three dots are a name
        ("/users/%2E", "/users/[id]", {"id": "%2E"}),               # decoded text is not decoded again
        ("/users/a b\n", "/users/[id]", {"id": "a b\n"}),
        ("/café/[x]", "/café/%5Bx%5D", {}),
    ],
)
def test_the_most_specific_route_answers_segment_by_segment(
    path: str, target: str, params: dict[str, Any]
) -> None:
    assert SHOP.match(path) == (target, params)


@pytest.mark.parametrize(
    "route",
    ["/", "/[[...rest]]", "/[x]", "/users/[x]", "/users/[...rest]", "/a/b", "/[x]/[y]", "/[x]/[y]/[...rest]"],
)
@pytest.mark.parametrize(
    "path",
    [
        "", "x", "users/1", "users", "*", ".", "..", "./users/1",
        "//", "///", "/users/", "/users//", "//users", "/users//1", "/a/b/", "//a/b",
        "/.", "/..", "/./users", "/users/.", "/users/..", "/users/../a", "/../users/1", "/users/1/..",
        "/a/./b",
    ],
)  # fmt: skip
def test_a_path_with_an_empty_or_dot_segment_matches_nothing(path: str, route: str) -> None:
    assert matcher(route).match(path) is None


def test_a_miss_is_none() -> None:
    shop = matcher("/users", "/users/[id]", "/files/[...path]")
    for path in ("/", "/user", "/users/1/2", "/files", "/Users"):
        assert shop.match(path) is None
    assert Matcher([]).match("/") is None


@pytest.mark.parametrize("route", ["/x", "/x/[id]", "/x/[a]/[b]", "/x/[...rest]", "/x/[[...rest]]"])
def test_values_are_fresh_for_each_match(route: str) -> None:
    found = matcher(route)
    for path in ("/x", "/x/1", "/x/1/2"):
        first, second = found.match(path), found.match(path)
        if first is None or second is None:
            assert first is second
            continue
        assert first == second
        assert first[1] is not second[1]
        assert first[1].get("rest", 1) is not second[1].get("rest", 2)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("/x", "/x"),
        ("/", "/"),
        ("/[a]", "/[b]"),
        ("/x/[a]/y", "/x/[b]/y"),
        ("/[...a]", "/[...b]"),
        ("/[...a]", "/[[...b]]"),
        ("/[[...a]]", "/"),
        ("/x/[[...a]]", "/x"),
        ("/[id]/[[...a]]", "/[id]"),
    ],
)
def test_equal_entries_are_refused_in_either_order(first: str, second: str) -> None:
    with pytest.raises(ValueError, match="answer the same paths"):
        matcher(first, second)
    with pytest.raises(ValueError, match="answer the same paths"):
        matcher(second, first)


@pytest.mark.parametrize(
    "segments",
    [
        [Segment("literal", "")],
        [Segment("literal", "..")],
        [Segment("literal", "a/b")],
        [Segment("rest", "x"), Segment("literal", "a")],
        [Segment("optional", "x"), Segment("rest", "y")],
    ],
)
def test_an_entry_that_no_path_could_reach_is_refused(segments: list[Segment]) -> None:
    with pytest.raises(ValueError, match=r"no path has|nothing can follow"):
        Matcher([(segments, "target")])


# The obvious matcher: try every route, take the one that precedence puts first.

RANK = {"literal": 0, "param": 1, "rest": 2, "optional": 3}


def values(route: Pattern, parts: list[str]) -> dict[str, Any] | None:
    params: dict[str, Any] = {}
    for at, segment in enumerate(route):
        if segment.kind == "optional" or (segment.kind == "rest" and at < len(parts)):
            return params | {segment.name: parts[at:]}
        if at >= len(parts) or (segment.kind == "literal" and segment.name != parts[at]):
            return None
        if segment.kind == "param":
            params[segment.name] = parts[at]
    return params if len(route) == len(parts) else None


def slow_match(routes: Sequence[Pattern], path: str) -> tuple[str, dict[str, Any]] | None:
    parts = path.split("/")[1:] if path != "/" else []
    if not path.startswith("/") or any(part in ("", ".", "..") for part in parts):
        return None
    found = [(route, params) for route in routes if (params := values(route, parts)) is not None]
    if not found:
        return None
    route, params = min(found, key=lambda each: [RANK[segment.kind] for segment in each[0]])
    return pattern(route), params


def without_conflicts(routes: list[Pattern]) -> list[Pattern]:
    """The routes but those that answer the same paths as one before them."""
    kept: dict[tuple[str, ...], Pattern] = {}
    for route in routes:
        shape = tuple(segment.name if segment.kind == "literal" else f"[{segment.kind}]" for segment in route)
        claims = [shape]
        if shape and shape[-1] in ("[rest]", "[optional]"):
            claims = [(*shape[:-1], "[rest]")] + ([shape[:-1]] if shape[-1] == "[optional]" else [])
        if not any(claim in kept for claim in claims):
            kept |= dict.fromkeys(claims, route)
    return list(dict.fromkeys(kept.values()))


WORDS = ["a", "b", "c"]                             # few, so that paths hit
PARTS = st.sampled_from([Segment("literal", word) for word in WORDS] + [Segment("param", "x")] * 2)


@st.composite
def patterns(draw: st.DrawFn) -> Pattern:
    parts = draw(st.lists(PARTS, max_size=4))
    last = draw(st.sampled_from([None, None, Segment("rest", "x"), Segment("optional", "x")]))
    parts += [last] if last else []
    return tuple(
        Segment(part.kind, part.name if part.kind == "literal" else f"x{at}") for at, part in enumerate(parts)
    )


ROUTES = st.lists(patterns(), max_size=25).map(without_conflicts)
PATHS = st.lists(st.sampled_from([*WORDS, *WORDS, "d", "", ".", ".."]), max_size=6).map("/".join) | st.lists(
    st.sampled_from([*WORDS, "d"]), max_size=6
).map(lambda parts: "/" + "/".join(parts))


@given(ROUTES, st.lists(PATHS, min_size=1, max_size=20), st.randoms(use_true_random=False))
def test_it_agrees_with_the_obvious_matcher_in_every_order(
    routes: list[Pattern], paths: list[str], random: Any
) -> None:
    shuffled = random.sample(routes, len(routes))
    one, other = (Matcher((route, pattern(route)) for route in order) for order in (routes, shuffled))
    for path in paths:
        expected = slow_match(routes, path)
        assert one.match(path) == expected
        assert other.match(path) == expected


# The nearest place of a path without a route.

def placed(*places: str, routes: Sequence[str] = ()) -> Matcher:
    """A matcher of places that speak for themselves."""
    return Matcher([(parse(text), text) for text in routes],
                   [(parse(text), parse(text), text) for text in places])


AREAS = placed("/", "/users", "/users/new", "/users/[id]", "/users/[id]/posts", "/users/new/posts/x",
               "/[lang]",
               "/[lang]/about/us", "/a", "/a/b", "/a/[x]/c", "/café/%5Bx%5D",
               routes=["/files/[...path]", "/docs/[[...path]]", "/deep/er/route", "/users/[id]/likes"])


@pytest.mark.parametrize(("path", "place", "params"), [
    ("/", "/", {}),
    ("/users", "/users", {}),
    ("/users/", "/users", {}),
    ("/users/new", "/users/new", {}),                           # the literal one of two equally deep
    ("/users/7", "/users/[id]", {"id": "7"}),
    ("/users/7/", "/users/[id]", {"id": "7"}),
    ("/users/new/posts", "/users/[id]/posts", {"id": "new"}),   # deeper comes before literal
    ("/users/new/posts/x", "/users/new/posts/x", {}),
    ("/users/new/posts/y", "/users/[id]/posts", {"id": "new"}),
    ("/users/new/likes/8", "/users/new", {}),
    ("/users/7/posts/8/9", "/users/[id]/posts", {"id": "7"}),
    ("/users/7/likes/8", "/users/[id]", {"id": "7"}),           # a route on the way is no place
    ("/Users/7", "/[lang]", {"lang": "Users"}),
    ("/users/about/us", "/[lang]/about/us", {"lang": "users"}),     # over all branches
    ("/a/b/c", "/a/[x]/c", {"x": "b"}),
    ("/a/b/d", "/a/b", {}),
    ("/files/a/b", "/[lang]", {"lang": "files"}),               # catch-alls do not count
    ("/docs", "/[lang]", {"lang": "docs"}),
    ("/deep/er/x", "/[lang]", {"lang": "deep"}),
    ("/café/[x]/y", "/café/%5Bx%5D", {}),
    ("/users/...", "/users/[id]", {"id": "..."}),
    ("/users/%2E", "/users/[id]", {"id": "%2E"}),
    # no value is empty, "." or ".."
    ("//", "/", {}), ("//users", "/", {}), ("/./users", "/", {}), ("/../users", "/", {}),
    ("/users//posts", "/users", {}), ("/users/./posts", "/users", {}), ("/users/../a", "/users", {}),
    ("/users/7/../a", "/users/[id]", {"id": "7"}), ("/a/b/../../users", "/a/b", {}),
    # what is no path at all
    ("", "/", {}), ("*", "/", {}), ("users", "/", {}), ("users/7", "/", {}), (".", "/", {}),
])
def test_the_nearest_place_is_the_deepest_one_that_the_path_reaches(
    path: str, place: str, params: dict[str, Any]
) -> None:
    assert AREAS.nearest(path) == (place, params)


def test_places_change_no_match_and_answer_none() -> None:
    assert AREAS.match("/users") is None
    assert AREAS.match("/users/7/likes") == ("/users/[id]/likes", {"id": "7"})
    assert AREAS.match("/files/users") == ("/files/[...path]", {"path": ["users"]})


def test_a_place_gets_the_values_of_the_folder_that_speaks_for_it() -> None:
    """The names are the speaker's: of an outer folder, where several spell the place."""
    found = Matcher([], [((), (), "root"), (parse("/[a]/x"), parse("/[b]"), "two of them"),
                         (parse("/[a]/x/[c]"), parse("/[d]/x/[e]"), "one"),
                         (parse("/y"), (), "groups")])
    assert found.nearest("/1/x") == ("two of them", {"b": "1"})
    assert found.nearest("/1/x/2") == ("one", {"d": "1", "e": "2"})
    assert found.nearest("/y/z") == ("groups", {})
    assert found.nearest("/1") == ("root", {})


def test_the_values_of_a_place_are_fresh_for_each_path() -> None:
    first, second = AREAS.nearest("/users/7"), AREAS.nearest("/users/7")
    assert first == second
    assert first[1] is not second[1]


def test_without_a_place_at_the_root_there_is_no_nearest() -> None:
    for found in (Matcher([]), matcher("/", "/a"), placed("/a")):
        with pytest.raises(LookupError, match="no place at the root"):
            found.nearest("/b")
    assert placed("/a").nearest("/a/b") == ("/a", {})


def test_a_place_that_no_path_could_reach_is_refused() -> None:
    with pytest.raises(ValueError, match="no path has"):
        Matcher([], [([Segment("literal", "..")], [], "target")])


def slow_nearest(places: Sequence[Pattern], path: str) -> tuple[str, dict[str, Any]]:
    """The obvious way: look at every place, take the deepest, of those the one that precedence puts first."""
    parts = path.split("/")[1:] if path.startswith("/") else []
    reached = []
    for place in places:
        begin = parts[:len(place)]
        params = values(place, begin)
        if params is not None and not any(value in ("", ".", "..") for value in params.values()):
            reached.append((place, params))
    place, params = min(reached, key=lambda each: (-len(each[0]), [RANK[part.kind] for part in each[0]]))
    return pattern(place), params


@st.composite
def places(draw: st.DrawFn) -> list[Pattern]:
    drawn = draw(st.lists(st.lists(PARTS, max_size=5), max_size=12))
    named = [tuple(Segment(part.kind, part.name if part.kind == "literal" else f"x{at}")
                   for at, part in enumerate(parts)) for parts in drawn]
    return list(dict.fromkeys([(), *named]))


@given(places(), ROUTES, st.lists(PATHS, min_size=1, max_size=20), st.randoms(use_true_random=False))
def test_the_nearest_place_agrees_with_the_obvious_one_in_every_order(
    found: list[Pattern], routes: list[Pattern], paths: list[str], random: Any
) -> None:
    orders = [found, random.sample(found, len(found))]
    matchers = [Matcher(((route, "") for route in routes), [(place, place,
                                                             pattern(place)) for place in order])
                for order in orders]
    for path in paths:
        assert [each.nearest(path) for each in matchers] == [slow_nearest(found, path)] * 2


# Growth, by counting what runs: no clock decides.


def count_calls(run: Callable[[], object]) -> int:
    """How many calls, of Python and of C functions, run makes."""
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        run()
    finally:
        sys.setprofile(None)
    return calls


def many(count: int) -> Matcher:
    tails = ("x", "[id]", "[a]/y/[b]", "z/[...rest]")
    return matcher(*(f"/r{number}/{tail}" for number in range(count) for tail in tails))


@pytest.mark.parametrize(
    "path", ["/r1/x", "/r1/5", "/r1/5/y/6", "/r1/z/1/2", "/nope", "/r1/5/y", "/r1/5/n/6"]
)
def test_the_cost_does_not_grow_with_the_number_of_routes(path: str) -> None:
    few, lots = many(3), many(2500)
    assert few.match(path) == lots.match(path)
    assert count_calls(lambda: few.match(path)) == count_calls(lambda: lots.match(path))


@pytest.mark.parametrize("path", ["/", "/x", "/x/1", "/docs"])
def test_a_flat_hit_makes_no_inner_python_call(path: str) -> None:
    found = matcher("/", "/x", "/x/[id]", "/docs/[[...path]]")
    called = []

    def note(frame: FrameType, event: str, argument: object) -> None:
        if event == "call":
            called.append(frame.f_code.co_name)

    sys.setprofile(note)
    try:
        found.match(path)
    finally:
        sys.setprofile(None)
    assert called == ["match"]


@pytest.mark.parametrize(
    "shape",
    [
        lambda size: (["/[...rest]"], "/a" * size),                             # one value takes all
        lambda size: (["/a" * size + "/b"], "/a" * size + "/c"),                # a miss at the very end
        lambda size: (["/a" * size + "/[x]/[y]"], "/a" * size + "/1/2"),
        lambda size: (["/a" * size + "/b", "/[...rest]"], "/a" * size),         # back from the deepest place
        lambda size: (["/a" * depth + "/[...x]" for depth in range(40)], "/a" * size + "/b"),
        lambda size: (["/a" * depth + "/[x]/b" for depth in range(40)], "/a" * size + "/b"),
    ],
)
def test_the_cost_is_linear_in_the_length_of_the_path(shape: Callable[[int], tuple[list[str], str]]) -> None:
    def cost(size: int) -> int:
        routes, path = shape(size)
        found = matcher(*routes)
        return count_calls(lambda: found.match(path))

    assert cost(2000) <= 2 * cost(1000)


@pytest.mark.parametrize("path", ["/r1/nope", "/nope", "/r1/5/y/6/7", "/r1//"])
def test_the_cost_of_the_nearest_place_does_not_grow_with_their_number(path: str) -> None:
    def areas(count: int) -> Matcher:
        tails = ("", "/[id]", "/[id]/y", "/z")
        return placed("/", *(f"/r{number}{tail}" for number in range(count) for tail in tails))

    few, lots = areas(3), areas(2500)
    assert few.nearest(path) == lots.nearest(path)
    assert count_calls(lambda: few.nearest(path)) == count_calls(lambda: lots.nearest(path))


@pytest.mark.parametrize("shape", [
    lambda size: (["/" + "/".join(parts) for depth in range(9) for parts in product(("a", "[x]"),
                                                                             repeat=depth)],
                  "/a" * size),                                 # every branch is reached
    lambda size: (["/", "/a" * size], "/a" * size + "/b"),
    lambda size: (["/", "/a"], "/a" + "/" * size),
    lambda size: (["/", *("/a" * depth + "/[x]" for depth in range(40))], "/a" * size),
])
def test_the_cost_of_the_nearest_place_is_linear_in_the_length_of_the_path(
    shape: Callable[[int], tuple[list[str], str]]
) -> None:
    def cost(size: int) -> int:
        known, path = shape(size)
        found = placed(*known)
        return count_calls(lambda: found.nearest(path))

    assert cost(2000) <= 2 * cost(1000)


def test_fifty_thousand_segments_are_safe() -> None:
    deep = "/a" * 50_000
    target, params = matcher(deep, "/[...rest]", "/[x]/b").match(deep + "/z") or ("", {})
    assert (target, len(params["rest"])) == ("/[...rest]", 50_001)
    assert matcher(deep).match(deep) == (deep, {})
    assert matcher("/b").match(deep) is None
    assert matcher("/[...rest]").match(deep + "/..") is None
    assert placed("/", deep).nearest(deep + "/b") == (deep, {})
    assert placed("/", "/a").nearest(deep) == ("/a", {})
