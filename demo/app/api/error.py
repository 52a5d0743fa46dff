"""Errors of the API, in the shop's own JSON: {"message": ..., "errors": [...]}.

The status and the headers, such as Allow and WWW-Authenticate, are those of the exception.
"""

from typing import Any

from fsroute import HTTPError, Request


def error(request: Request, exception: Exception) -> dict[str, Any] | None:
    if request.prefers("application/json", "text/html") == "text/html":
        return None         # a browser that sent a form or looks in: the HTML page that it gets by default
    if isinstance(exception, HTTPError):
        return {"message": exception.detail, **exception.extra}
    return {"message": "Something went wrong. We find out what if you tell us the request.",
            "request": request.state.request_id}
