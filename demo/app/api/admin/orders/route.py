"""GET /api/admin/orders: all orders, with who ordered and what became of it."""

from app._lib.orders import Order, orders_after
from fsroute import Request


def GET(request: Request) -> list[Order]:
    return orders_after(0)
