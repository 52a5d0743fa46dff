"""POST /api/orders: order what is in the basket, once.

Two that send the same basket at the same time are told apart by the database: one order, one 409.

An order and its lines are written together. `@use(transactional)` is for this method alone: the folders below
only read, one of them for minutes.
"""

from app._lib.basket import basket_of, empty
from app._lib.orders import NewOrder, place_order
from app._lib.transactional import transactional
from fsroute import Request, Response, use


@use(transactional)
def POST(request: Request, new: NewOrder) -> Response:
    """Order what is in the basket, which is empty then.

    Raises:
        HTTPError(409): there is nothing in the basket, or it was ordered before.
    """
    order = place_order(request.state.db, new.name, basket_of(request))
    response = Response.json({"message": "Order placed", "id": order.id, "cents": order.cents}, status=201)
    empty(response, request)
    return response
