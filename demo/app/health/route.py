"""GET /health: for load balancers. 200 when the database answers, else 503."""

import sqlite3

from app._lib.db import connection
from fsroute import HTTPError


def GET() -> dict[str, str]:
    """Say whether the shop is well.

    Raises:
        HTTPError(503): the database does not answer.
    """
    try:
        connection().execute("SELECT 1 FROM users").fetchone()
    except sqlite3.Error as fault:
        raise HTTPError(503, "The database does not answer") from fault
    return {"status": "ok"}
