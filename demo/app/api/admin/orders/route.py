"""GET /api/admin/orders: all orders, with who ordered and what became of it."""

from app._lib.orders import Order, orders_after


def GET() -> list[Order]:
    """All orders, the oldest first."""
    return orders_after(0)
