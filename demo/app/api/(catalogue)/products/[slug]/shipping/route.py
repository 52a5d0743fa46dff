"""GET /api/products/trail-fox/shipping: what the carriers ask to bring it.

An `async def` handler pays where it waits for several others: it takes as long as the slowest of them.
"""

from app._lib.carriers import Quote, quotes
from app._lib.catalogue import find_product
from fsroute import HTTPError


async def GET(slug: str) -> list[Quote]:
    """What the carriers ask to bring a product, the cheapest first.

    Raises:
        HTTPError(404): there is no such product.
    """
    product = find_product(slug)
    if product is None:
        raise HTTPError(404, "Product not found")
    return await quotes(product.cents)
