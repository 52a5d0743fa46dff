"""Status codes and their lines (RFC 9110, 15).

Rules this module keeps
-----------------------
1. An answer's status is final: 200 to 599. 1xx belongs to the host, above 599 nothing is defined.
2. Phrases are those of RFC 9110, whatever the interpreter was built with.
3. Lines are made once; a code without a registered phrase is sent as "Unknown Status", since
   hosts want a phrase.
"""

from __future__ import annotations

from http import HTTPStatus

_PHRASES = {status.value: status.phrase for status in HTTPStatus} | {
    413: "Content Too Large", 414: "URI Too Long", 416: "Range Not Satisfiable", 422: "Unprocessable Content"}

STATUS_LINES = {code: f"{code} {_PHRASES.get(code, 'Unknown Status')}" for code in range(200, 600)}
"""Code to the line a WSGI host wants: {200: "200 OK", ...}."""

BODILESS = frozenset({204, 304})
"""Answers that have no body and no headers about one (RFC 9110, 15.3.5 and 15.4.5)."""


def phrase(status: int) -> str:
    """The registered phrase of a code, such as "Not Found"."""
    return _PHRASES.get(status, "Unknown Status")


def checked(status: int) -> int:
    """The status as a plain int (HTTPStatus members are welcome).

    Raises ValueError when it is no final status, TypeError when it is no number.
    """
    if type(status) is int and status in STATUS_LINES:      # nearly always
        return status
    if not isinstance(status, int) or isinstance(status, bool):
        raise TypeError(f"a status is a number from 200 to 599, not {type(status).__name__}")
    if status not in STATUS_LINES:
        raise ValueError(f"a status is a number from 200 to 599, not {int(status)}")
    return int(status)
