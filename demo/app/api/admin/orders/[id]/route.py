"""PATCH /api/admin/orders/7: say what has become of an order, {"status": "sent"}."""

from app._lib.orders import Order, Progress, change_status
from fsroute import HTTPError, Request


def PATCH(request: Request, id: int, progress: Progress) -> Order:
    """Say what has become of an order.

    Raises:
        HTTPError(404): there is no such order.
    """
    order = change_status(request.state.db, id, progress.status)
    if order is None:
        raise HTTPError(404, "Order not found")
    return order
