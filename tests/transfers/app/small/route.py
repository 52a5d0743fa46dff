"""A form under a limit."""

from fsroute import Request

max_body = 1_000


def POST(request: Request) -> dict[str, str]:
    return dict(request.form().items())
