"""Errors of the API, in the shop's own JSON: {"message": ..., "errors": [{"name": ..., "message": ...}]}.

A name is that of a field of the query or a form; in JSON it is a pointer, "/email". The status and the
headers, such as Allow and WWW-Authenticate, are those of the exception.
"""

from typing import Required, TypedDict

from fsroute import HTTPError, Request, ValidationError


class Fault(TypedDict):
    """What is wrong with one value; the message continues the name."""

    name: str
    message: str


class Failure(TypedDict, total=False):
    """Why there is no answer. With a request's id: it is our fault."""

    message: Required[str]
    errors: list[Fault]
    request: str


def error(request: Request, exception: Exception) -> Failure | None:
    if request.prefers("application/json", "text/html") == "text/html":
        return None         # a browser that sent a form or looks in: the HTML page that it gets by default
    if isinstance(exception, ValidationError):
        faults = [Fault(name=each["name"], message=each["message"]) for each in exception.errors]
        return {"message": "Some values are not valid", "errors": faults}
    if isinstance(exception, HTTPError):
        return {"message": exception.detail, **exception.extra}
    return {"message": "Something went wrong. We find out what if you tell us the request.",
            "request": request.state.request_id}
