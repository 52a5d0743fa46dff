"""Checks of a body, made by hand: all faults at once, one message per field.

A rule is a function that takes what came and returns the clean value, or raises ValueError with a
message for the person who filled in the form. The message never repeats the value.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from fsroute import HTTPError, Request

Rule = Callable[[object], Any]

_KINDS = {
    dict: "an object", list: "an array", str: "a string",
    bool: "a boolean", int: "a number", float: "a number", type(None): "null",
}

# What <input type="email"> of HTML takes, and a dot in the domain. ASCII only; the length is bounded before.
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL = re.compile(rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]+@{_LABEL}(?:\.{_LABEL})+")


def json_object(request: Request) -> dict[str, Any]:
    """The body, which must be a JSON object."""
    body = request.json()
    if not isinstance(body, dict):
        raise invalid([{"name": "", "message": f"expected an object, got {kind(body)}"}])
    return body


def check(body: Mapping[str, Any], rules: Mapping[str, Rule]) -> dict[str, Any]:
    """The clean values of the fields that rules name; others are ignored. 400 with every fault there is."""
    values: dict[str, Any] = {}
    errors: list[dict[str, str]] = []
    for name, rule in rules.items():
        try:
            if name not in body:
                raise ValueError("is required")
            values[name] = rule(body[name])
        except ValueError as fault:
            errors.append({"name": name, "message": str(fault)})
    if errors:
        raise invalid(errors)
    return values


def text(max_length: int) -> Rule:
    """A rule for one line of text that shows something, without the white space around it."""
    def rule(value: object) -> str:
        return _shown(value, max_length, breaks="", kept="must be one line without control characters")
    return rule


def prose(max_length: int) -> Rule:
    """A rule for text of several lines, which are told apart by a line feed."""
    def rule(value: object) -> str:
        if isinstance(value, str):
            value = value.replace("\r\n", "\n")      # as forms send it
        return _shown(value, max_length, breaks="\n\t", kept="must not hold control characters")
    return rule


def _shown(value: object, max_length: int, breaks: str, kept: str) -> str:
    """breaks: the control characters that are allowed. kept: the message for all others."""
    if not isinstance(value, str):
        raise ValueError(f"must be a string, not {kind(value)}")
    value = value.strip()
    categories = {unicodedata.category(character) for character in value if character not in breaks}
    if categories & {"Cc", "Cs", "Zl", "Zp"}:
        raise ValueError(kept)
    if all(category[0] in "CZ" for category in categories):
        raise ValueError("must not be blank")
    if len(value) > max_length:
        raise ValueError(f"must be at most {max_length} characters long")
    return value


def whole(least: int, most: int) -> Rule:
    """A rule for a whole number from least to most."""
    def rule(value: object) -> int:
        if type(value) is float:
            raise ValueError("must be a whole number")
        if type(value) is not int:
            raise ValueError(f"must be a whole number, not {kind(value)}")
        if not least <= value <= most:
            raise ValueError(f"must be from {least} to {most}")
        return value
    return rule


def one_of(*choices: str) -> Rule:
    """A rule for one of a few words."""
    def rule(value: object) -> str:
        if value not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return str(value)
    return rule


def email(value: object) -> str:
    """A rule for an email address."""
    address: str = text(max_length=254)(value)
    if not _EMAIL.fullmatch(address):
        raise ValueError("must be an email address such as alice@example.com")
    return address


def kind(value: object) -> str:
    """What JSON calls the type of a value."""
    return _KINDS[type(value)]


def invalid(errors: list[dict[str, str]]) -> HTTPError:
    """The 400 that lists what is wrong, field by field."""
    return HTTPError(400, "Some values are not valid", errors=errors)
