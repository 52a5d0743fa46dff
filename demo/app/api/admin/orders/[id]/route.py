"""PATCH /api/admin/orders/7: say what has become of an order, {"status": "sent"}."""

from app._lib.orders import STATUSES, Order, change_status
from app._lib.validation import check, json_object, one_of
from fsroute import HTTPError, Request

RULES = {"status": one_of(*STATUSES)}


def PATCH(request: Request, id: int) -> Order:
    order = change_status(request.state.db, id, **check(json_object(request), RULES))
    if order is None:
        raise HTTPError(404, "Order not found")
    return order
