import contextlib
from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsroute.http.errors import HTTPError
from fsroute.http.query import MAX_FIELDS, parse


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("", []),
        ("a=1", [("a", "1")]),
        ("a=1&b=2&a=3", [("a", "1"), ("b", "2"), ("a", "3")]),
        ("a", [("a", "")]),
        ("a=", [("a", "")]),
        ("=1", [("", "1")]),
        ("=", [("", "")]),
        ("&&a=1&&", [("a", "1")]),
        ("a=b=c", [("a", "b=c")]),
        ("a;b=1", [("a;b", "1")]),
        ("a=1;b=2", [("a", "1;b=2")]),
        ("a+b=c+d", [("a b", "c d")]),
        ("a=%2B", [("a", "+")]),
        ("a=%20", [("a", " ")]),
        ("%61=%62", [("a", "b")]),
        ("a%3Db=c%26d", [("a=b", "c&d")]),
        ("a=%2541", [("a", "%41")]),                # decoded once
        ("a=%C3%A9", [("a", "é")]),
        ("a=Ã©", [("a", "é")]),                     # raw UTF-8 in the clothes of Latin-1
        ("Ã©=%C3%A9", [("é", "é")]),
        ("a=%zz", [("a", "%zz")]),
        ("a=%", [("a", "%")]),
        ("a=%4", [("a", "%4")]),
        ("a=100%&b=1", [("a", "100%"), ("b", "1")]),
        ("a=%00", [("a", "\0")]),
        ("a=\t ", [("a", "\t ")]),
        ("a[]=1&a[]=2", [("a[]", "1"), ("a[]", "2")]),
        ("a?b=/", [("a?b", "/")]),
        ("%F0%9F%98%80", [("😀", "")]),
    ],
)
def test_a_query_string_is_pairs(text: str, pairs: list[tuple[str, str]]) -> None:
    assert parse(text) == pairs


@pytest.mark.parametrize(
    "text",
    [
        "a=%FF", "a=%C3", "%80=1", "a=\xff", "a=\xc3", "a=%C0%AF", "a=%ED%A0%80", "a=%F5%80%80%80", "a=é",
        "a=\u0141", "a=\ud800", "a=\U0001f600",
        "a=1&b=%C3%28", "a=\xc3%41", "a=%41\xff", "+=\xff",
    ],
)
def test_what_is_not_utf_8_is_refused_and_never_replaced(text: str) -> None:
    with pytest.raises(HTTPError, match="The query string is not UTF-8") as caught:
        parse(text)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    "make", [lambda n: "&".join(["a"] * n), lambda n: "&".join(["a=%41+"] * n), lambda n: "&" * (n - 1)]
)
def test_a_thousand_fields_pass_and_one_more_does_not(make: Callable[[int], str]) -> None:
    assert len(parse(make(MAX_FIELDS))) in {0, MAX_FIELDS}
    with pytest.raises(HTTPError, match="more than 1000 fields") as caught:
        parse(make(MAX_FIELDS + 1))
    assert caught.value.status == 400


def test_a_thousand_encoded_separators_are_data() -> None:
    assert parse("a=" + "%26" * 2_000) == [("a", "&" * 2_000)]


# percent, plus, blanks, ";" and text that is no ASCII, as it arrives: UTF-8 bytes in the clothes of Latin-1
raw = st.lists(
    st.sampled_from(
        [
            "a", "b", "=", "&", ";", "+", "%", "%4", "%41", "%20", "%2B", "%26", "%zz", "%C3%A9", "%c3%a9",
            " ", "/", "?", "\0", "\n"
        ]
    )
    | st.text(max_size=3).map(lambda text: text.encode(errors="replace").decode("latin-1")),
    max_size=20,
).map("".join)


@given(raw)
def test_it_means_what_parse_qsl_means(text: str) -> None:
    try:
        pairs = parse_qsl(text.encode("latin-1").decode(), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:      # "%aa"
        with pytest.raises(HTTPError, match="not UTF-8"):
            parse(text)
    else:
        assert parse(text) == pairs


@given(st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5)), max_size=8))
def test_what_was_encoded_comes_back(pairs: list[tuple[str, str]]) -> None:
    assert parse(urlencode(pairs)) == pairs


anything = st.text(
    st.characters(
        max_codepoint=0xFFFF, categories=["L", "N", "P", "S", "Z", "C"]
    ) | st.sampled_from("%&=+;\xc3\xa9\ud800"), max_size=40
)


@given(anything)
def test_only_an_http_error_leaves_it(text: str) -> None:
    with contextlib.suppress(HTTPError):
        for name, value in parse(text):
            (name + value).encode()
