import contextlib
import re
from collections.abc import Callable
from enum import StrEnum
from typing import Any
from wsgiref.util import is_hop_by_hop

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsroute.http.headers import Headers, checked_field, pairs
from fsroute.http.response import Response
from fsroute.http.send import answer

TCHAR = "!#$%&'*+-.^_`|~"


class Word(StrEnum):
    NAME = "X-Word"
    VALUE = "a word"


class Loud(str):
    """A str that says other things about itself than what it is."""

    def lower(self) -> str:
        return "x-other"

    def __str__(self) -> str:
        return "x\r\ny: z"


@pytest.fixture
def headers() -> Headers:
    return Headers([])


# the gate

@pytest.mark.parametrize(
    "name", ["X", "x-a", "X-Request-Id", "ETag", "X1", "a_b", "X--a", "Set-Cookie", "N" * 1_000]
)
@pytest.mark.parametrize("value", ["", " ", "1", "a, b; c=\"d\"", "é", "\xff", "\x80", "~", "x" * 10_000])
def test_a_name_and_latin_1_text_pass_as_they_are(name: str, value: str) -> None:
    assert checked_field(name, value) == (name, value)


@pytest.mark.parametrize(
    "name",
    [
        "", " ", "X Y", " X", "X ", "X:", ":", "X\r", "X\n", "\nX", "X\r\nY", "X\0", "X\t", "X\x7f", "X\x1f",
        "Xé", "X\xff", "X\u0141",
        "İ", "X\ud800", "(X)", "X,Y", "X;", "X=1", "X/Y", "[X]", "{X}", '"X"', "X@", "<X>", "X?", "X\\",
        "X\u2028", "X\x85",
        # PEP 3333: "without a trailing colon or other punctuation"
        "X-", "X_", "-", "_", "X-a-",
        # tokens of RFC 9110 that nobody registered and wsgiref's validator refuses
        "1st", "-x", "_x", "x.y", f"X{TCHAR}X", *TCHAR,
    ],
)
def test_another_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is no header name"):
        checked_field(name, "1")


@pytest.mark.parametrize(
    ("value", "culprit"),
    [
        (f"a{char}b", char) for char in [
            *map(chr, range(0x20)), "\x7f", "\u0100", "\u0141", "\u2028", "\ud800", "\U0001f600"
        ]
    ]
    + [("\n", "\n"), ("a\r\nSet-Cookie: b", "\r"), ("a\n", "\n"), ("\x0b", "\x0b")],
)
def test_a_value_that_is_not_latin_1_without_control_characters_is_refused(value: str, culprit: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"header X-A holds {culprit!a}")):
        checked_field("X-A", value)


def test_an_error_does_not_repeat_the_value_nor_a_long_name() -> None:
    with pytest.raises(ValueError, match="header X") as caught:
        checked_field("X", "secret\n")
    assert "secret" not in str(caught.value)
    with pytest.raises(ValueError, match="is no header name") as caught:
        checked_field(" " + "n" * 5_000, "1")
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    "name",
    [
        "Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "TE",
        "Trailer", "Trailers",
        "Transfer-Encoding", "Upgrade", "Content-Length", "Status", "status", "STATUS", "content-length",
        "transfer-encoding", "te",
    ],
)
def test_what_is_not_the_handlers_is_refused_by_name(name: str) -> None:
    with pytest.raises(ValueError, match=f"the header {name} "):
        checked_field(name, "1")


def test_everything_that_the_standard_library_calls_hop_by_hop_is_refused() -> None:
    def passes(name: str) -> bool:
        with contextlib.suppress(ValueError):
            return bool(checked_field(name, "1"))
        return False

    known = [
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailers",
        "transfer-encoding", "upgrade"
    ]
    assert all(map(is_hop_by_hop, known))
    assert [name for name in known if passes(name)] == []
    assert passes("Content-Location")


@pytest.mark.parametrize(
    ("name", "value"),
    [(b"X", "1"), ("X", b"1"), ("X", 1), ("X", None), (None, "1"), (1, 1), ("X", ["1"]), ("X", True)]
)
def test_a_header_is_a_pair_of_str(name: Any, value: Any) -> None:
    with pytest.raises(TypeError, match=r"a header( \('X'\))? is a pair of str, not \("):
        checked_field(name, value)


def test_what_is_stored_is_plain_str_as_hosts_demand() -> None:
    name, value = checked_field(Word.NAME, Word.VALUE)
    assert (name, type(name), value, type(value)) == ("X-Word", str, "a word", str)
    name, value = checked_field(Loud("X"), Loud("a"))
    assert (name, type(name), value, type(value)) == ("X", str, "a", str)
    with pytest.raises(ValueError, match="is worked out from the body"):
        checked_field(Loud("Content-Length"), "1")


names = st.text(st.sampled_from("aBz09-_" + TCHAR), min_size=1, max_size=12) | st.text(max_size=12)
values = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=20
) | st.text(st.characters(max_codepoint=0x120), max_size=20)


@given(st.lists(st.tuples(names, values), max_size=5))
def test_what_passes_the_gate_is_what_a_host_takes(
    host: Callable[..., tuple[str, list[tuple[str, str]], bytes]], given_fields: list[tuple[str, str]]
) -> None:
    response = Response("x")
    for name, value in given_fields:
        with contextlib.suppress(ValueError):
            response.headers.add(name, value)
    for name, value in response.headers.items():
        assert re.fullmatch(r"[0-9A-Za-z_-]+", name)
        assert re.fullmatch(r"[ -~\x80-\xff]*", value)
    _, fields, _ = host(answer(response))
    assert fields == [*response.headers.items(), ("Content-Length", "1")]


# the mapping

def test_names_ignore_case_and_keep_the_case_they_were_given(headers: Headers) -> None:
    headers["X-Ab"] = "1"
    assert (headers["x-aB"], headers.get("X-AB"), headers.getall("x-ab")) == ("1", "1", ["1"])
    assert "x-AB" in headers
    assert list(headers) == ["X-Ab"]
    headers["x-ab"] = "2"
    assert headers.items() == [("x-ab", "2")]


def test_a_missing_name_is_a_key_error_and_none_to_get(headers: Headers) -> None:
    with pytest.raises(KeyError, match="X-Gone"):
        headers["X-Gone"]
    assert (headers.get("X-Gone"), headers.get("X-Gone", "d"), headers.getall("X-Gone")) == (None, "d", [])
    assert "X-Gone" not in headers
    assert 5 not in headers
    del headers["X-Gone"]
    assert (list(headers), len(headers), headers.items()) == ([], 0, [])


def test_an_empty_value_is_a_value(headers: Headers) -> None:
    headers["X"] = ""
    assert headers["X"] == ""
    assert "X" in headers
    assert headers.setdefault("x", "1") == ""


def test_assigning_replaces_every_field_in_the_place_of_the_first(headers: Headers) -> None:
    for name, value in [("A", "1"), ("B", "2"), ("a", "3"), ("C", "4"), ("A", "5")]:
        headers.add(name, value)
    headers["A"] = "new"
    assert headers.items() == [("A", "new"), ("B", "2"), ("C", "4")]


def test_adding_keeps_what_stands_and_deleting_drops_all(headers: Headers) -> None:
    headers.add("Set-Cookie", "a=1")
    headers.add("X", "x")
    headers.add("set-cookie", "b=2")
    assert headers.getall("SET-COOKIE") == ["a=1", "b=2"]
    assert headers["Set-Cookie"] == "a=1"
    assert (list(headers), len(headers)) == (["Set-Cookie", "X"], 2)
    del headers["SET-COOKIE"]
    assert headers.items() == [("X", "x")]


def test_setdefault_gives_what_stands_or_sets(headers: Headers) -> None:
    assert headers.setdefault("X", "1") == "1"
    assert headers.setdefault("x", "2") == "1"
    assert headers.items() == [("X", "1")]


def test_there_is_one_content_type(headers: Headers) -> None:
    headers.add("Content-Type", "a/b")
    with pytest.raises(ValueError, match="one Content-Type"):
        headers.add("content-type", "c/d")
    headers["CONTENT-TYPE"] = "c/d"
    assert headers.items() == [("CONTENT-TYPE", "c/d")]
    with pytest.raises(ValueError, match="one Content-Type"):
        headers.update([("Content-Type", "a/b"), ("content-type", "c/d")])


@pytest.mark.parametrize(
    ("name", "value"), [("X\n", "1"), ("X", "\r"), ("Content-Length", "1"), ("X", "\u0141")]
)
def test_every_way_in_passes_the_gate_and_leaves_nothing_behind(
    headers: Headers, name: str, value: str
) -> None:
    ways: list[Callable[[], object]] = [
        lambda: headers.__setitem__(name, value),
        lambda: headers.add(name, value),
        lambda: headers.setdefault(name, value),
        lambda: headers.update({name: value}),
        lambda: headers.update([(name, value)]),
    ]
    for way in ways:
        with pytest.raises(ValueError, match="header"):
            way()
        assert headers.items() == []


def test_a_refused_replacement_leaves_what_stood(headers: Headers) -> None:
    headers["X"] = "1"
    with pytest.raises(ValueError, match="header X"):
        headers["X"] = "\n"
    assert headers.items() == [("X", "1")]


def test_items_are_a_copy(headers: Headers) -> None:
    headers["X"] = "1"
    headers.items().append(("Y", "\n"))
    assert headers.items() == [("X", "1")]


@pytest.mark.parametrize(
    ("given_headers", "expected"),
    [
        (None, []),
        ({}, []),
        ([], []),
        ({"A": "1", "B": "2"}, [("A", "1"), ("B", "2")]),
        ([("A", "1"), ("B", "2")], [("A", "1"), ("B", "2")]),
        ((("A", "1"),), [("A", "1")]),
        (iter([("A", "1")]), [("A", "1")]),
        (Headers([("A", "1"), ("A", "2")]), [("A", "1"), ("A", "2")]),
    ],
)
def test_headers_are_given_as_a_mapping_or_pairs_or_none(
    given_headers: Any, expected: list[tuple[str, str]]
) -> None:
    assert list(pairs(given_headers)) == expected


def test_update_replaces_by_name_and_keeps_repeats_among_the_new(headers: Headers) -> None:
    headers.add("A", "old")
    headers.add("A", "older")
    headers.update([("a", "1"), ("B", "2"), ("A", "3")])
    assert headers.items() == [("a", "1"), ("B", "2"), ("A", "3")]
    itself: Any = headers
    headers.update(itself)
    assert headers.items() == [("a", "1"), ("B", "2"), ("A", "3")]


def test_its_repr_shows_the_fields(headers: Headers) -> None:
    headers.add("X", "1")
    assert repr(headers) == "Headers([('X', '1')])"


def test_it_is_a_mapping_to_dict_too(headers: Headers) -> None:
    headers.update([("ab", "1"), ("ab", "2"), ("c", "3")])
    assert dict(headers) == {"ab": "1", "c": "3"}


# Vary

@pytest.mark.parametrize(
    ("stands", "name", "vary"),
    [
        ([], "Accept", ["Accept"]),
        (["Cookie"], "Accept", ["Cookie, Accept"]),
        (["Cookie, Accept"], "accept", ["Cookie, Accept"]),
        (["ACCEPT"], "Accept", ["ACCEPT"]),
        (["Accept-Encoding"], "Accept", ["Accept-Encoding, Accept"]),
        (["Cookie", "Origin"], "Accept", ["Cookie, Origin, Accept"]),
        (["*"], "Accept", ["*"]),
        (["Cookie, *"], "Accept", ["Cookie, *"]),
        (["", " , "], "Accept", ["Accept"]),
    ],
)
def test_vary_names_a_request_header_once(
    headers: Headers, stands: list[str], name: str, vary: list[str]
) -> None:
    for value in stands:
        headers.add("Vary", value)
    headers.vary(name)
    assert headers.getall("vary") == vary


def test_vary_passes_the_gate(headers: Headers) -> None:
    with pytest.raises(ValueError, match="header Vary"):
        headers.vary("a\nb")
    assert headers.items() == []
