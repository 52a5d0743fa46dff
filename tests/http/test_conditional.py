import os
import time
from datetime import UTC, datetime, timedelta, timezone
from email.utils import formatdate, parsedate_to_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsroute.http.conditional import entity_tag, http_date, seconds, span, unchanged
from fsroute.http.errors import HTTPError

etagc = st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters='"\x7f'), max_size=8)

NOON = 1_577_880_000
DATE = "Wed, 01 Jan 2020 12:00:00 GMT"


def has_it(header: str | None, etag: str | None = '"x"', method: str = "GET") -> bool:
    environ = {} if header is None else {"HTTP_IF_NONE_MATCH": header}
    return unchanged(method, environ, etag, None)


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
    assert has_it(header, etag) is True


@pytest.mark.parametrize(
    "header",
    [
        None, "", " ", '"y"', 'W/"y"', "x", "W/x", '"x', 'x"', '"xx"', '"X"', '"x "', '""', "'x'", '"a,x"',
        '"*"', "**", '"\\"x\\""'
    ],
)
def test_a_client_that_does_not_is_sent_a_copy(header: str | None) -> None:
    assert has_it(header) is False


@given(st.lists(st.tuples(st.booleans(), etagc), max_size=6), etagc)
def test_a_list_of_tags_means_any_of_them(tags: list[tuple[bool, str]], ours: str) -> None:
    header = ", ".join(f'{"W/" * weak}"{tag}"' for weak, tag in tags)
    assert has_it(header, f'"{ours}"') is (ours in [tag for _, tag in tags])


@given(st.text(st.sampled_from('"W/*, ax\t\\') | st.characters(), max_size=60))
def test_no_header_makes_it_fail(header: str) -> None:
    assert has_it(header) in {True, False}


WORDS = st.text(st.sampled_from('"W/*, bytes=0123456789-WedJanGMT:') | st.characters(), max_size=70)
HEADERS = ["IF_MATCH", "IF_NONE_MATCH", "IF_MODIFIED_SINCE", "IF_UNMODIFIED_SINCE", "IF_RANGE", "RANGE"]


@given(st.fixed_dictionaries({}, optional={f"HTTP_{name}": WORDS for name in HEADERS}),
       st.sampled_from(["GET", "HEAD", "PUT"]))
def test_only_a_refusal_leaves_the_judges(environ: dict[str, str], method: str) -> None:
    assert judged(method, environ, '"x"', NOON) in {True, False, 412}
    try:
        part = span(environ, '"x"', DATE, 10)
    except HTTPError as error:
        status = error.status
    else:
        status = 416 if part is None or 0 <= part[0] < part[1] <= 10 else 0
    assert status == 416


@pytest.mark.parametrize(("method", "environ", "outcome"), [
    # what is there
    ("PUT", {"IF_MATCH": '"x"'}, False),
    ("PUT", {"IF_MATCH": "*"}, False),
    ("PUT", {"IF_MATCH": '"y"'}, 412),
    ("PUT", {"IF_MATCH": 'W/"x"'}, 412),
    ("DELETE", {"IF_MATCH": "x"}, 412),
    ("PUT", {"IF_NONE_MATCH": "*"}, 412),
    ("PUT", {"IF_NONE_MATCH": '"x"'}, 412),
    ("PUT", {"IF_NONE_MATCH": 'W/"x"'}, 412),
    ("PUT", {"IF_NONE_MATCH": '"y"'}, False),
    ("PATCH", {"IF_UNMODIFIED_SINCE": "Wed, 01 Jan 2020 11:59:59 GMT"}, 412),
    ("PATCH", {"IF_UNMODIFIED_SINCE": DATE}, False),
    # If-Modified-Since is for GET and HEAD
    ("POST", {"IF_MODIFIED_SINCE": DATE}, False),
    ("GET", {"IF_MODIFIED_SINCE": DATE}, True),
    ("HEAD", {"IF_MODIFIED_SINCE": DATE}, True),
    ("GET", {"IF_NONE_MATCH": "*"}, True),
    ("HEAD", {"IF_NONE_MATCH": "*"}, True),
    ("GET", {}, False),
    ("PUT", {}, False),
])
def test_a_condition_is_judged_by_the_method(method: str, environ: dict[str, str], outcome: Any) -> None:
    fields = {f"HTTP_{name}": value for name, value in environ.items()}
    assert judged(method, fields, '"x"', NOON) == outcome


@pytest.mark.parametrize(("method", "environ", "outcome"), [
    ("PUT", {"IF_NONE_MATCH": "*"}, False),             # make it, but only if there is none yet
    ("PUT", {"IF_NONE_MATCH": '"x"'}, False),
    ("PUT", {"IF_MATCH": "*"}, 412),
    ("PUT", {"IF_MATCH": '"x"'}, 412),
    ("PUT", {"IF_UNMODIFIED_SINCE": DATE}, False),
    ("GET", {"IF_MODIFIED_SINCE": DATE}, False),
])
def test_a_condition_on_what_is_not_there(method: str, environ: dict[str, str], outcome: Any) -> None:
    fields = {f"HTTP_{name}": value for name, value in environ.items()}
    assert judged(method, fields, None, None) == outcome


@pytest.mark.parametrize(("environ", "outcome"), [
    ({"IF_MATCH": "*"}, False),
    ({"IF_MATCH": '"x"'}, 412),             # it has no tag, so not that one
    ({"IF_NONE_MATCH": "*"}, True),
    ({"IF_NONE_MATCH": '"x"'}, False),
    ({"IF_MODIFIED_SINCE": DATE}, True),
])
def test_what_has_a_date_alone_exists_and_has_no_tag(environ: dict[str, str], outcome: Any) -> None:
    fields = {f"HTTP_{name}": value for name, value in environ.items()}
    assert judged("GET", fields, None, NOON) == outcome


def test_a_weak_tag_of_ours_never_matches_strongly() -> None:
    assert judged("PUT", {"HTTP_IF_MATCH": 'W/"x"'}, 'W/"x"', None) == 412
    assert judged("GET", {"HTTP_IF_NONE_MATCH": '"x"'}, 'W/"x"', None) is True
    assert span({"HTTP_RANGE": "bytes=0-0", "HTTP_IF_RANGE": 'W/"x"'}, 'W/"x"', DATE, 10) is None


def judged(method: str, environ: dict[str, str], etag: str | None, modified: int | None) -> bool | int:
    try:
        return unchanged(method, environ, etag, modified)
    except HTTPError as error:
        return error.status


@given(st.integers(0, 253_402_300_799))
def test_a_date_is_the_one_that_mail_writes_and_comes_back(moment: int) -> None:
    date = http_date(moment)
    assert date == formatdate(moment, usegmt=True)
    assert parsedate_to_datetime(date).timestamp() == moment
    for since, known in ((moment, True), (moment + 1, False)):
        environ = {"HTTP_IF_MODIFIED_SINCE": date}
        assert unchanged("GET", environ, None, since) is known


@given(st.integers(-2_000_000_000, 2_000_000_000), st.sampled_from([
    "%A, %d-%b-%y %H:%M:%S GMT", "%a %b {day:2} %H:%M:%S %Y"]))
def test_the_old_forms_of_a_date_mean_the_same(moment: int, form: str) -> None:
    at = datetime.fromtimestamp(moment, UTC)
    if "%y" in form and not 1970 <= at.year <= 2030:
        return                                          # two digits say no century
    date = at.strftime(form.format(day=at.day))
    assert unchanged("GET", {"HTTP_IF_MODIFIED_SINCE": date}, None, moment) is True
    assert unchanged("GET", {"HTTP_IF_MODIFIED_SINCE": date}, None, moment + 1) is False


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the zone of a process cannot be set here")
def test_a_date_knows_no_local_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "XXX+11")
        time.tzset()
        try:
            assert os.environ["TZ"] == "XXX+11"
            assert http_date(NOON) == DATE
            assert unchanged("GET", {"HTTP_IF_MODIFIED_SINCE": DATE}, None, NOON) is True
            assert unchanged("GET", {"HTTP_IF_MODIFIED_SINCE": DATE}, None, NOON + 1) is False
        finally:
            patch.undo()
            time.tzset()


@pytest.mark.parametrize(("moment", "whole"), [
    (0, 0), (1.0, 1), (1.999, 1), (-0.5, -1), (NOON, NOON),
    (datetime(2020, 1, 1, 12, tzinfo=UTC), NOON),
    (datetime(2020, 1, 1, 12, 0, 0, 999_999, tzinfo=UTC), NOON),
    (datetime(2020, 1, 1, 14, tzinfo=timezone(timedelta(hours=2))), NOON),
    (datetime(1969, 12, 31, 23, 59, 59, 500_000, tzinfo=UTC), -1),
])
def test_a_moment_is_whole_seconds_never_later_than_it_is(moment: Any, whole: int) -> None:
    assert seconds(moment) == whole


def test_a_moment_without_a_zone_or_of_another_kind_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="needs a time zone"):
        seconds(datetime(2020, 1, 1))
    with pytest.raises(TypeError, match="not str"):
        seconds("2020-01-01")  # type: ignore[arg-type]


@pytest.mark.parametrize(("text", "tag"), [
    ("x", '"x"'), ('"x"', '"x"'), ('W/"x"', 'W/"x"'), ("", '""'), ('""', '""'), ("W/x", '"W/x"'),
    ("a,b", '"a,b"'), ("é", '"é"'),
])
def test_a_tag_gets_its_quotes(text: str, tag: str) -> None:
    assert entity_tag(text) == tag


@pytest.mark.parametrize("text", ['"', '"x', 'x"', 'a"b', '"a"b"', "a b", "a\nb", "\x7f", "日", 'W/"', "\0"])
def test_what_is_no_tag_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="an ETag is visible text"):
        entity_tag(text)


@given(etagc)
def test_every_tag_that_is_sent_is_known_when_it_comes_back(text: str) -> None:
    tag = entity_tag(f'"{text}"')
    assert has_it(tag, tag) is True
    assert judged("PUT", {"HTTP_IF_MATCH": tag}, tag, None) is False
    assert span({"HTTP_RANGE": "bytes=0-0", "HTTP_IF_RANGE": tag}, tag, DATE, 10) == (0, 1)


@pytest.mark.parametrize("text", ['W/', '"', 'W/"', '",', "* ", "a"])
def test_a_long_header_is_read_in_linear_time(text: str) -> None:
    # a quadratic scan of these 2 MB would take hours
    assert has_it(text * (2_000_000 // len(text)), '"x"') is False
    date = {"HTTP_IF_MODIFIED_SINCE": text * 1_000_000, "HTTP_RANGE": "bytes=" + text * 1_000_000}
    assert unchanged("GET", date, '"x"', NOON) is False
    assert span(date, '"x"', DATE, 10) is None
