"""Route files of typed handlers, and what their clients ask."""

import json
from typing import Any
from wsgiref.validate import validator

from fsroute import App
from tests.exchange import Answer, environ_of, exchange

IMPORTS = """
from __future__ import annotations

import functools
import inspect
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, Literal, NotRequired, TypedDict
from uuid import UUID

from fsroute import (
    Form, HTTPError, Length, Pattern, Range, Request, Response, UploadedFile, ValidationError, use)


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Size(IntEnum):
    SMALL = 1
    LARGE = 2


def trimmed(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text.strip()


def not_empty(items: list) -> list:
    if not items:
        raise ValueError("must have one at least")
    return items


@dataclass
class Item:
    sku: str
    count: int = 1


@dataclass
class New:
    name: str
    age: int
    items: list[Item] = field(default_factory=list)


class Change(TypedDict, total=False):
    name: str
    age: int | None
"""
UUID_TEXT = "12345678-1234-5678-1234-567812345678"
JSON = "application/json"
NOTHING: Any = object()


def routes(**sources: str) -> dict[str, str]:
    """Files of a tree; "a_id" is a/[id]."""
    return {f"{name.replace('_', '/[') + ']' * name.count('_')}/route.py": IMPORTS + source
            for name, source in sources.items()}


def ask(app: App, method: str, target: str, body: Any = NOTHING, **more: Any) -> Answer:
    """body: bytes as they are, anything else as JSON."""
    data = body if body is NOTHING or isinstance(body, bytes) else json.dumps(body).encode()
    return exchange(validator(app), environ_of(method, target, None if data is NOTHING else data, **more),
                    shaped=True)


def told(answer: Answer) -> list[tuple[str, str, str]]:
    """The faults of a 400: where, name and message of each."""
    assert answer.status == 400, answer
    return [(each["in"], each["name"], each["message"]) for each in json.loads(answer.body)["errors"]]
