"""Operations: what one handler takes and answers (OpenAPI 3.1.0, 4.8.10).

Rules this module keeps
-----------------------
1. What is taken is what the plan of the handler's arguments says, the very plan by which it is called.
2. An error is told where the arguments may lead to it (400, 404, 413, 415) or the docstring names it;
   "default" is every other.
3. Errors look as the error files around the route say, the innermost first. Where one may pass, the next
   one's form is told too, and at last the usual: problem+json, and a page for clients that prefer HTML.
4. Errors that look alike and have no words of their own are told once, as components.
"""

from __future__ import annotations

import re

from ..handlers.plan import plan
from ..handlers.signature import NONE, returned
from ..http.convert import Unconvertible
from ..http.jsontext import dumps
from ..http.shapes import Checked, Listing, Optional, Record, Scalar, members, shape_of
from ..http.status import BODILESS, phrase
from . import docstrings
from .limits import default, match
from .paths import METHODS, ONE_SEGMENT, SEGMENTS
from .results import may_be_none, results
from .schemas import Names, Schemas, must_come

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from ..handlers.plan import Argument, Plan
    from ..http.shapes import Shape
    from ..routing.route import Route
    from .docstrings import Doc
    from .limits import Schema
    from .paths import Path

    Part = dict[str, Any]

_WORDS = {"2XX": "Success", "3XX": "Redirection", "default": "Error"}


class Operations:
    """The operations of a document, and what they share."""

    def __init__(self) -> None:
        self._schemas = Schemas()
        self._responses: dict[str, Part] = {}
        self._named: dict[bytes, str] = {}      # the responses' names, by what they say
        self._names, self._ids = Names(), Names()

    def path_item(self, path: Path) -> Part:
        """What the document says of one URL."""
        item: Part = docstrings.of_file(path.route).heading()
        for method, handler in path.route.handlers.items():
            if method in METHODS:
                item[method.lower()] = self._operation(path, method, handler)
        return item

    def components(self) -> Part:
        """What the operations refer to, after the last one."""
        return {"schemas": self._schemas.components(), "responses": self._responses}

    def _operation(self, path: Path, method: str, handler: Callable[..., Any]) -> Part:
        needs, doc = plan(handler, path.route.segments, method), docstrings.of_handler(handler)
        parts: Part = {
            "tags": path.tags(), **doc.heading(),
            "operationId": self._id(f"{method.lower()}{path.path}"),
            "parameters": [*self._of_path(path, needs), *self._of_query(needs)],
            "requestBody": self._body(needs.body, needs.is_form) if needs.body else None,
            "responses": self._answers(path.route, needs, handler, doc),
            "deprecated": hasattr(handler, "__deprecated__")}
        return {name: part for name, part in parts.items() if part}

    def _id(self, path: str) -> str:
        """An identifier that no other operation has: get_api_users_id."""
        words = re.findall(r"[A-Za-z0-9]+", re.sub(r"%[0-9A-F]{2}", "-", path))
        return self._ids.new("_".join(words if len(words) > 1 else [*words, "root"]))

    # --- what it takes ---

    def _of_path(self, path: Path, needs: Plan) -> Iterator[Part]:
        annotations = {argument.name: argument.annotation for argument in needs.path}
        for name in path.names:
            made: Part = {"name": name, "in": "path", "required": True}
            if needs.dynamic[name] == "param":
                yield made | {"schema": self._segment(annotations.get(name, NONE))}
            else:
                yield made | {"description": "One or more segments. The slashes between them stay slashes.",
                              "schema": {"type": "string", "pattern": SEGMENTS}}

    def _segment(self, annotation: Any) -> Schema:
        made = self._schemas.of_text(annotation) or {"type": "string"}
        if made.get("type") == "string" and not {"format", "const", "enum"} & made.keys():
            made["minLength"] = max(1, made.get("minLength", 1))
            match(made, ONE_SEGMENT)
        return made

    def _of_query(self, needs: Plan) -> Iterator[Part]:
        for argument in needs.query:
            made: Part = {"name": argument.name, "in": "query"}
            schema = self._schemas.of_text(argument.annotation)
            if must_come(schema, argument.required):
                made["required"] = True
            if schema.get("type") == "array":
                made |= {"style": "form", "explode": True}
            yield made | {"schema": schema | default(argument.default, schema)}

    def _body(self, body: Argument, is_form: bool) -> Part:
        if not is_form:
            kinds, schema = ["application/json"], self._schemas.of_json(body.annotation)
        else:
            kinds, schema = ["multipart/form-data"], self._schemas.of_text(body.annotation)
            if not _has_files(body.annotation):
                kinds = ["application/x-www-form-urlencoded", *kinds]
        made: Part = {"content": {kind: _media(schema) for kind in kinds}}
        return made | {"required": True} if body.required else made

    # --- what it answers ---

    def _answers(self, route: Route, needs: Plan, handler: Callable[..., Any], doc: Doc) -> Part:
        answers = self._results(handler)
        for status, error in self._errors(route, needs, doc).items():
            if status in answers:               # of a handler that returns errors too
                for media, each in error["content"].items():
                    _add(answers[status].setdefault("content", {}), media, each.get("schema", {}))
            elif status in doc.errors:
                answers[status] = error
            else:
                answers[status] = self._shared(error)
        return dict(sorted(answers.items()))

    def _results(self, handler: Callable[..., Any]) -> Part:
        answers: Part = {}
        for status, media, schema in results(returned(handler), self._schemas):
            answer = answers.setdefault(status, {"description": _described(status)})
            if media and status not in map(str, BODILESS):
                _add(answer.setdefault("content", {}), media, schema)
        return answers

    def _errors(self, route: Route, needs: Plan, doc: Doc) -> Part:
        """By status, what a handler's answer may be besides what it returns."""
        body, inputs = needs.body is not None, bool(needs.body or needs.query)
        known = {"400": inputs, "404": any(map(_is_converted, needs.path)), "413": body, "415": body,
                 "default": True}
        statuses = dict.fromkeys([*[status for status, is_known in known.items() if is_known], *doc.errors])
        return {status: {
            "description": doc.errors.get(status) or _described(status),
            "content": self._shaped(route, "ValidationProblem" if status == "400" and inputs else "Problem")}
            for status in statuses}

    def _shaped(self, route: Route, usual: str) -> Part:
        """The content of an error answer of a route."""
        content: Part = {}
        for function in route.errors:
            result = returned(function)
            for _, media, schema in results(result, self._schemas):
                if media:
                    _add(content, media, schema)
            if not may_be_none(result):
                return content
        _add(content, "application/problem+json", self._schemas.problem(usual))
        _add(content, "text/html", {"type": "string"})
        return content

    def _shared(self, response: Part) -> Part:
        """A reference to a response that others have too."""
        said = dumps(response)
        name = self._named.get(said)
        if name is None:
            name = self._names.new(response["description"].replace(" ", "").replace("-", ""))
            self._named[said], self._responses[name] = name, response
        return {"$ref": f"#/components/responses/{name}"}


def _described(status: str) -> str:
    return _WORDS.get(status) or phrase(int(status))


def _media(schema: Schema) -> Part:
    return {"schema": schema} if schema else {}


def _add(content: Part, media: str, schema: Schema) -> None:
    """Adds one more form that a body of this media type may have."""
    known = content.setdefault(media, _media(schema)).get("schema", {})
    forms = known["anyOf"] if known.keys() == {"anyOf"} else [known]
    if not known or not schema:
        content[media] = {}                     # anything
    elif schema != known and schema not in forms:
        content[media] = _media({"anyOf": [*forms, schema]})


# --- shapes ---

def _is_converted(argument: Argument) -> bool:
    """Whether there are values of the path that it does not take."""
    shape = None if argument.annotation is NONE else _shape(argument.annotation)
    while isinstance(shape, Listing | Optional):
        shape = shape.inner
    return shape is not None and not (isinstance(shape, Scalar) and shape.name in ("str", "Any"))


def _has_files(annotation: Any) -> bool:
    """Whether a form of this class has an upload in it."""
    shape = _shape(annotation)
    while isinstance(shape, Checked | Optional):
        shape = shape.inner
    try:
        return isinstance(shape, Record) and any(_is_file(member.annotation) for member in members(shape))
    except Unconvertible:
        return False


def _is_file(annotation: Any) -> bool:
    shape = _shape(annotation)
    while isinstance(shape, Checked | Listing | Optional):
        shape = shape.inner
    return isinstance(shape, Scalar) and shape.name == "file"


def _shape(annotation: Any) -> Shape | None:
    try:
        return shape_of(annotation)
    except Unconvertible:
        return None
