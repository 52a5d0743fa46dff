"""Which folder speaks for a URL that no route answers."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fsroute.routing.folders import Folder
from fsroute.routing.names import read
from fsroute.routing.places import Place, Places, covers, upwards
from fsroute.routing.route import Segment, pattern
from fsroute.routing.tree import scan
from tests.conftest import write_files


def parse(text: str) -> tuple[Segment, ...]:
    segments = [read(name) for name in text.split("/") if name]
    return tuple(segment for segment in segments if segment is not None)


def folders_of(root: Path, *files: str) -> list[Folder]:
    return scan(str(write_files(root, dict.fromkeys(files, "")))).routed


def under(root: Path, folder: Folder) -> str:
    return folder.path.removeprefix(str(root)).lstrip("/") or "."


@pytest.mark.parametrize(("files", "places"), [
    (["route.py"], {"/": "."}),
    (["page.html"], {"/": "."}),
    (["a/b/route.py"], {"/": ".", "/a": "a", "/a/b": "a/b"}),
    (["a/middleware.py", "route.py"], {"/": ".", "/a": "a"}),
    (["[id]/posts/route.py"], {"/": ".", "/[id]": "[id]", "/[id]/posts": "[id]/posts"}),
    (["%5Bid%5D/route.py", "[id]/route.py"], {"/": ".", "/%5Bid%5D": "%5Bid%5D", "/[id]": "[id]"}),
    # groups lead no further, and hold what is spelt by several
    (["(g)/route.py"], {"/": "."}),
    (["(g)/(h)/route.py"], {"/": "."}),
    (["(g)/x/route.py"], {"/": ".", "/x": "(g)/x"}),
    (["a/(g)/x/route.py"], {"/": ".", "/a": "a", "/a/x": "a/(g)/x"}),
    (["a/(g)/route.py"], {"/": ".", "/a": "a"}),
    (["(g)/x/route.py", "(h)/x/y/route.py"], {"/": ".", "/x": ".", "/x/y": "(h)/x/y"}),
    (["(g)/x/route.py", "x/y/route.py"], {"/": ".", "/x": ".", "/x/y": "x/y"}),
    (["(g)/(a)/x/route.py", "(g)/(b)/x/y/route.py"], {"/": ".", "/x": "(g)", "/x/y": "(g)/(b)/x/y"}),
    (["(g)/(a)/x/route.py", "(g)/x/y/route.py", "(g)/(b)/x/z/route.py"],
     {"/": ".", "/x": "(g)", "/x/y": "(g)/x/y", "/x/z": "(g)/(b)/x/z"}),
    (["(g)/(a)/x/route.py", "(h)/x/y/route.py", "(g)/(b)/x/z/route.py"],
     {"/": ".", "/x": ".", "/x/y": "(h)/x/y", "/x/z": "(g)/(b)/x/z"}),
    (["w/(g)/x/route.py", "w/(h)/x/y/route.py"],
     {"/": ".", "/w": "w", "/w/x": "w", "/w/x/y": "w/(h)/x/y"}),
    # names in brackets are one place, whatever they are called
    (["[id]/route.py", "[slug]/posts/route.py"], {"/": ".", "/[id]": ".", "/[slug]/posts": "[slug]/posts"}),
    (["[a]/x/route.py", "[b]/x/y/route.py"],
     {"/": ".", "/[a]": ".", "/[a]/x": ".", "/[b]/x/y": "[b]/x/y"}),
    # catch-alls are no places, nor is anything in them
    (["[...path]/route.py"], {"/": "."}),
    (["[[...path]]/route.py"], {"/": "."}),
    (["a/[...path]/(g)/route.py", "a/[...path]/middleware.py"], {"/": ".", "/a": "a"}),
    # what is not routed is no place
    (["route.py", "_lib/route.py", ".git/route.py", "__pycache__/route.py", "data/x.json"], {"/": "."}),
    ([".well-known/x/route.py"], {"/": ".", "/.well-known": ".well-known",
                                  "/.well-known/x": ".well-known/x"}),
])
def test_the_nearest_folder_that_holds_all_of_a_place_speaks_for_it(
    files: list[str], places: dict[str, str], tmp_path: Path
) -> None:
    root = tmp_path / "app"
    found = Places(folders_of(root, *files))
    assert {pattern(place.segments): under(root, place.speaker) for place in found} == places


def test_no_place_lies_below_a_folder_whose_url_is_unknown(tmp_path: Path) -> None:
    found = Places(folders_of(tmp_path / "app", "x/route.py", "[a-b]/y/route.py", "[...z]/w/route.py"))
    assert [pattern(place.segments) for place in found] == ["/", "/x"]


def test_a_place_knows_the_one_before_it_and_the_roots_is_before_itself(tmp_path: Path) -> None:
    found = Places(folders_of(tmp_path / "app", "a/(g)/b/[c]/route.py", "a/[d]/route.py"))
    before = {pattern(place.segments): pattern(found.before(place).segments) for place in found}
    assert before == {"/": "/", "/a": "/", "/a/b": "/a", "/a/b/[c]": "/a/b", "/a/[d]": "/a"}


@pytest.mark.parametrize(("path", "above"), [
    ("/", "/"), ("/a", "/a"), ("/a/b", "/a/b"), ("/a/b/c/d", "/a/b"), ("/a/c", "/a"), ("/c/a/b", "/c"),
    ("/A", "/"), ("/c", "/c"), ("/%5Bid%5D", "/"), ("/x/y/z", "/x/y/z"), ("/x/1", "/x"), ("/x/1/y", "/x"),
])
def test_literals_lead_to_the_deepest_place_that_they_spell(path: str, above: str, tmp_path: Path) -> None:
    found = Places(folders_of(tmp_path / "app", "a/b/route.py", "(g)/x/y/(h)/z/route.py", "[id]/route.py",
                              "x/[y]/y/route.py", "c/[...z]/route.py", "c/[...z]/middleware.py"))
    assert pattern(found.above(parse(path)).segments) == above


def test_upwards_of_a_folder_are_all_that_hold_it(tmp_path: Path) -> None:
    root = tmp_path / "app"
    folders = folders_of(root, "a/(g)/b/route.py")
    assert [under(root, folder) for folder in upwards(folders[-1])] == ["a/(g)/b", "a/(g)", "a", "."]
    assert list(upwards(None)) == []


@pytest.mark.parametrize(("segments", "path", "covered"), [
    ("/", "/", True), ("/", "/a", True), ("/", "/[x]", True),
    ("/a", "/a", True), ("/a", "/a/b/c", True), ("/a", "/", False), ("/a", "/b", False), ("/a", "/A", False),
    ("/a/b", "/a", False), ("/a/b", "/a/c", False), ("/a/b", "/a/b/c", True),
    ("/[x]", "/a", True), ("/[x]", "/a/b", True), ("/[x]", "/", False), ("/[x]", "/[y]", True),
    ("/a", "/[x]", True),                                   # what its value may be
    ("/a/[x]", "/a/b", True), ("/a/[x]", "/a", False), ("/a/[x]", "/b/c", False),
    ("/[x]/b", "/a/b", True), ("/[x]/b", "/a/c", False), ("/[x]/b", "/a/[y]", True),
    ("/[...x]", "/", False), ("/[...x]", "/a", True), ("/[...x]", "/a/b", True),
    ("/a/[...x]", "/a", False), ("/a/[...x]", "/a/b/c", True), ("/a/[...x]", "/b/c", False),
    ("/[[...x]]", "/", True), ("/[[...x]]", "/a/b", True),
    ("/a/[[...x]]", "/a", True), ("/a/[[...x]]", "/a/b", True), ("/a/[[...x]]", "/", False),
    ("/a/[[...x]]", "/b", False),
])
def test_segments_cover_the_paths_at_and_below_them(segments: str, path: str, covered: bool) -> None:
    assert covers(parse(segments), parse(path)) is covered


# The obvious model: compare the paths of all folders as text.

PARTS = st.sampled_from(["a", "b", "[x]", "[y]", "(g)", "(h)"])
FILES = st.lists(st.lists(PARTS, max_size=4), min_size=1, max_size=6)


def spelt(folder: str) -> str:
    """The shape of a folder's URL."""
    return "/".join("[]" if name[0] == "[" else name for name in folder.split("/") if name and name[0] != "(")


def slow_places(files: list[list[str]]) -> dict[str, str]:
    """The speaker of each shape."""
    folders = sorted({"/".join(parts[:end]) for parts in files for end in range(len(parts) + 1)})
    speakers = {}
    for shape in map(spelt, folders):
        alike = [folder for folder in folders if spelt(folder) == shape]
        holding = [above for above in folders
                   if all(f"{folder}/".startswith(f"{above}/" if above else "") for folder in alike)]
        speakers[shape] = max(holding, key=lambda above: above.count("/") + 1 if above else 0) or "."
    return speakers


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=FILES)
def test_it_agrees_with_the_obvious_model(
    files: list[list[str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    files = [[name if name[0] != "[" else f"[{name[1]}{at}]" for at, name in enumerate(parts)]
             for parts in files]
    root = tmp_path_factory.mktemp("places") / "app"
    found = Places(folders_of(root, *("/".join([*parts, "route.py"]) for parts in files)))
    told = {}
    seen: list[Place] = []
    for place in found:
        told[spelt("/".join(map(str, place.segments)))] = under(root, place.speaker)
        assert found.before(place) in seen or not place.segments
        seen.append(place)
    assert told == slow_places(files)
