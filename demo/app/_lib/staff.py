"""The people who run the shop: the owner and a clerk."""

import os
import secrets
from collections.abc import Callable

from fsroute import HTTPError, Request, Response

NAMES = ("owner", "clerk")


def passwords() -> dict[str, str]:
    """Passwords by name, from SHOP_OWNER_PASSWORD and SHOP_CLERK_PASSWORD.

    Who has none there cannot come in: the password is then one that nobody knows.
    """
    return {name: os.environ.get(f"SHOP_{name.upper()}_PASSWORD") or secrets.token_urlsafe()
            for name in NAMES}


def only(name: str) -> Callable[..., Response]:
    """Middleware for what one of them may do and the others may not. It stands inside of basic_auth."""
    def middleware(request: Request, call_next: Callable[[Request], Response]) -> Response:
        if request.state.user != name:
            raise HTTPError(403, f"Only the {name} may do this")
        return call_next(request)
    return middleware
