"""What a regular expression of Python is in ECMA-262."""

import re

import pytest

from fsroute.openapi.ecmascript import ecmascript


@pytest.mark.parametrize("expression", [
    "", "abc", "a|b|", "^a", "a$", "[a-z0-9-]+", "[^a-z]*?", "[a-]", "(a)(?:b)(?=c)(?!d)(?<=e)(?<!f)",
    "a{2}b{2,}c{2,3}?",
    r"\.\*\[\]\(\)\{\}\^\$\|\\\/", r"\n\r\t\f\v\x41\u0041", r"[\n\]\-\\]", "é", "[à-ÿ]", "a b", "#", "-",
    r"[.*+?(){}|^$]"])
def test_what_means_the_same_stays(expression: str) -> None:
    assert ecmascript(re.compile(expression)) == expression


@pytest.mark.parametrize(("expression", "rewritten"), [
    (".", r"[^\n]"),                                        # where "." also leaves out "\r"
    (".*?x.", r"[^\n]*?x[^\n]"),
    ("a{,3}", "a{0,3}"),
    ("]", r"\]"), ("a}", r"a\}"),                           # a backslash is needed there
    (r"\-\@\ \#\:\'", "-@ #:'"),                            # and here forbidden
])
def test_what_is_spelt_otherwise_is_rewritten(expression: str, rewritten: str) -> None:
    assert ecmascript(re.compile(expression)) == rewritten


@pytest.mark.parametrize("expression", [r"\d{5}", r"\w+", r"\bno\b", r"[\d.]", r"[^\W]", r"\D\B"])
def test_classes_of_characters_mean_the_same_for_ascii_alone(expression: str) -> None:
    assert ecmascript(re.compile(expression, re.ASCII)) == expression
    assert ecmascript(re.compile(expression)) is None


@pytest.mark.parametrize("expression", [
    r"\A", r"\Z", r"a\Z", r"\s", r"\S", r"[\s]", r"(?P<n>a)(?P=n)", r"(a)\1", "(?i)a", "(?i:a)", "(?>a)",
    "a*+", "a++", "a?+",
    "a{1,2}+", "(?#c)a", "(a)?(?(1)b|c)", "[]a]", "[^]a]", "a$b", "(a$)", "{", "a{", "a{x}", r"\0", r"\012",
    r"\a", r"\U0001F600",
    "(?=a)*b", "(?=a)?", "(?<=a){2}", r"[\@]", "\ud800", r"[\b]"])
def test_what_means_something_else_or_nothing_has_no_form(expression: str) -> None:
    assert ecmascript(re.compile(expression)) is None


@pytest.mark.parametrize("flag", [re.IGNORECASE, re.DOTALL, re.MULTILINE, re.VERBOSE])
def test_flags_have_no_form(flag: re.RegexFlag) -> None:
    assert ecmascript(re.compile("a", flag)) is None
    assert ecmascript(re.compile("a", re.ASCII)) == "a"
