"""A handler that fails once it has an upload."""

from fsroute import Request

max_body = 20 * 2**20


def POST(request: Request) -> None:
    request.form()
    raise ZeroDivisionError("told in the log")
