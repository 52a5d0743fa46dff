"""Signed text: anybody can read it, only this shop can have written it.

Rules this module keeps
-----------------------
1. A token is `v1.seconds.payload.signature`: when it was made (since 1970), the text in base64url, and
   HMAC-SHA256 over a purpose and all that stands before. A token for one purpose is none for another.
2. Nothing of a token is believed, or decoded, before the signature holds. It is compared as bytes, in a time
   that does not depend on where it differs.
3. Whatever is wrong with a token, it is the same as no token.
4. All workers share one secret: SHOP_SECRET, or the one that was made together with the database.
"""

import base64
import hmac
import os
import time

from app._lib.db import connection

VERSION = "v1"
LONGEST = 4096      # characters; browsers keep no longer cookie
SHORTEST_SECRET = 16


def signed(purpose: str, text: str) -> str:
    """The token that holds this text from now on."""
    payload = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    body = f"{VERSION}.{int(time.time())}.{payload}"
    return f"{body}.{_signature(purpose, body)}"


def verified(purpose: str, token: str, max_age: int) -> str | None:
    """The text of a token that was made for this purpose in the last max_age seconds, else None."""
    body, _, signature = token.rpartition(".")
    if len(token) > LONGEST or not hmac.compare_digest(
            signature.encode("utf-8", "replace"), _signature(purpose, body).encode()):
        return None
    version, made, payload = body.split(".")        # ours, so there are three
    if version != VERSION or time.time() - int(made) > max_age:
        return None
    return base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).decode()


def _signature(purpose: str, body: str) -> str:
    message = f"{purpose}.{body}".encode("utf-8", "replace")
    digest = hmac.digest(_secret(), message, "sha256")
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _secret() -> bytes:
    given = os.environ.get("SHOP_SECRET", "").encode()
    if not given:
        kept: bytes = connection().execute("SELECT value FROM secrets").fetchone()[0]
        return kept
    if len(given) < SHORTEST_SECRET:
        raise RuntimeError(f"SHOP_SECRET is shorter than {SHORTEST_SECRET} bytes: anybody could guess it")
    return given
