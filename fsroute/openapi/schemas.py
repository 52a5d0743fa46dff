"""Schemas: what annotations mean in JSON Schema, with the classes among them as components.

Rules this module keeps
-----------------------
1. A class is one component, by its name, for what is taken and for what is given. Where a second one has the
   name already it gets a number; one that is read from forms, "_form" before that.
2. As text a number is a number, for tools know how to write it; but a Decimal is a string.
3. What JSON Schema cannot say: that an int is not written 1.0, that a string has no half of a surrogate pair,
   that a date exists, and what functions of users do.
4. A class that gives itself to JSON by a `__json__()` may be that as well.
"""

from __future__ import annotations

import re
from dataclasses import MISSING, fields
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from ..handlers.signature import NONE, returned
from ..http.convert import Unconvertible
from ..http.jsontext import dumps
from ..http.shapes import (
    Checked,
    Choice,
    Listing,
    Optional,
    Record,
    Scalar,
    Table,
    Tagged,
    forbids_others,
    json_key,
    members,
    shape_of,
)
from .docstrings import of_class
from .limits import KINDS, default, json_value, narrowed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..http.shapes import Shape

    Schema = dict[str, Any]

# the plain decimals of convert, which JSON's own numbers become before they are judged
_DECIMAL: Schema = {"format": "decimal", "pattern": r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$", "maxLength": 64}
_OF_JSON: dict[str, Schema] = {
    "str": {"type": "string"}, "float": {"type": "number"}, "bool": {"type": "boolean"}, "Any": {},
    "int": {"type": "integer", "format": "int64", "minimum": -(2**63), "maximum": 2**63 - 1},
    "Decimal": {"type": ["string", "number"], **_DECIMAL},
    "UUID": {"type": "string", "format": "uuid"}, "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
    # tools know it by the format; the other is what OpenAPI 3.1 says (4.8.14.3)
    "file": {"type": "string", "format": "binary", "contentMediaType": "application/octet-stream"}}
_OF_TEXT = _OF_JSON | {"Any": {"type": "string"}, "Decimal": {"type": "string", **_DECIMAL}}

# class Node(Generic[T]): next: "Node[list[T]]" has no end; nobody writes so many levels
_DEEPEST = 10


class Schemas:
    """The schemas of a document."""

    def __init__(self) -> None:
        self._components: dict[str, Schema] = {}
        self._names = Names(_PROBLEMS)
        # by class: each generic form of it, whether it comes as text, and its name
        self._forms: dict[Any, list[tuple[Record, bool, str]]] = {}
        self._unread: list[tuple[Record, bool, str]] = []
        self._tags: list[tuple[str, str]] = []

    def of_json(self, annotation: Any) -> Schema:
        """What JSON must be for it; {} for what says nothing."""
        return {} if annotation is NONE else self._of(annotation, is_text=False)

    def of_text(self, annotation: Any) -> Schema:
        """What a text, or several of one name, or the fields of a form must be for it."""
        return {"type": "string"} if annotation is NONE else self._of(annotation, is_text=True)

    def of_shape(self, shape: Shape, *, is_text: bool = False) -> Schema:
        """The same of what an annotation is made of."""
        match shape:
            case Scalar(name, _):
                return dict((_OF_TEXT if is_text else _OF_JSON)[name])
            case Choice(values, _):
                return _choice(values)
            case Optional(inner, _):
                made = self.of_shape(inner, is_text=is_text)
                return made if is_text else _or_null(made)      # no text spells null
            case Checked(inner, _, _):
                return narrowed(self.of_shape(inner, is_text=is_text), shape)
            case Listing(inner, _, _):
                return self._several("array", "items", inner, is_text)
            case Table(inner, _):
                return self._several("object", "additionalProperties", inner, is_text)
            case Record():
                return _ref(self._name(shape, is_text))
            case Tagged():
                return self._one_of(shape, is_text)
        return {}

    def problem(self, name: str) -> Schema:
        """A reference to "Problem" or "ValidationProblem", the usual errors."""
        self._components.setdefault("Problem", _PROBLEMS["Problem"])
        self._components.setdefault(name, _PROBLEMS[name])
        return _ref(name)

    def components(self) -> dict[str, Schema]:
        """Each class by the name that it got. After this there are no more."""
        while self._unread:
            record, is_text, name = self._unread.pop(0)
            self._components[name] = self._class(record, is_text)
        for name, tag in self._tags:
            required = self._components[name].setdefault("required", [])
            if tag not in required:
                required.append(tag)
        return self._components

    def _of(self, annotation: Any, is_text: bool) -> Schema:
        try:
            return self.of_shape(shape_of(annotation), is_text=is_text)
        except Unconvertible:
            return {}

    def _several(self, kind: str, keyword: str, inner: Shape | None, is_text: bool) -> Schema:
        one = self.of_shape(inner or Scalar("Any", Any), is_text=is_text)
        return {"type": kind, keyword: one} if one else {"type": kind}

    def _one_of(self, shape: Tagged, is_text: bool) -> Schema:
        refs: dict[str, str] = {}
        mapping: dict[str, str] = {}
        for (_, value), record in shape.records.items():
            name = self._name(record, is_text)
            text = value if isinstance(value, str) else dumps(value).decode()
            refs[name] = mapping[text] = _ref(name)["$ref"]
            self._tags.append((name, shape.tag))
        made: Schema = {"oneOf": [{"$ref": ref} for ref in refs.values()]}
        if len(mapping) < len(shape.records):       # "1" and 1 are one text, by which nothing is told apart
            return made
        return made | {"discriminator": {"propertyName": shape.tag, "mapping": mapping}}

    # --- classes ---

    def _name(self, record: Record, is_text: bool) -> str:
        """The name of the class's component, which is made at the end: the class may be among its members."""
        known = self._forms.setdefault(record.kind, [])
        for other, was_text, name in known:
            if other.arguments == record.arguments and was_text == is_text:
                return name
        name = re.sub(r"[^A-Za-z0-9._]+", "_", _spelt(record.annotation))[:80]
        name = self._names.new(name + "_form" if is_text and name in self._names else name)
        self._components[name] = {"type": "object"}
        known.append((record, is_text, name))
        if _depth(record.annotation) < _DEEPEST:
            self._unread.append((record, is_text, name))
        return name

    def _class(self, record: Record, is_text: bool) -> Schema:
        try:
            made = self._object(record, is_text)
        except Unconvertible:                   # it is given, and could not be taken
            made = {"type": "object"}
        if not is_text and hasattr(record.kind, "__json__"):
            other = self.of_json(returned(record.kind.__json__))
            made = {"anyOf": [made, other]} if other else {}
        return made

    def _object(self, record: Record, is_text: bool) -> Schema:
        properties: dict[str, Schema] = {}
        required: list[str] = []
        forbids, given = forbids_others(record.kind), _fields(record.kind)
        for name, annotation, is_required in members(record):
            schema = self._of(annotation, is_text)
            properties[name] = schema | default(_default_of(record.kind, name), schema)
            if name not in given:               # an InitVar is no part of what is made of it
                properties[name]["writeOnly"] = True
            if must_come(schema, is_required) if is_text else is_required:
                required.append(name)
        properties |= {name: {"readOnly": True} for name in given if name not in properties}
        parts = {"type": "object", "description": of_class(record.kind), "properties": properties,
                 "required": required}
        made = {name: part for name, part in parts.items() if part}
        return made | {"additionalProperties": False} if forbids else made


def must_come(schema: Schema, required: bool) -> bool:
    """Whether a field must be there: a list of which nothing came is empty."""
    return required and (schema.get("type") != "array" or schema.get("minItems", 0) > 0)


class Names:
    """Names that are taken, and new ones."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._numbers = dict.fromkeys(taken, 1)     # the highest that was given to each

    def __contains__(self, name: object) -> bool:
        return name in self._numbers

    def new(self, name: str) -> str:
        """The name, with a number where it is taken; from now on it is."""
        found = name
        while found in self._numbers:
            self._numbers[name] += 1
            found = f"{name}_{self._numbers[name]}"
        self._numbers[found] = 1
        return found


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _spelt(annotation: Any) -> str:
    """An annotation as a name: Page_int."""
    origin, arguments = get_origin(annotation) or annotation, get_args(annotation)
    if origin is Annotated:
        return _spelt(arguments[0])
    if origin in (Union, UnionType):
        return "_or_".join(map(_spelt, arguments))
    name = "None" if annotation is type(None) else getattr(origin, "__name__", None) or str(origin)
    return "_".join([name, *[_spelt(each) for each in arguments if each is not ...]])


def _depth(annotation: Any) -> int:
    if get_origin(annotation) is Literal:
        return 1
    return 1 + max(map(_depth, get_args(annotation)), default=0)


def _fields(kind: Any) -> Iterable[str]:
    """What there is in a value of the class."""
    return [field.name for field in fields(kind)] if hasattr(kind, "__dataclass_fields__") else \
        kind.__annotations__.keys() | kind.__required_keys__ | kind.__optional_keys__


def _default_of(kind: Any, name: str) -> Any:
    """What a dataclass has where the member is left out, NONE if nothing that could be shown."""
    field = getattr(kind, "__dataclass_fields__", {}).get(name)
    if field is None:
        return NONE
    if field.default is not MISSING:
        return field.default
    return field.default_factory() if field.default_factory in (list, dict) else NONE


# --- values ---

def _choice(values: Iterable[Any]) -> Schema:
    """One of these, {} if JSON does not have them all."""
    pairs = [*map(json_key, values)]
    if any(kind not in KINDS or kind in (list, dict) or json_value(value) is NONE for kind, value in pairs):
        return {}
    found = [value for _, value in dict.fromkeys(pairs)]
    if not found:
        return {}
    types = [*dict.fromkeys(KINDS[type(value)] for value in found)]
    only: Schema = {"const": found[0]} if len(found) == 1 else {"enum": found}
    return {"type": types[0] if len(types) == 1 else types, **only}


def _or_null(schema: Schema) -> Schema:
    types = schema.get("type")
    if not schema:
        return {}
    if types and not {"const", "enum", "allOf", "anyOf", "oneOf"} & schema.keys():
        return schema | {"type": [*dict.fromkeys([*([types] if isinstance(types, str) else types), "null"])]}
    return {"anyOf": [schema, {"type": "null"}]}


_PROBLEMS: dict[str, Schema] = {
    "Problem": {
        "type": "object", "description": "What went wrong (RFC 9457). There may be further members.",
        "properties": {
            "title": {"type": "string", "description": "A short name for the kind of problem."},
            "status": {"type": "integer", "description": "The status of the answer."},
            "detail": {"type": "string", "description": "What went wrong this time, for people."}},
        "required": ["title", "status", "detail"]},
    "ValidationProblem": {
        "description": "All that is wrong with the input. Without errors: it could not be read.",
        "allOf": [_ref("Problem")],
        "type": "object",
        "properties": {
            "errors": {"type": "array", "items": {
                "type": "object",
                "properties": {
                    "in": {"type": "string", "enum": ["query", "body", "form", "header", "cookie"]},
                    "name": {"type": "string", "description":
                             "Of a field; in a JSON body an RFC 6901 pointer, \"\" for the whole."},
                    "message": {"type": "string", "description": "It continues the name: \"must be ...\"."}},
                "required": ["in", "name", "message"]}},
            "more": {"type": "boolean", "description": "Whether more is wrong than is listed."}}}}
