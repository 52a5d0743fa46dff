"""GET /api/orders/export: all orders as CSV, row by row: a million of them need no more memory than one.

The first row is made before the headers go out: what fails until then is a 500, not half a file.
"""

from datetime import UTC, datetime

from app._lib.csvtext import csv_lines
from app._lib.orders import COLUMNS, ordered_lines
from fsroute import Response


def GET() -> Response:
    """All orders as CSV, a line for each line of an order."""
    name = f"orders-{datetime.now(UTC):%Y-%m-%d}.csv"
    return Response.stream(csv_lines(COLUMNS, ordered_lines()), headers={
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": f'attachment; filename="{name}"',
    })
