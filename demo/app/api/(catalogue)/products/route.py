"""GET /api/products?category=shoes&limit=10: the products of a category and of all below it.

The folder `(catalogue)` is a group: it keeps what belongs together in one place and adds nothing to the URL.
What stands after the `*` is the query.
"""

from typing import Annotated, TypedDict

from app._lib.catalogue import Product, find_products
from fsroute import Range


class Shelf(TypedDict):
    """Some products, and what was asked for."""

    category: str | None
    limit: int
    products: list[Product]


def GET(*, category: str = "", limit: Annotated[int, Range(1, 100)] = 10) -> Shelf:
    """The products of a category and of all below it, or of the whole shop."""
    wanted = category or None       # a form sends what was left blank
    return {"category": wanted, "limit": limit, "products": find_products(wanted, limit)}
