"""Handler to endpoint: a function of the request that always answers.

Rules this module keeps
-----------------------
1. An endpoint never raises an Exception: what is raised in it becomes the answer, and so does asyncio's
   CancelledError. Other BaseExceptions (SystemExit, KeyboardInterrupt) are no answers and pass on to the
   host.
2. What a handler returns is turned into a Response by one table, `respond`. What is not in the table is a
   500 and a log line that names the function, what it returned, and the right form; nothing is guessed.
3. A Response that a handler returned is never written to: it may be one the module keeps.
"""

from __future__ import annotations

from ..http.multidict import MultiMapping
from ..http.problems import problem
from ..http.response import Response
from ..http.send import answer, json_answer, streamed
from ..http.stream import Stream, is_iterator
from .loop import is_cancellation, run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..http.request import Request
    from ..http.send import Answer, Endpoint

_FORMS = "a Response, dict, list, dataclass, str, bytes, an iterator of chunks or (status, headers, body)"


def endpoint(call: Callable[[Request], Any], where: str) -> Endpoint:
    """The endpoint of one handler.

    call: the handler, its arguments bound. where: its name and file, for the log.
    """
    def answered(request: Request) -> Answer:
        try:
            result = call(request)
            if type(result) is dict:        # most results: no Response in between, 265 ns less
                return json_answer(result)
            response = result if isinstance(result, Response) else respond(result, where, request)
            if type(response._body) is bytes:
                return answer(response)
            return streamed(response, request)
        except Exception as error:
            return answer(problem(error, request))
        except BaseException as error:
            try:
                return answer(problem(failure(error), request))
            except BaseException:
                request.release()
                raise
    return answered


def failure(error: BaseException) -> Exception:
    """What was raised, where it can be answered. Raises it again where it cannot (rule 1)."""
    if isinstance(error, Exception):
        return error
    if is_cancellation(error):
        fault = RuntimeError("something the handler waited for was cancelled")
        fault.__cause__ = error
        return fault
    raise error


def awaited(result: Any, request: Request) -> Any:
    """The result; of a coroutine what came of it, which may be a Response that is kept as well."""
    while hasattr(result, "__await__"):
        result = run(result, request.fetch)
    return result


def respond(result: Any, where: str, request: Request) -> Response:
    """What a handler returned as a Response. Raises TypeError for what is none of the forms."""
    if isinstance(result, Response):
        return result
    if isinstance(result, dict | list) or hasattr(type(result), "__dataclass_fields__"):
        return Response.json(result)
    if isinstance(result, str | bytes) or is_iterator(result):
        return Response(result)
    if type(result) is tuple and len(result) == 3 and isinstance(result[0], int):
        return _of_triple(*result, where, request)
    if hasattr(result, "__await__"):
        return respond(awaited(result, request), where, request)
    raise TypeError(f"{where} returned {_described(result)}; return {_FORMS}")


def _of_triple(status: int, headers: Any, body: Any, where: str, request: Request) -> Response:
    converted = Response() if body is None else respond(body, where, request)
    try:
        response = Response(converted.body, status=status, headers=converted.headers)
        response.headers.update(headers)
    except BaseException:
        if isinstance(converted.body, Stream):
            converted.body.discard()
        raise
    return response


def _described(result: Any) -> str:
    if result is None:
        return "None (for an empty answer: return Response.empty())"
    if type(result) is tuple:
        kinds = ", ".join(type(part).__name__ for part in result)
        return f"a tuple ({kinds})"
    if isinstance(result, MultiMapping):
        return f"a {type(result).__name__} (of its pairs: return dict(...) or .lists())"
    if hasattr(result, "readline"):
        return "an open file (for its content: return Response.file(path))"
    return f"{type(result).__module__}.{type(result).__qualname__}"
