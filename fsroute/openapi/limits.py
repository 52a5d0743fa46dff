"""Limits: what Range, Length and Pattern say in JSON Schema, and which default keeps to it.

Rules this module keeps
-----------------------
1. Only what is said of the value as it comes is told: after a function of a user's it may be another value.
2. Of two limits the tighter one is told.
3. A default is shown where JSON has it and its own schema takes it: to many tools a document with another
   one is invalid.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from uuid import UUID

from ..handlers.signature import NONE
from ..http.constraints import Constraint, Length, Pattern, Range
from ..http.convert import conversion
from ..http.jsontext import dumps, loads
from ..http.shapes import Checked, Choice, Listing, Optional, Scalar, Table, json_key
from .ecmascript import ecmascript

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..http.shapes import Shape

    Schema = dict[str, Any]

_FORMATS = {"uuid": UUID, "date": date, "date-time": datetime}

KINDS: dict[type, str] = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null",
                          list: "array", dict: "object"}
"""The type of each Python value that a JSON value becomes."""


def narrowed(schema: Schema, shape: Checked) -> Schema:
    """The schema of what the functions look at, with what they say."""
    base = shape.inner
    while isinstance(base, Checked | Optional):
        if isinstance(base, Checked) and not all(isinstance(each, Constraint) for each in base.functions):
            return schema
        base = base.inner
    made = dict(schema)
    for function in shape.functions:
        if isinstance(function, Range):
            _bound(made, base, function)
        elif isinstance(function, Length):
            _size(made, base, function)
        elif isinstance(function, Pattern):
            _limit(made, "maxLength", function.max_length, min)
            _spell(made, function)
        else:
            break
    return made


def match(schema: Schema, pattern: str) -> None:
    """Adds one more pattern that a text matches."""
    if "pattern" in schema:
        schema["allOf"] = [*schema.get("allOf", ()), {"pattern": pattern}]
    else:
        schema["pattern"] = pattern


def _spell(schema: Schema, pattern: Pattern) -> None:
    regex = re.compile(pattern.regex)
    same = ecmascript(regex)
    if same is None:
        schema.setdefault("description", f"It matches the Python pattern {regex.pattern[:200]}")
    else:
        match(schema, f"^(?:{same})$")


def _bound(schema: Schema, base: Shape, limits: Range) -> None:
    if isinstance(base, Choice) or (isinstance(base, Scalar) and base.name in ("int", "float", "Decimal")):
        _limit(schema, "minimum", _number(limits.min), max)
        _limit(schema, "maximum", _number(limits.max), min)


def _number(bound: Any) -> int | float | None:
    """A bound as JSON has it, None where it has none."""
    try:
        if float(bound) - float(bound) != 0.0:  # infinite
            return None
    except (TypeError, ValueError, ArithmeticError):
        return None
    return int(bound) if bound == int(bound) else float(bound)


def _size(schema: Schema, base: Shape, limits: Length) -> None:
    noun = "Items" if isinstance(base, Listing) else "Properties" if isinstance(base, Table) else \
        "Length" if isinstance(base, Choice) or (isinstance(base, Scalar) and base.name == "str") else None
    if noun:
        _limit(schema, f"min{noun}", limits.min, max)
        _limit(schema, f"max{noun}", limits.max, min)


def _limit(schema: Schema, name: str, value: float | None, tighter: Callable[..., Any]) -> None:
    if value is not None:
        schema[name] = tighter(schema.get(name, value), value)


# --- defaults ---

def default(value: Any, schema: Schema) -> Schema:
    """The schema's member "default" for that value, where it can be shown. value: NONE for no default."""
    found = NONE if value is NONE else json_value(value)
    return {"default": found} if found is not NONE and _takes(schema, found) else {}


def json_value(value: Any) -> Any:
    """The value as JSON has it, NONE where it has none."""
    try:
        return loads(dumps(value))
    except Exception:           # a __json__() may raise anything
        return NONE


def _takes(schema: Schema, value: Any) -> bool:
    """Whether a schema of ours takes the value, as far as that can be said without its references."""
    if "anyOf" in schema:
        return any(_takes(each, value) for each in schema["anyOf"])
    kind, types = KINDS[type(value)], schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if {"$ref", "oneOf", "allOf"} & schema.keys() or (kind == "object" and value):
        return False
    if types and kind not in types and not (kind == "integer" and "number" in types):
        return False
    if json_key(value) not in map(json_key, schema.get("enum", [schema.get("const", value)])):
        return False
    if kind in ("integer", "number"):
        return bool(schema.get("minimum", value) <= value <= schema.get("maximum", value))
    if kind == "string" and not (re.search(schema.get("pattern", ""), value) and _is_spelt(schema, value)):
        return False
    if kind == "array" and not all(_takes(schema.get("items", {}), item) for item in value):
        return False
    noun = {"string": "Length", "array": "Items", "object": "Properties"}.get(kind)
    return noun is None or schema.get(f"min{noun}", 0) <= len(value) <= schema.get(f"max{noun}", len(value))


def _is_spelt(schema: Schema, text: str) -> bool:
    kind = _FORMATS.get(schema.get("format", ""))
    if kind is not None:
        try:
            conversion(kind).convert(text)
        except ValueError:
            return False
    return True
