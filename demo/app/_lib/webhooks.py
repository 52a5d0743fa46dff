"""Webhooks: other services tell the shop something. Who it was, and that each thing is done once.

Rules this module keeps
-----------------------
1. A signature is over the bytes as they came. Nothing of a body is parsed, or believed, before it holds.
2. Signatures are compared as bytes, in a time that does not depend on where they differ. A header of another
   form is a wrong signature, whatever stands in it.
3. Stripe signs the time too: what is older than TOLERANCE, or that far ahead, was sent again by another.
4. Without a secret nobody can be known, and nobody is let in.
5. Senders send again what was not answered, and may send it twice. The id of a delivery is kept in the
   transaction that does the work, so both are there or neither.
"""

import hmac
import os
import re
import sqlite3

from fsroute import HTTPError

TOLERANCE = 300     # seconds


def is_from_github(secret: bytes, body: bytes, signature: str) -> bool:
    """Whether X-Hub-Signature-256 is that of the body: `sha256=` and an HMAC in hex."""
    return _same(signature, f"sha256={_hmac(secret, body)}")


def is_from_stripe(secret: bytes, body: bytes, signature: str, now: float) -> bool:
    """Whether Stripe-Signature, `t=1700000000,v1=...,v1=...`, is that of the body, made at about this time.

    now: seconds since 1970. While a secret is replaced there are several v1; other schemes are passed over.
    """
    pairs = [item.partition("=") for item in signature.split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    if len(times) != 1 or not re.fullmatch("[0-9]{1,12}", times[0]) or abs(now - int(times[0])) > TOLERANCE:
        return False
    right = _hmac(secret, f"{times[0]}.".encode() + body)
    return any(_same(value, right) for name, _, value in pairs if name == "v1")


def secret_of(variable: str) -> bytes:
    """What this environment variable holds. 503 for nothing."""
    secret = os.fsencode(os.environ.get(variable, ""))
    if not secret:
        raise HTTPError(503, "This webhook is not set up: its secret is missing")
    return secret


def unsigned() -> HTTPError:
    """The 401 for a signature that is wrong or missing."""
    return HTTPError(401, "The signature is wrong or missing", headers={"WWW-Authenticate": "Signature"})


def is_new(db: sqlite3.Connection, sender: str, id: str) -> bool:
    """Whether this delivery was never seen before; from now on it was."""
    return db.execute("INSERT OR IGNORE INTO deliveries VALUES (?, ?)", (sender, id)).rowcount == 1


def _hmac(secret: bytes, message: bytes) -> str:
    return hmac.digest(secret, message, "sha256").hex()


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), right.encode())
