"""/api/basket: look into it, add something, set how many, take out.

There is no table of baskets: a signed cookie goes out with each change and comes back with the next request.
"""

from app._lib.basket import RULES, Basket, basket_of, shown
from app._lib.validation import check, json_object
from fsroute import Request, Response


def GET(request: Request) -> Response:
    return shown(basket_of(request))


def POST(request: Request) -> Response:
    wanted = check(json_object(request), RULES)
    basket = basket_of(request)
    there = basket.quantities.get(wanted["slug"], 0)
    return basket.with_quantity(wanted["slug"], there + wanted["quantity"]).answer(request)


def PUT(request: Request) -> Response:
    return basket_of(request).with_quantity(**check(json_object(request), RULES)).answer(request)


def DELETE(request: Request) -> Response:
    slug = request.query.get("slug")
    basket = Basket() if slug is None else basket_of(request).without(slug)
    return basket.answer(request)
