"""GET /api/products/trail-fox: one product."""

from app._lib.catalogue import Product, find_product
from fsroute import HTTPError


def GET(slug: str) -> Product:
    """One product.

    Raises:
        HTTPError(404): there is no such product.
    """
    product = find_product(slug)
    if product is None:
        raise HTTPError(404, "Product not found")
    return product
