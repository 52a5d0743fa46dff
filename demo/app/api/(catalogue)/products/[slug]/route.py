"""GET /api/products/trail-fox: one product."""

from app._lib.catalogue import Product, find_product
from fsroute import HTTPError, Request


def GET(request: Request, slug: str) -> Product:
    product = find_product(slug)
    if product is None:
        raise HTTPError(404, "Product not found")
    return product
