"""/api/basket: look into it, add something, set how many, take out.

There is no table of baskets: a signed cookie goes out with each change and comes back with the next request.
"""

from typing import Literal

from app._lib.basket import VARY, Basket, Contents, Wanted, basket_of
from fsroute import Request, Response


def GET(request: Request) -> tuple[Literal[200], dict[str, str], Contents]:
    """What is in the visitor's basket. Without a cookie it is empty."""
    return 200, VARY, basket_of(request).contents()


def POST(request: Request, wanted: Wanted) -> Response:
    """Add so many of a product to those that are there."""
    basket = basket_of(request)
    there = basket.quantities.get(wanted.slug, 0)
    return basket.with_quantity(wanted.slug, there + wanted.quantity).answer(request)


def PUT(request: Request, wanted: Wanted) -> Response:
    """Set how many of a product there are."""
    return basket_of(request).with_quantity(wanted.slug, wanted.quantity).answer(request)


def DELETE(request: Request, *, slug: str | None = None) -> Response:
    """Take a product out, or everything."""
    basket = Basket() if slug is None else basket_of(request).without(slug)
    return basket.answer(request)
