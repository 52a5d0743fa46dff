"""Orders: a basket, bought. Prices are those of the moment."""

import sqlite3
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Annotated, Any, Literal

from app._lib.basket import Basket, Line
from app._lib.db import connection
from app._lib.validation import text
from fsroute import HTTPError, Length

Status = Literal["placed", "paid", "sent", "cancelled"]


@dataclass(frozen=True, slots=True)
class NewOrder:
    """Who orders what is in the basket. Everybody sees the name."""

    name: Annotated[str, Length(max=40), text]


@dataclass(frozen=True, slots=True)
class Progress:
    """What has become of an order."""

    status: Status


@dataclass(frozen=True, slots=True)
class Order:
    """An order, placed at YYYY-MM-DDTHH:MM:SSZ, of so many euro cents in all."""

    id: int
    name: str
    placed: str
    cents: int
    status: Status
    lines: list[Line]


COLUMNS = ("order", "placed", "name", "slug", "product", "quantity", "cents", "status")    # of a line

_LINES = """SELECT orders.id, placed, orders.name, slug, products.name, quantity, order_lines.cents, status
            FROM orders JOIN order_lines ON order_id = orders.id JOIN products USING (slug)"""
_IN_ORDER = "ORDER BY order_id, slug"      # which is that of the primary key: nothing is sorted


def place_order(db: sqlite3.Connection, name: str, basket: Basket) -> Order:
    """The order of what is in the basket. 409 for an empty one, and for one that was ordered before.

    db: in a transaction, as for all that writes here.
    """
    lines = basket.lines()
    if not lines:
        raise HTTPError(409, "The basket is empty")
    try:
        db.execute("INSERT INTO orders (basket, name) VALUES (?, ?)", (basket.id, name))
    except sqlite3.IntegrityError:
        raise HTTPError(409, "This basket was ordered before") from None
    id = newest_order()
    db.executemany(
        "INSERT INTO order_lines (order_id, slug, quantity, cents) VALUES (?, ?, ?, ?)",
        [(id, line.slug, line.quantity, line.cents) for line in lines],
    )
    [order] = _orders(f"WHERE order_id = ? {_IN_ORDER}", id)
    return order


def change_status(db: sqlite3.Connection, id: int, status: Status) -> Order | None:
    """The order with this status; None when there is no such order."""
    db.execute("UPDATE orders SET status = ? WHERE id = ?", (status, id))
    return find_order(id)


def mark_paid(db: sqlite3.Connection, id: int, cents: int) -> bool:
    """Whether there is such an order, of that sum, which nobody has paid or cancelled."""
    order = find_order(id)
    if order is None or (order.cents, order.status) != (cents, "placed"):
        return False
    change_status(db, id, "paid")
    return True


def find_order(id: int) -> Order | None:
    return next(iter(_orders(f"WHERE order_id = ? {_IN_ORDER}", id)), None)


def orders_after(id: int) -> list[Order]:
    return _orders(f"WHERE order_id > ? {_IN_ORDER}", id)


def newest_order() -> int:
    """The id of the newest order, 0 when there is none."""
    newest: int = connection().execute("SELECT coalesce(max(id), 0) FROM orders").fetchone()[0]
    return newest


def ordered_lines() -> Generator[tuple[str | int, ...], None, None]:
    """The COLUMNS of every line of every order, read from the file as they are asked for."""
    with closing(connection().execute(f"{_LINES} {_IN_ORDER}")) as rows:
        for row in rows:
            yield tuple(row)


def _orders(where: str, id: int) -> list[Order]:
    rows = [tuple(row) for row in connection().execute(f"{_LINES} {where}", (id,))]
    return [_order(list(lines)) for _, lines in groupby(rows, key=itemgetter(0))]


def _order(rows: list[tuple[Any, ...]]) -> Order:
    lines = [Line(slug, product, quantity, cents) for _, _, _, slug, product, quantity, cents, _ in rows]
    id, placed, name, *_, status = rows[0]
    return Order(id, name, placed, sum(line.quantity * line.cents for line in lines), status, lines)
