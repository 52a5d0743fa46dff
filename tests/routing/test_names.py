from keyword import iskeyword
from unicodedata import is_normalized

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsroute.routing.names import Misnamed, read
from fsroute.routing.route import Segment

# Whatever a file system hands out: no slash and no NUL, lone surrogates for bytes that are no UTF-8.
CHARACTERS = st.sampled_from("[]{}()<>.…:@*%2F0eé_-aA1 ") | st.characters(exclude_characters="/\0")
NAMES = st.text(CHARACTERS, min_size=1).filter(lambda name: name not in (".", ".."))


def understood(name: str) -> Segment | Misnamed | None:
    try:
        return read(name)
    except Misnamed as slip:
        return slip


@pytest.mark.parametrize(
    ("name", "segment"),
    [
        ("users", Segment("literal", "users")),
        ("[id]", Segment("param", "id")),
        ("[...path]", Segment("rest", "path")),
        ("[[...path]]", Segment("optional", "path")),
        ("(admin)", None),
        ("(a.b-c d)", None),
        ("%5Bid%5D", Segment("literal", "[id]")),
        ("%28x%29", Segment("literal", "(x)")),
        ("%255B", Segment("literal", "%5B")),
        ("e%CC%81", Segment("literal", "\xe9")),    # NFC after decoding
        ("\u212b", Segment("literal", "\xc5")),
        ("[e\u0301]", Segment("param", "\xe9")),
    ],
)
def test_a_name_is_a_segment_or_a_group(name: str, segment: Segment | None) -> None:
    assert read(name) == segment


@given(NAMES)
def test_any_name_is_understood_or_refused_with_a_problem_and_a_mend(name: str) -> None:
    segment = understood(name)
    if isinstance(segment, Misnamed):
        assert segment.problem
        assert segment.mend
    elif segment is None:
        assert name[0] + name[-1] == "()"
    elif segment.kind == "literal":
        assert is_normalized("NFC", segment.name)
        assert segment.name not in ("", ".", "..")
        assert "/" not in segment.name
        assert "\0" not in segment.name
    else:
        assert segment.name.isidentifier()
        assert is_normalized("NFKC", segment.name)
        assert not iskeyword(segment.name)


@given(NAMES)
def test_a_name_whose_bytes_are_all_escaped_is_the_literal_itself(name: str) -> None:
    escaped = "".join(f"%{byte:02x}" for byte in name.encode(errors="replace"))
    segment = read(escaped)
    assert segment is not None
    assert segment.kind == "literal"
    assert segment == read(escaped.upper())
    assert is_normalized("NFC", segment.name)
    if is_normalized("NFC", name):
        assert segment.name == name.encode(errors="replace").decode()


@given(NAMES, NAMES)
def test_two_literals_never_share_a_pattern(one: str, other: str) -> None:
    first, second = Segment("literal", one), Segment("literal", other)
    assert (str(first) == str(second)) == (first == second)
    assert "[" not in str(first)
    assert "]" not in str(first)
