"""What an app decides for all its routes, and a route file for its own URL."""

from types import ModuleType
from typing import Any

import pytest

from fsroute.handlers.exports import METHODS
from fsroute.handlers.options import Options

APPS = Options(10, "redirect", ["QUERY"])


def module(**values: Any) -> ModuleType:
    made = ModuleType("made_for_a_test")
    vars(made).update(values)
    return made


@pytest.mark.parametrize(("values", "max_body", "trailing_slash"), [
    ({}, 10, "redirect"),
    ({"max_body": 0}, 0, "redirect"),
    ({"max_body": None}, None, "redirect"),
    ({"max_body": 50 * 2**20, "trailing_slash": "ignore"}, 50 * 2**20, "ignore"),
    ({"trailing_slash": "strict"}, 10, "strict"),
])
def test_a_route_files_word_comes_before_the_apps(
    values: dict[str, Any], max_body: int | None, trailing_slash: str
) -> None:
    own = APPS.of(module(**values))
    assert (own.max_body, own.trailing_slash, own.methods) == (max_body, trailing_slash, (*METHODS, "QUERY"))


@pytest.mark.parametrize(("values", "below"), [
    ({}, False), ({"below": True}, True), ({"below": False}, False),
    ({"max_body": 5, "below": True}, True), ({"trailing_slash": "strict"}, False)])
def test_a_catch_all_is_meant_to_answer_below_other_folders_where_its_file_says_so(
    values: dict[str, Any], below: bool
) -> None:
    assert APPS.of(module(**values)).below is below
    assert APPS.below is Options(None, "ignore").below is False


@pytest.mark.parametrize(("values", "hidden"), [
    ({}, False), ({"hidden": True}, True), ({"hidden": False}, False), ({"below": True}, False)])
def test_a_route_is_hidden_where_its_file_says_so(values: dict[str, Any], hidden: bool) -> None:
    assert APPS.of(module(**values)).hidden is hidden


def test_what_one_file_says_of_itself_is_not_said_of_another() -> None:
    own = Options(10, "redirect", below=True, hidden=True).of(module())
    assert (own.below, own.hidden) == (False, False)


@pytest.mark.parametrize("values", [
    {"below": 1}, {"below": 0}, {"below": None}, {"below": "True"}, {"below": []}, {"below": lambda: True},
    {"hidden": 1}, {"hidden": None}, {"hidden": "True"}, {"hidden": ["GET"]},
    {"max_body": -1}, {"max_body": "1"}, {"max_body": True}, {"max_body": 1.0},
    {"trailing_slash": "Redirect"}, {"trailing_slash": None}, {"trailing_slash": True},
    {"trailing_slash": []}])
def test_what_may_not_be_set_is_refused_by_name(values: dict[str, Any]) -> None:
    [name] = values
    with pytest.raises(ValueError, match=f"^{name} is "):
        APPS.of(module(**values))


@pytest.mark.parametrize(("methods", "error"), [
    ("QUERY", TypeError), (["query"], ValueError), (["TRACE"], ValueError), (["CONNECT"], ValueError),
    ([""], ValueError),
    (["M-SEARCH"], ValueError), ([1], ValueError), (["GÉT"], ValueError), (["A\n"], ValueError)])
def test_methods_are_identifiers_in_capitals_and_never_trace_or_connect(
    methods: Any, error: type[Exception]
) -> None:
    with pytest.raises(error, match="methods"):
        Options(None, "strict", methods)


def test_all_that_is_wrong_is_said_and_a_modules_own_getattr_is_not_asked() -> None:
    with pytest.raises(ValueError, match=r"^max_body is .*; trailing_slash is .*; below is True or"):
        APPS.of(module(max_body="1", trailing_slash=True, below=1))
    assert APPS.of(module(__getattr__=lambda name: 5)).max_body == 10
    assert APPS.of(module(__getattr__=lambda name: True)).below is False


def test_a_method_named_twice_is_one() -> None:
    assert Options(None, "strict", ["GET", "PROPFIND", "PROPFIND"]).methods == (*METHODS, "PROPFIND")
