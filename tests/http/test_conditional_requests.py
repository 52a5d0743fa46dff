"""range_cases.toml, asked of every kind of file through a whole app."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from wsgiref.validate import validator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fsroute import App
from tests.exchange import Answer, environ_of, exchange

DATA = tomllib.loads(Path(__file__).with_name("range_cases.toml").read_text("utf-8"))
CASES: list[Any] = [("ten", *case) for case in DATA["cases"]] + [("empty", *case) for case in DATA["empty"]]
CONTENTS = {"ten": b"0123456789", "empty": b""}
NOON = 1_577_880_000        # Wed, 01 Jan 2020 12:00:00 GMT
KINDS = ["page", "public", "handler"]

ROUTE = """
from fsroute import Response

def GET(name):
    return Response.file(name, root={root!r}, headers={{"Cache-Control": "private", "Vary": "Cookie"}})

POST = PUT = PATCH = DELETE = GET
"""

KEPT = {
    "page": {"cache-control": "no-cache"},
    "public": {"cache-control": "no-cache", "vary": "Accept-Encoding", "x-content-type-options": "nosniff"},
    "handler": {"cache-control": "private", "vary": "Cookie", "x-content-type-options": "nosniff"},
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> App:
    base = tmp_path_factory.mktemp("files")
    for name, content in CONTENTS.items():
        for file in (f"app/page/{name}/page.html", f"public/public/{name}", f"given/{name}"):
            (base / file).parent.mkdir(parents=True, exist_ok=True)
            (base / file).write_bytes(content)
            os.utime(base / file, (NOON, NOON))
        (base / "public/public" / f"{name}.gz").write_bytes(b"packed")
    route = base / "app/handler/[name]/route.py"
    route.parent.mkdir(parents=True)
    route.write_text(ROUTE.format(root=str(base / "given")))
    return App(base / "app", package="conditional_site")


def ask(app: App, method: str, path: str, headers: Mapping[str, str]) -> Answer:
    """The answer, once with and once without the host's own way to send a file, which makes no difference."""
    fields: dict[str, Any] = {f"HTTP_{name.upper().replace('-', '_')}": value for name,
                              value in headers.items()}
    plain = exchange(validator(app), environ_of(method, path, **fields))
    wrapped = exchange(app, environ_of(method, path, **fields) | {"wsgi.file_wrapper": Wrapper})
    assert wrapped == plain
    return plain


class Wrapper:
    def __init__(self, file: Any, size: int) -> None:
        self.close = file.close
        self._file, self._size = file, size

    def __iter__(self) -> Any:
        return iter(lambda: self._file.read(self._size), b"")


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0


def named(case: Any) -> str:
    name, method, headers, outcome = case
    said = [f"{header}: {value}" for header, value in headers.items()]
    return " ".join([name, method, *said, "->", outcome])


def test_there_are_enough_cases_and_none_stands_twice() -> None:
    assert len(CASES) >= 150
    assert len({named(case).rpartition(" -> ")[0] for case in CASES}) == len(CASES)
    for outcome in ("200", "206", "304", "412", "416"):
        assert sum(case[3].startswith(outcome) for case in CASES) >= 12


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", CASES, ids=named)
def test_a_conditional_request_gets_what_the_table_says(app: App, case: Any, kind: str) -> None:
    name, method, headers, expected = case
    content, path = CONTENTS[name], f"/{kind}/{name}"
    status, _, span = expected.partition(" ")
    whole = ask(app, "GET", path, {})
    assert (whole.status, whole.body) == (200, content)
    tag = whole.headers["etag"]
    sent = {header: value.replace("{tag}", tag).replace("{nines}", "9" * 5_000).replace("{zeros}",
                                                                                        "0" * 5_000)
            for header, value in headers.items()}
    before = descriptors()
    answer = ask(app, method, path, sent)
    assert descriptors() == before
    assert str(answer.status) == status
    told = {**KEPT[kind], "etag": tag, "last-modified": "Wed, 01 Jan 2020 12:00:00 GMT",
            "accept-ranges": "bytes"}
    described = {key: whole.headers[key] for key in ("content-type", "content-length")}
    if status == "200":
        assert answer.headers == {**told, **described}
        assert answer.body == (b"" if method == "HEAD" else content)
    elif status == "304":
        assert (answer.headers, answer.body) == (told, b"")
    elif status == "206":
        first, last = map(int, span.split("-"))
        assert answer.body == content[first:last + 1]
        assert answer.headers == {**told, **described, "content-length": str(len(answer.body)),
                                  "content-range": f"bytes {span}/{len(content)}"}
    else:
        outside = f"bytes */{len(content)}" if status == "416" else None
        assert answer.headers.get("content-range") == outside
        assert not {"etag", "accept-ranges"} & answer.headers.keys()


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("headers", [
    {"Range": "bytes=0-0"}, {"Range": "bytes=10-"}, {"If-Match": '"other"'}, {"If-None-Match": "*"},
    {"If-Unmodified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"},
], ids=str)
def test_what_another_method_answers_is_sent_whole_and_without_validators(
    app: App, method: str, headers: dict[str, str]
) -> None:
    answer = ask(app, method, "/handler/ten", headers)
    assert (answer.status, answer.body) == (200, b"0123456789")
    assert not {"etag", "last-modified", "accept-ranges", "content-range"} & answer.headers.keys()


# text as a host hands it on, mostly of what these headers are made of

_TAGS = st.sampled_from(["{tag}", "W/{tag}", '"x"', 'W/"x"', "*", '"', "W/"])
_DATES = st.sampled_from(["Wed, 01 Jan 2020 12:00:00 GMT", "Wednesday, 01-Jan-20 12:00:00 GMT",
                          "Wed Jan  1 12:00:00 2020", "Thu, 01 Jan 2099 00:00:00 GMT"])
_LATIN_1 = st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]), max_size=40)
_CONDITIONS = (st.lists(_TAGS | st.sampled_from([",", ", ", " "]),
                        max_size=6).map("".join) | _LATIN_1 | _DATES
               | st.text(st.sampled_from("WedThuJanFeb0123456789:, -+GMT"), max_size=63))
_POSITIONS = st.just("") | st.integers(0, 12).map(str) | st.integers(0).map(str)
_RANGES = (st.tuples(_POSITIONS, _POSITIONS).map(lambda ends: f"bytes={ends[0]}-{ends[1]}")
           | st.text(st.sampled_from("bytes=0123456789-, \t"), max_size=30).map("bytes=".__add__) | _LATIN_1)
_CHOICES = {"If-Match": _CONDITIONS, "If-None-Match": _CONDITIONS, "If-Modified-Since": _CONDITIONS,
            "If-Unmodified-Since": _CONDITIONS, "If-Range": _CONDITIONS, "Range": _RANGES}


@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None)
@given(name=st.sampled_from([*CONTENTS]), method=st.sampled_from(["GET", "GET", "HEAD"]),
       headers=st.fixed_dictionaries({}, optional=_CHOICES))
@example(name="ten", method="GET", headers={"Range": "bytes=0-9", "If-Range": "{tag}"})
def test_whatever_is_asked_the_answer_is_a_part_of_the_file_or_a_refusal(
    app: App, kind: str, name: str, method: str, headers: dict[str, str]
) -> None:
    path, content = f"/{kind}/{name}", CONTENTS[name]
    tag = exchange(app, environ_of("HEAD", path)).headers["etag"]
    answer = ask(app, method, path, {key: value.replace("{tag}", tag) for key, value in headers.items()})
    assert answer.status in {200, 206, 304, 412, 416}
    if answer.status == 200:
        assert answer.body == (content if method == "GET" else b"")
    elif answer.status == 206:
        span, _, size = answer.headers["content-range"].removeprefix("bytes ").partition("/")
        first, last = map(int, span.split("-"))
        assert 0 <= first <= last < int(size) == len(content)
        assert (method, answer.body) == ("GET", content[first:last + 1])
    elif answer.status == 416:
        assert (method, answer.headers["content-range"]) == ("GET", f"bytes */{len(content)}")
    elif answer.status == 304:
        assert answer.body == b""


@settings(deadline=None)
@given(st.integers(0, 30), st.none() | st.integers(0, 30), st.integers(1, 5))
def test_a_range_is_what_a_slice_is(app: App, first: int, last: int | None, zeros: int) -> None:
    text = "" if last is None else f"{'0' * zeros}{last}"
    answer = ask(app, "GET", "/handler/ten", {"Range": f"bytes={'0' * zeros}{first}-{text}"})
    content = CONTENTS["ten"]
    if last is not None and last < first:
        assert (answer.status, answer.body) == (200, content)
    elif first >= len(content):
        assert answer.status == 416
    else:
        assert (answer.status, answer.body) == (206, content[first:None if last is None else last + 1])


@settings(deadline=None)
@given(st.integers(0, 30))
def test_a_suffix_is_what_a_slice_from_behind_is(app: App, length: int) -> None:
    answer = ask(app, "GET", "/handler/ten", {"Range": f"bytes=-{length}"})
    if length == 0:
        assert answer.status == 416
    else:
        assert (answer.status, answer.body) == (206, CONTENTS["ten"][-length:])
