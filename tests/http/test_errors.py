import copy
import pickle
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

import pytest

from fsroute.http.errors import HTTPError, ValidationError


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


# validation errors

ONE = {"in": "body", "name": "/email", "message": "is already in use"}


def test_a_validation_error_is_a_400_that_lists_what_is_wrong() -> None:
    error = ValidationError([ONE])
    assert isinstance(error, HTTPError)
    assert (error.status, error.title) == (400, "Bad Request")
    assert (error.errors, error.extra) == ([ONE], {"errors": [ONE]})
    assert str(error) == "400 Bad Request: The body's /email is already in use"


@pytest.mark.parametrize(("where", "name", "detail"), [
    ("query", "q", "The query parameter 'q' must fit"), ("form", "q", "The form field 'q' must fit"),
    ("form", "", "The form must fit"), ("query", "", "The query must fit"),
    ("body", "/a/0", "The body's /a/0 must fit"),
    ("body", "", "The body must fit"), ("header", "X-A", "The header 'X-A' must fit"),
    ("cookie", "it's", "The cookie \"it's\" must fit"), ("path", "id", "The path 'id' must fit"),
    ("anything else", "", "The anything else must fit"),
    ("query", "a\nb", "The query parameter 'a\\nb' must fit"),
])
def test_its_detail_says_the_first_of_them(where: str, name: str, detail: str) -> None:
    first = {"in": where, "name": name, "message": "must fit"}
    assert ValidationError([first]).detail == detail
    assert ValidationError([first, ONE]).detail == f"{detail} (and 1 more)"
    assert ValidationError([first, *[ONE] * 120]).detail == f"{detail} (and 120 more)"
    assert ValidationError([first], "Have another look").detail == "Have another look"
    assert ValidationError([first], "").detail == ""


@pytest.mark.parametrize(("count", "more"), [(1, {}), (100, {}), (101, {"more": True}),
(5_000, {"more": True})])
def test_it_holds_a_hundred_and_whether_there_are_more(count: int, more: dict[str, bool]) -> None:
    errors = [{**ONE, "name": f"/{number}"} for number in range(count)]
    for given in (errors, tuple(errors), iter(errors)):
        error = ValidationError(given)
        assert error.errors == errors[:100]
        assert error.extra == {"errors": errors[:100], **more}


def test_it_keeps_further_members_and_shares_nothing_with_what_it_was_given() -> None:
    given = [{**ONE, "code": "taken"}]
    error = ValidationError(given)
    given[0]["name"] = "/other"
    given.clear()
    assert error.errors == [{**ONE, "code": "taken"}]
    assert ValidationError([MappingProxyType(ONE)]).errors == [ONE]


def test_none_at_all_is_a_mistake_of_the_caller() -> None:
    empty: list[dict[str, str]] = []
    for nothing in (empty, tuple(empty), iter(empty)):
        with pytest.raises(ValueError, match="names at least one error"):
            ValidationError(nothing)
        with pytest.raises(ValueError, match="names at least one error"):
            ValidationError(nothing, "with words")


@pytest.mark.parametrize("errors", [
    [{}], [{"in": "body", "name": ""}], [{"in": "body", "message": "x"}], [{"name": "", "message": "x"}],
    [ONE, {**ONE, "message": 5}], [{**ONE, "name": None}], [{**ONE, "in": b"body"}], ["must fit"],
    "must fit", ONE, [5],
    [list(ONE.items())], [*[ONE] * 100, {}],
])
def test_an_error_without_its_parts_is_a_mistake_of_the_caller_too(errors: Any) -> None:
    with pytest.raises(TypeError, match="a mapping with in, name, message, each a str, not "):
        ValidationError(errors)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy,
                                    lambda error: pickle.loads(pickle.dumps(error))])
@pytest.mark.parametrize("detail", [None, "Look again", ""])
@pytest.mark.parametrize("count", [1, 2, 101])
def test_a_validation_error_survives_copying_and_pickling(
    copied: Any, detail: str | None, count: int
) -> None:
    error = ValidationError([ONE] * count, detail)
    again = copied(error)
    assert type(again) is ValidationError
    assert (again.status, again.detail) == (400, error.detail)
    assert (again.errors, again.extra) == (error.errors, error.extra)
    assert (str(again), again.args) == (str(error), error.args)
