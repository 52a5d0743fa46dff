"""HTTPError: the exception that is an answer (RFC 9110, 15.5 and 15.6; RFC 9457).

Rules this module keeps
-----------------------
1. Only HTTPError carries text to the client. Whatever else is raised is a 500 with nothing of it inside.
2. It says 4xx or 5xx. Redirects and successes are returned, not raised.
3. Its headers pass the gate when it is made, in the line that is at fault.
4. A ValidationError lists what is wrong with a request, a hundred faults at most: where, the name, and
   what was expected.
"""

from __future__ import annotations

from .headers import Headers
from .status import checked, phrase

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from .headers import Given


class HTTPError(Exception):
    """Raise it anywhere below a handler to answer with an error.

        raise HTTPError(404, "User not found")
        raise HTTPError(409, "This e-mail is taken", field="email")

    status: 400 to 599.
    detail: for people, about this occurrence; the status's phrase when left out.
    title: a short name for the kind of problem; the status's phrase when left out.
    headers: a mapping or pairs, added to the answer.
    extra: further members of the problem+json object (RFC 9457, 3.2), anything JSON can say.
    Raises ValueError for another status or a header that does not pass, TypeError for a title or detail that
    is no str.
    """

    def __init__(self, status: int, detail: str | None = None, *, title: str | None = None,
                 headers: Given = None, **extra: Any) -> None:
        self.status = checked(status)
        if self.status < 400:
            raise ValueError(f"an HTTPError says 400 to 599, not {self.status}; return a Response instead")
        self.title = title if title is not None else phrase(self.status)
        self.detail = detail if detail is not None else self.title
        if not isinstance(self.detail, str) or not isinstance(self.title, str):
            raise TypeError("an HTTPError's title and detail are str, "
                            f"not {type(self.title).__name__} and {type(self.detail).__name__}")
        self.headers = Headers([])
        self.headers.update(headers)
        self.extra = extra
        super().__init__(self.status, self.detail)

    def __str__(self) -> str:
        return f"{self.status} {self.title}" + (f": {self.detail}" if self.detail != self.title else "")


MOST_ERRORS = 100

_PARTS = ("in", "name", "message")
_WORDS = {"query": "query parameter", "form": "form field"}


class ValidationError(HTTPError):
    """What is wrong with a request, all of it: a 400 whose `errors` say where.

        raise ValidationError([{"in": "body", "name": "/email", "message": "is already in use"}])

    errors: `in` is "query", "body", "form", "header" or "cookie"; `name` the field's, of a body an RFC 6901
    pointer ("" is the whole); `message` continues the name. Of more than 100 the rest is left out, and `more`
    is true.
    detail: for people; what the first error says when left out.
    Raises ValueError for no errors at all, TypeError for one that lacks a part or has one that is no str.
    """

    def __init__(self, errors: Iterable[Mapping[str, str]], detail: str | None = None) -> None:
        found = [_whole(error) for error in errors]
        if not found:
            raise ValueError("a ValidationError names at least one error")
        self.errors = found[:MOST_ERRORS]
        more: dict[str, Any] = {"more": True} if len(found) > MOST_ERRORS else {}
        super().__init__(400, _told(found) if detail is None else detail, errors=self.errors, **more)

    def __reduce__(self) -> tuple[Any, ...]:        # an exception's own would call it with status and detail
        return type(self), (self.errors, self.detail), vars(self)


def _whole(error: Mapping[str, str]) -> dict[str, str]:
    if not hasattr(error, "get") or not all(isinstance(error.get(part), str) for part in _PARTS):
        raise TypeError(f"an error of a ValidationError is a mapping with {', '.join(_PARTS)}, each a str, "
                        f"not {error!r:.80}")
    return dict(error)


def _told(errors: list[dict[str, str]]) -> str:
    first = errors[0]
    where, name, message = first["in"], first["name"], first["message"]
    if where == "body":
        what = f"The body's {name}" if name else "The body"
    else:
        what = f"The {_WORDS.get(where, where)} {name!r}" if name else f"The {where}"
    rest = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"{what} {message}{rest}"
