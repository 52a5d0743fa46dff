"""Document: the OpenAPI document of an app, as App(openapi=...) serves it.

Rules this module keeps
-----------------------
1. It is a leaf under the rules of a public file: GET and HEAD, its names verbatim, and around it the
   middleware of the folder that its URL leads to.
2. It is made at the first request for it, which is what imports the files of a lazy app. What fails then is a
   500 in the log, and is tried again with the next request.
"""

from __future__ import annotations

from json import loads

from ..http.jsontext import dumps
from ..http.response import Response
from ..http.url import quoted_path
from ..http.wsgi import script_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ..http.request import Request

_EXAMPLE = 'openapi="/api/openapi.json", or {"path": "/api/openapi.json", "info": {"title": "Shop"}}'

_ADDED_TO = ("info", "paths", "components")     # members of the document that are added to, not replaced


class Document:
    """Answers with the document.

    given: the path, or a mapping with the path and what else the document is to hold. make: makes it.
    Raises ValueError or TypeError for a path that no URL has, or what JSON has no form for.
    """

    def __init__(self, given: str | Mapping[str, Any], make: Callable[[], dict[str, Any]]) -> None:
        self.segments, self.extra = _parts(given)
        self._make = make
        self._made: dict[str, Any] = {}
        self._body = b""

    def __call__(self, request: Request) -> Response:
        if not self._body:
            self._made = self._make()
            self._body = dumps(self._made)      # last: whoever sees it sees the other too
        prefix = script_name(request.environ)
        mounted = prefix and "servers" not in self.extra
        body = dumps({**self._made, "servers": [{"url": quoted_path(prefix)}]}) if mounted else self._body
        return Response(body, headers={"Content-Type": "application/json"})


def _parts(given: str | Mapping[str, Any]) -> tuple[list[str], dict[str, Any]]:
    """The segments of the path, and the rest."""
    if isinstance(given, str):
        given = {"path": given}
    if not hasattr(given, "keys") or not isinstance(given.get("path"), str):
        raise TypeError(f"openapi is a path: {_EXAMPLE}")
    extra = {name: value for name, value in given.items() if name != "path"}
    try:
        extra = loads(dumps(extra))         # what is kept is ours alone, and of the types that JSON has
    except (TypeError, ValueError, RecursionError) as fault:
        raise TypeError(f"openapi: {fault}") from None
    parts = [(name, extra.get(name, {})) for name in _ADDED_TO]
    components = extra.get("components")
    for name, part in [*parts, *(components.items() if isinstance(components, dict) else ())]:
        if not isinstance(part, dict):
            raise TypeError(f"openapi: {name} is a mapping, not {type(part).__name__}")
    root, *segments = given["path"].split("/")
    if root or not segments or any(part in ("", ".", "..") or not part.isprintable() for part in segments):
        raise ValueError(f"openapi is the path of a file, not {given['path']!r:.80}: {_EXAMPLE}")
    return segments, extra
