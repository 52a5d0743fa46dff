from http import HTTPStatus
from typing import Any

import pytest

from fsroute.http.status import BODILESS, STATUS_LINES, checked, phrase


@pytest.mark.parametrize(
    ("code", "line"),
    [
        (200, "200 OK"),
        (201, "201 Created"),
        (204, "204 No Content"),
        (304, "304 Not Modified"),
        (307, "307 Temporary Redirect"),
        (404, "404 Not Found"),
        (405, "405 Method Not Allowed"),
        (411, "411 Length Required"),
        (415, "415 Unsupported Media Type"),
        (500, "500 Internal Server Error"),
        (299, "299 Unknown Status"),
        (599, "599 Unknown Status"),
        # three that Python renamed on the way: an answer does not hang on the interpreter
        (413, "413 Content Too Large"),
        (414, "414 URI Too Long"),
        (416, "416 Range Not Satisfiable"),
        (422, "422 Unprocessable Content"),
    ],
)
def test_a_status_line_has_the_phrase_of_rfc_9110(code: int, line: str) -> None:
    assert STATUS_LINES[code] == line
    assert f"{code} {phrase(code)}" == line


def test_every_final_status_has_a_line_that_hosts_take() -> None:
    assert list(STATUS_LINES) == list(range(200, 600))
    for code, line in STATUS_LINES.items():
        assert line[:4] == f"{code} "
        assert len(line) > 4
        assert line.isascii()
        assert line.isprintable()


@pytest.mark.parametrize("status", [200, 204, 299, 304, 404, 599, HTTPStatus.NOT_FOUND])
def test_a_final_status_passes_as_a_plain_int(status: int) -> None:
    assert type(checked(status)) is int
    assert checked(status) == status


@pytest.mark.parametrize("status", [-200, 0, 1, 99, 100, 101, HTTPStatus.CONTINUE, 199, 600, 999, 10**30])
def test_another_number_is_refused_by_value(status: int) -> None:
    with pytest.raises(ValueError, match=f"from 200 to 599, not {int(status)}"):
        checked(status)


@pytest.mark.parametrize("status", [True, False, "200", 200.0, None, b"200", (200,), [], "200 OK"])
def test_what_is_no_number_is_refused_by_type(status: Any) -> None:
    with pytest.raises(TypeError, match=f"from 200 to 599, not {type(status).__name__}"):
        checked(status)


def test_two_statuses_have_no_body() -> None:
    assert {204, 304} == BODILESS
