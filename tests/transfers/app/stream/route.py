"""Lines of ten bytes, of a count and length that are asked for, with a failure where it is asked for."""

from collections.abc import Iterator

from fsroute import Request, Response

from .._notes import Watched, note


def GET(request: Request) -> Response:
    query = request.query
    name = query["name"]
    source = lines(name, query.get("count", 3, int), query.get("fail", None, int))
    return Response.stream(Watched(name, source), length=query.get("length", None, int))


def lines(name: str, count: int, fail: int | None) -> Iterator[str]:
    note(name, "begun")
    for number in range(count):
        if number == fail:
            raise ZeroDivisionError("told in the log")
        yield f"line {number:4}\n"
