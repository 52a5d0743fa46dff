import copy
import pickle
from http import HTTPStatus
from typing import Any

import pytest

from fsroute.http.errors import HTTPError


def test_an_error_says_what_it_was_given() -> None:
    error = HTTPError(409, "Taken", title="Conflict of names", headers={"X-A": "1"}, field="email", tries=3)
    assert (error.status, error.title, error.detail) == (409, "Conflict of names", "Taken")
    assert error.headers.items() == [("X-A", "1")]
    assert error.extra == {"field": "email", "tries": 3}


def test_what_is_left_out_is_the_phrase_of_the_status() -> None:
    error = HTTPError(404)
    assert (
        error.title, error.detail, error.headers.items(), error.extra
    ) == ("Not Found", "Not Found", [], {})
    assert HTTPError(404, title="Gone away").detail == "Gone away"
    assert HTTPError(404, "").detail == ""
    assert HTTPError(404).args == (404, "Not Found")


@pytest.mark.parametrize("status", [400, 404, 499, 500, 599, HTTPStatus.GONE])
def test_it_says_4xx_or_5xx(status: int) -> None:
    assert HTTPError(status).status == status
    assert type(HTTPError(status).status) is int


@pytest.mark.parametrize("status", [200, 204, 301, 304, 399, 0, 100, 600])
def test_it_says_nothing_else(status: int) -> None:
    with pytest.raises(ValueError, match=str(status)):
        HTTPError(status)


@pytest.mark.parametrize("status", ["404", None, 404.0, True, "Not found"])
def test_a_status_that_is_no_number_is_refused(status: Any) -> None:
    with pytest.raises(TypeError):
        HTTPError(status)


@pytest.mark.parametrize(
    "texts", [{"detail": 5}, {"detail": ValueError("x")}, {"detail": b"x"}, {"title": 5}]
)
def test_a_text_that_is_no_str_is_refused_in_the_line_at_fault(texts: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        HTTPError(400, **texts)


@pytest.mark.parametrize(
    "headers", [{"X": "a\r\nSet-Cookie: b"}, {"Content-Length": "1"}, [("X Y", "1")], {"X": "\u0141"}]
)
def test_a_header_is_refused_in_the_line_at_fault(headers: Any) -> None:
    with pytest.raises(ValueError, match="header"):
        HTTPError(400, headers=headers)


def test_headers_may_be_pairs_and_repeat() -> None:
    pairs = [("WWW-Authenticate", "Basic"), ("WWW-Authenticate", "Bearer")]
    assert HTTPError(401, headers=pairs).headers.items() == pairs


def test_two_errors_share_nothing() -> None:
    first, second = HTTPError(400), HTTPError(400)
    first.headers["X"] = "1"
    first.extra["a"] = 1
    assert (second.headers.items(), second.extra) == ([], {})


def test_its_text_tells_status_title_and_detail() -> None:
    assert str(HTTPError(404)) == "404 Not Found"
    assert str(HTTPError(404, "No such user")) == "404 Not Found: No such user"


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))]
)
def test_it_survives_copying_and_pickling(copied: Any) -> None:
    error = HTTPError(409, "Taken", title="T", headers={"X-A": "1"}, field="email")
    again = copied(error)
    assert type(again) is HTTPError
    assert (again.status, again.detail, again.title, again.extra) == (409, "Taken", "T", {"field": "email"})
    assert again.headers.items() == [("X-A", "1")]
