"""GET /api/products?category=shoes&limit=10: the products of a category and of all below it.

The folder `(catalogue)` is a group: it keeps what belongs together in one place and adds nothing to the URL.
"""

from typing import Any

from app._lib.catalogue import find_products
from app._lib.validation import invalid
from fsroute import Request

MOST = 100


def GET(request: Request) -> dict[str, Any]:
    category = request.query.get("category") or None     # a form sends what was left blank
    limit = request.query.get("limit", 10, type=int)
    if not 1 <= limit <= MOST:
        raise invalid([{"name": "limit", "message": f"must be between 1 and {MOST}"}])
    return {"category": category, "limit": limit, "products": find_products(category, limit)}
