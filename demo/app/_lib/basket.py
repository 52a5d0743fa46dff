"""The basket: what a visitor means to buy, kept by the visitor, in one signed cookie.

Rules this module keeps
-----------------------
1. The cookie holds slugs and quantities. Names and prices come from the database, each time.
2. A cookie that is forged or stale is an empty basket, not an error.
3. A basket has an id, so that it can be ordered once, however often its cookie is sent.
4. It is bounded: LINES products, QUANTITY of each. So is the cookie.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, TypedDict

from app._lib.catalogue import find_product
from app._lib.signing import signed, verified
from fsroute import Length, Range, Request, Response, ValidationError

COOKIE = "basket"
MAX_AGE = 30 * 86_400       # seconds
LINES = 20
QUANTITY = 99

VARY = {"Vary": "Cookie"}       # what depends on a cookie says so to caches


@dataclass(frozen=True, slots=True)
class Wanted:
    """So many of a product."""

    slug: Annotated[str, Length(1, 80)]
    quantity: Annotated[int, Range(1, QUANTITY)]


@dataclass(frozen=True, slots=True)
class Line:
    """So many of a product, at so many euro cents each."""

    slug: str
    name: str
    quantity: int
    cents: int


class Contents(TypedDict):
    """What is in a basket, how many things and how many euro cents in all."""

    lines: list[Line]
    quantity: int
    cents: int


@dataclass(frozen=True, slots=True)
class Basket:
    quantities: Mapping[str, int] = field(default_factory=dict)     # by slug
    id: str = field(default_factory=secrets.token_hex)

    def lines(self) -> list[Line]:
        """What is in it, at today's prices; without what the shop no longer has."""
        found = [(find_product(slug), quantity) for slug, quantity in self.quantities.items()]
        return [Line(product.slug, product.name, quantity, product.cents)
                for product, quantity in found if product]

    def with_quantity(self, slug: str, quantity: int) -> "Basket":
        """The same basket with that many of a product. 400 for what the shop or the basket does not hold."""
        if find_product(slug) is None:
            raise invalid("/slug", "is no product of this shop")
        quantities = {**self.quantities, slug: quantity}
        if quantity > QUANTITY:
            raise invalid("/quantity", f"must be at most {QUANTITY} in all")
        if len(quantities) > LINES:
            raise invalid("/slug", f"is one too many: a basket holds {LINES} products")
        return Basket(quantities, self.id)

    def without(self, slug: str) -> "Basket":
        return Basket({other: n for other, n in self.quantities.items() if other != slug}, self.id)

    def contents(self) -> Contents:
        lines = self.lines()
        return {"lines": lines, "quantity": sum(line.quantity for line in lines),
                "cents": sum(line.quantity * line.cents for line in lines)}

    def answer(self, request: Request) -> Response:
        """What is in the basket, in JSON, and the cookie that keeps it."""
        response = Response.json(self.contents(), headers=VARY)
        if self.quantities:
            response.set_cookie(
                COOKIE, signed(COOKIE, json.dumps([self.id, self.quantities], separators=(",", ":"))),
                max_age=MAX_AGE, path=request.url_for("/"), secure=request.scheme == "https",
            )
        else:
            empty(response, request)
        return response


def basket_of(request: Request) -> Basket:
    """The visitor's basket; a new one when there is none."""
    kept = verified(COOKIE, request.cookies.get(COOKIE, ""), MAX_AGE)
    if kept is None:
        return Basket()
    id, quantities = json.loads(kept)
    return Basket(quantities, id)


def empty(response: Response, request: Request) -> None:
    """Take the visitor's basket away."""
    response.delete_cookie(COOKIE, path=request.url_for("/"))


def invalid(name: str, message: str) -> ValidationError:
    """The 400 for a member of the body that only the shop can judge. name: its JSON pointer."""
    return ValidationError([{"in": "body", "name": name, "message": message}])
