import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsroute.http.conditional import none_match

etagc = st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters='"\x7f'), max_size=8)


@pytest.mark.parametrize(
    "header",
    [
        '"x"',
        'W/"x"',
        '"a", "x"',
        '"x","a"',
        'W/"a", W/"x"',
        ' "x" ',
        '"a",,"x"',
        '"a" "x"',                  # a broken list is read as far as it makes sense
        "*",
        " * ",
        '"a, b", "x"',              # a comma inside a tag separates nothing
    ],
)
@pytest.mark.parametrize("etag", ['"x"', 'W/"x"'])
def test_a_client_that_names_our_tag_has_it_already(header: str, etag: str) -> None:
    assert none_match(header, etag) is False


@pytest.mark.parametrize(
    "header",
    [
        None, "", " ", '"y"', 'W/"y"', "x", "W/x", '"x', 'x"', '"xx"', '"X"', '"x "', '""', "'x'", '"a,x"',
        '"*"', "**", '"\\"x\\""'
    ],
)
def test_a_client_that_does_not_is_sent_a_copy(header: str | None) -> None:
    assert none_match(header, '"x"') is True


@given(st.lists(st.tuples(st.booleans(), etagc), max_size=6), etagc)
def test_a_list_of_tags_means_any_of_them(tags: list[tuple[bool, str]], ours: str) -> None:
    header = ", ".join(f'{"W/" * weak}"{tag}"' for weak, tag in tags)
    assert none_match(header, f'"{ours}"') is (ours not in [tag for _, tag in tags])


@given(st.text(st.sampled_from('"W/*, ax\t\\') | st.characters(), max_size=60))
def test_no_header_makes_it_fail(header: str) -> None:
    assert none_match(header, '"x"') in {True, False}
