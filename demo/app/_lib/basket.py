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

from app._lib.catalogue import find_product
from app._lib.signing import signed, verified
from app._lib.validation import invalid, text, whole
from fsroute import Request, Response

COOKIE = "basket"
MAX_AGE = 30 * 86_400       # seconds
LINES = 20
QUANTITY = 99

RULES = {"slug": text(max_length=80), "quantity": whole(1, QUANTITY)}


@dataclass(frozen=True, slots=True)
class Line:
    slug: str
    name: str
    quantity: int
    cents: int      # for one


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
            raise invalid([{"name": "slug", "message": "is no product of this shop"}])
        quantities = {**self.quantities, slug: quantity}
        if quantity > QUANTITY:
            raise invalid([{"name": "quantity", "message": f"must be at most {QUANTITY} in all"}])
        if len(quantities) > LINES:
            raise invalid([{"name": "slug", "message": f"is one too many: a basket holds {LINES} products"}])
        return Basket(quantities, self.id)

    def without(self, slug: str) -> "Basket":
        return Basket({other: n for other, n in self.quantities.items() if other != slug}, self.id)

    def answer(self, request: Request) -> Response:
        """What is in the basket, in JSON, and the cookie that keeps it."""
        response = shown(self)
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


def shown(basket: Basket) -> Response:
    """What is in the basket, in JSON. It depends on a cookie, and caches are told so."""
    lines = basket.lines()
    return Response.json({
        "lines": lines,
        "quantity": sum(line.quantity for line in lines),
        "cents": sum(line.quantity * line.cents for line in lines),
    }, headers={"Vary": "Cookie"})
