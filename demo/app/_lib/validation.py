"""Checks of a JSON body, made by hand: all faults at once, one message per field.

A rule is a function that takes what came and returns the clean value, or raises ValueError with a
message for the person who filled in the form. The message never repeats the value.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from fsroute import HTTPError, Request

Rule = Callable[[object], str]

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


def check(body: Mapping[str, Any], rules: Mapping[str, Rule]) -> dict[str, str]:
    """The clean values of the fields that rules name; others are ignored. 400 with every fault there is."""
    values: dict[str, str] = {}
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
        if not isinstance(value, str):
            raise ValueError(f"must be a string, not {kind(value)}")
        value = value.strip()
        categories = {unicodedata.category(character) for character in value}
        if categories & {"Cc", "Cs", "Zl", "Zp"}:
            raise ValueError("must be one line without control characters")
        if all(category[0] in "CZ" for category in categories):
            raise ValueError("must not be blank")
        if len(value) > max_length:
            raise ValueError(f"must be at most {max_length} characters long")
        return value
    return rule


def email(value: object) -> str:
    """A rule for an email address."""
    address = text(max_length=254)(value)
    if not _EMAIL.fullmatch(address):
        raise ValueError("must be an email address such as alice@example.com")
    return address


def kind(value: object) -> str:
    """What JSON calls the type of a value."""
    return _KINDS[type(value)]


def invalid(errors: list[dict[str, str]]) -> HTTPError:
    """The 400 that lists what is wrong, field by field."""
    return HTTPError(400, "Some values are not valid", errors=errors)
