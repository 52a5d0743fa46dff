"""A parsed JSON body as an object: an order of ten fields and twenty items, by fsroute and by others.

What is measured is the check of one value that json.loads gave: no request, no JSON text. marshmallow gives
dicts where the others make objects, which spares it work.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from fsroute.http.schema import compiled

ORDERS = 200  # different ones: what is remembered of one helps with no other


@dataclass
class Item:
    sku: str
    quantity: int
    price: float
    gift: bool = False


@dataclass
class Order:
    id: UUID
    customer: str
    email: str
    placed: datetime
    due: date
    status: Literal["new", "paid", "sent"]
    total: Decimal
    express: bool
    note: str | None
    items: list[Item]


def order(number: int) -> dict[str, Any]:
    """The order with this number, as json.loads gives it."""
    items = [{"sku": f"sku-{number}-{line}", "quantity": line + 1, "price": line + 0.5, "gift": line % 2 == 0}
             for line in range(20)]
    return {"id": f"0123a567-89ab-4def-8123-{number:012x}", "customer": f"Eve {number}",
            "email": f"eve{number}@example.com", "placed": f"2026-01-31T12:00:{number % 60:02}Z",
            "due": f"2026-02-{number % 28 + 1:02}", "status": ("new", "paid", "sent")[number % 3],
            "total": f"{number}.80", "express": number % 2 == 0, "note": None if number % 3 else "Ring twice",
            "items": items}


def checks() -> dict[str, Callable[[dict[str, Any]], Any]]:
    """Who checks an order. Raises ImportError where the others are not installed."""
    from pydantic import TypeAdapter

    return {"fsroute": compiled(Order), "pydantic": TypeAdapter(Order).validate_python,
            "marshmallow": _schema()}


def _schema() -> Callable[[dict[str, Any]], Any]:
    from marshmallow import Schema, fields, validate

    lines = Schema.from_dict({
        "sku": fields.String(required=True), "quantity": fields.Integer(strict=True, required=True),
        "price": fields.Float(required=True), "gift": fields.Boolean(load_default=False)})
    members: dict[str, Any] = {
        "id": fields.UUID(required=True), "customer": fields.String(required=True),
        "email": fields.String(required=True), "placed": fields.AwareDateTime(required=True),
        "due": fields.Date(required=True), "total": fields.Decimal(required=True),
        "status": fields.String(required=True, validate=validate.OneOf(["new", "paid", "sent"])),
        "express": fields.Boolean(required=True), "note": fields.String(required=True, allow_none=True),
        "items": fields.List(fields.Nested(lines), required=True)}
    return Schema.from_dict(members)().load


def verify(check: Callable[[dict[str, Any]], Any], number: int) -> None:
    """Raises AssertionError unless an order becomes what it should be, and one with a fault is refused."""
    made = check(order(number))
    right = expected(number)
    if (made if isinstance(made, Mapping) else asdict(made)) != right:
        raise AssertionError(f"{check!r} makes {made!r}, not {right!r}")
    wrong = order(number)
    wrong["items"][19]["quantity"] = "two"
    try:
        check(wrong)
    except Exception:  # each has an exception of its own
        return
    raise AssertionError(f"{check!r} takes 'two' for a number")


def expected(number: int) -> dict[str, Any]:
    sent = order(number)
    return sent | {"id": UUID(sent["id"]), "placed": datetime.fromisoformat(sent["placed"]),
                   "due": date.fromisoformat(sent["due"]), "total": Decimal(sent["total"])}
