"""POST /api/webhooks/stripe: an order was paid.

The checkout was begun with the order's number as its client_reference_id. An order is paid when the sum is
its own; what pays none is written to the log, for Stripe can do nothing about it.
"""

import logging
import re
import time

from app._lib.db import transaction
from app._lib.orders import mark_paid
from app._lib.webhooks import is_from_stripe, is_new, secret_of, unsigned
from fsroute import Request, Response

trailing_slash = "ignore"       # Stripe follows no redirect
hidden = True                   # it is for Stripe alone, which says what it sends


def POST(request: Request) -> Response:
    signature = request.headers.get("Stripe-Signature", "")
    if not is_from_stripe(secret_of("SHOP_STRIPE_SECRET"), request.bytes(), signature, time.time()):
        raise unsigned()
    match request.json():
        case {"id": str(id), "type": "checkout.session.completed", "data": {"object": {
                "client_reference_id": str(order), "payment_status": "paid", "currency": "eur",
                "amount_total": int(cents)}}} if id.isascii() and re.fullmatch("[0-9]{1,18}", order):
            _paid(id, int(order), cents)
    return Response.empty()


def _paid(id: str, order: int, cents: int) -> None:
    with transaction() as db:
        if is_new(db, "stripe", id) and not mark_paid(db, order, cents):
            logging.getLogger("shop").warning("Stripe event %s pays no order: %s, %s cents", id, order, cents)
