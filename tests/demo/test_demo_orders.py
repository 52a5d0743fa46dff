"""Orders: placed once, told to all who watch, exported as CSV that harms no spreadsheet."""

import csv
import importlib
import io
import json
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from webtest import TestApp, TestResponse

from fsroute import App, HTTPError
from tests.exchange import environ_of

FOX = {"slug": "trail-fox", "name": "Trail Fox", "quantity": 2, "cents": 11900}
SOCK = {"slug": "wool-sock", "name": "Wool Sock", "quantity": 3, "cents": 1400}


@pytest.fixture
def feed(db: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The module app/_lib/feed.py, which does not wait. At the end no place is taken."""
    module = importlib.import_module("app._lib.feed")
    monkeypatch.setattr(module, "PAUSE", 0)
    yield module
    assert module._taken == set()


@pytest.fixture
def orders(db: ModuleType) -> ModuleType:
    """The module app/_lib/orders.py, over this test's database."""
    return importlib.import_module("app._lib.orders")


def fill(shop: TestApp) -> None:
    for line in (SOCK, FOX):
        shop.post_json("/api/basket", {"slug": line["slug"], "quantity": line["quantity"]})


def place(shop: TestApp, name: Any = "Carol", status: int = 201) -> TestResponse:
    return shop.post_json("/api/orders", {"name": name}, status=status)


def count(db: ModuleType, table: str) -> int:
    number: int = db.connection().execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    return number


def several(shop: TestApp, number: int) -> None:
    """Orders 1 to number, of one pair of socks each."""
    for each in range(1, number + 1):
        shop.post_json("/api/basket", {"slug": "wool-sock", "quantity": 1})
        assert place(shop, f"Customer {each}").json["id"] == each


# Placing


def test_a_basket_becomes_an_order_and_is_empty(shop: TestApp, db: ModuleType, orders: ModuleType) -> None:
    fill(shop)
    assert place(shop).json == {"message": "Order placed", "id": 1, "cents": 28000}
    assert shop.cookies == {}
    assert shop.get("/api/basket").json["lines"] == []
    [order] = orders.orders_after(0)
    assert (order.id, order.name, order.cents) == (1, "Carol", 28000)
    assert [(line.slug, line.quantity) for line in order.lines] == [("trail-fox", 2), ("wool-sock", 3)]
    placed = datetime.strptime(order.placed, "%Y-%m-%dT%H:%M:%S%z")
    assert abs((datetime.now(UTC) - placed).total_seconds()) < 60


def test_an_order_keeps_the_prices_of_its_moment(shop: TestApp, db: ModuleType, orders: ModuleType) -> None:
    fill(shop)
    with db.transaction() as connection:
        connection.execute("UPDATE products SET cents = 1 WHERE slug = 'trail-fox'")
    assert place(shop).json["cents"] == 2 + 3 * 1400
    with db.transaction() as connection:
        connection.execute("UPDATE products SET cents = 5000")
    assert orders.orders_after(0)[0].cents == 2 + 3 * 1400


def test_an_empty_basket_is_no_order(shop: TestApp, db: ModuleType) -> None:
    assert place(shop, status=409).json["message"] == "The basket is empty"
    response = shop.post_json("/api/orders", {"name": "C"}, headers={"Cookie": "basket=forged"}, status=409)
    assert response.json["message"] == "The basket is empty"
    assert count(db, "orders") == 0


def test_a_basket_of_what_the_shop_no_longer_has_is_no_order(shop: TestApp, db: ModuleType) -> None:
    shop.post_json("/api/basket", {"slug": "trail-fox", "quantity": 1})
    with db.transaction() as connection:
        connection.execute("DELETE FROM products")
    assert place(shop, status=409).json["message"] == "The basket is empty"
    assert count(db, "orders") == 0


@pytest.mark.parametrize("name", ["", " ", None, 7, "x" * 41, "two\nlines", "a\0b"])
def test_what_is_no_name_orders_nothing_and_leaves_the_basket(
    shop: TestApp, db: ModuleType, name: Any,
) -> None:
    fill(shop)
    response = place(shop, name, status=400)
    assert [error["name"] for error in response.json["errors"]] == ["/name"]
    assert count(db, "orders") == 0
    assert shop.get("/api/basket").json["quantity"] == 5


def test_markup_in_a_name_is_kept_as_it_came(shop: TestApp, orders: ModuleType) -> None:
    fill(shop)
    place(shop, "<script>alert(1)</script>")
    assert orders.orders_after(0)[0].name == "<script>alert(1)</script>"


def test_a_cookie_that_is_sent_again_orders_nothing_again(shop: TestApp, db: ModuleType) -> None:
    fill(shop)
    cookie = {"Cookie": f"basket={shop.cookies['basket']}"}
    place(shop)
    response = shop.post_json("/api/orders", {"name": "Carol"}, headers=cookie, status=409)
    assert response.json["message"] == "This basket was ordered before"
    more = {"slug": "wool-sock", "quantity": 1}
    shop.post_json("/api/basket", more, headers=cookie)             # nor with one thing more
    place(shop, status=409)
    shop.delete("/api/basket?slug=wool-sock", headers=cookie)       # nor with one thing less
    place(shop, status=409)
    assert (count(db, "orders"), count(db, "order_lines")) == (1, 2)


def test_one_basket_ordered_by_many_at_once_is_one_order(app: App, shop: TestApp, db: ModuleType) -> None:
    fill(shop)
    cookie = {"Cookie": f"basket={shop.cookies['basket']}"}

    def order(_: int) -> int:
        answer = TestApp(app).post_json("/api/orders", {"name": "C"}, headers=cookie, expect_errors=True)
        return int(answer.status_int)

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(order, range(16))) == [201] + [409] * 15
    assert (count(db, "orders"), count(db, "order_lines")) == (1, 2)


def test_an_order_that_fails_half_way_leaves_nothing(shop: TestApp, db: ModuleType) -> None:
    fill(shop)
    with db.transaction() as connection:
        connection.execute("CREATE TRIGGER full BEFORE INSERT ON order_lines WHEN new.slug = 'wool-sock' "
                           "BEGIN SELECT raise(FAIL, 'disk full'); END")
    place(shop, status=500)
    assert (count(db, "orders"), count(db, "order_lines")) == (0, 0)


# Watching


def events(text: str) -> list[dict[str, str]]:
    """What an EventSource makes of a stream; comments are left out."""
    told = [[line.split(": ", 1) for line in block.splitlines()] for block in text.split("\n\n")]
    return [dict(fields) for fields in told if fields and fields != [[":"]]]


def watched(shop: TestApp, **headers: str) -> list[int]:
    """The ids of the orders that a feed tells at once; it must not last."""
    fields = {name.replace("_", "-"): text for name, text in headers.items()}
    response = shop.get("/api/orders/feed", headers=fields)
    return [int(event["id"]) for event in events(response.text) if event.get("event") == "order"]


def test_a_feed_is_a_stream_of_events_that_nobody_keeps(
    shop: TestApp, feed: ModuleType, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(feed, "LASTS", 0)
    response = shop.get("/api/orders/feed", status=200)
    assert response.headers["Content-Type"] == "text/event-stream"
    assert response.headers["Cache-Control"] == "no-cache"
    assert events(response.text) == [{"retry": "2000"}]


def test_an_event_is_the_order_in_json_under_its_id(
    shop: TestApp, feed: ModuleType, orders: ModuleType, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(feed, "LASTS", 0)
    fill(shop)
    place(shop, "Zoë <b>")
    placed = orders.orders_after(0)[0].placed
    [_, event] = events(shop.get("/api/orders/feed").text)
    assert (event["event"], event["id"]) == ("order", "1")
    assert json.loads(event["data"]) == {
        "id": 1, "name": "Zoë <b>", "placed": placed, "cents": 28000, "status": "placed",
        "lines": [FOX, SOCK],
    }


@pytest.mark.parametrize(("last", "ids"), [
    (None, [3, 4, 5, 6, 7]),            # who is new is shown the last five
    ("0", [1, 2, 3, 4, 5, 6, 7]),
    ("5", [6, 7]),
    ("7", []),
    ("8", [3, 4, 5, 6, 7]),             # not ours: the shop was begun again
    ("999999999999999999", [3, 4, 5, 6, 7]),
    ("9" * 400, [3, 4, 5, 6, 7]),
    ("-1", [3, 4, 5, 6, 7]),
    ("5.0", [3, 4, 5, 6, 7]),
    ("five", [3, 4, 5, 6, 7]),
    ("\u00b2", [3, 4, 5, 6, 7]),
])
def test_a_feed_goes_on_after_the_last_event_that_was_seen(
    shop: TestApp, feed: ModuleType, monkeypatch: pytest.MonkeyPatch, last: str | None, ids: list[int],
) -> None:
    monkeypatch.setattr(feed, "LASTS", 0)
    several(shop, 7)
    assert watched(shop, **({} if last is None else {"Last_Event_ID": last})) == ids


def test_who_was_away_for_long_is_not_told_everything(
    shop: TestApp, feed: ModuleType, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(feed, "LASTS", 0)
    monkeypatch.setattr(feed, "MANY", 3)
    several(shop, 6)
    assert watched(shop, Last_Event_ID="1") == [4, 5, 6]
    assert watched(shop, Last_Event_ID="4") == [5, 6]


def test_an_order_is_told_once_while_a_feed_is_open_and_in_between_nothing(
    shop: TestApp, feed: ModuleType,
) -> None:
    with closing(feed.Feed("")) as opened:
        told = iter(opened)
        assert [next(told), next(told), next(told)] == [{"retry": 2000}, None, None]
        several(shop, 2)
        assert [next(told)["id"], next(told)["id"], next(told), next(told)] == [1, 2, None, None]


def test_between_two_looks_a_feed_waits(feed: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(feed, "PAUSE", 1.0)
    monkeypatch.setattr(feed.time, "sleep", waited.append)
    with closing(feed.Feed("")) as opened:
        told = iter(opened)
        assert [next(told) for _ in range(4)] == [{"retry": 2000}, None, None, None]
    assert waited == [1.0, 1.0]


def test_a_feed_ends_by_itself_after_a_last_look(
    shop: TestApp, feed: ModuleType, monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]
    monkeypatch.setattr(feed.time, "monotonic", lambda: now[0])
    with closing(feed.Feed("")) as opened:
        told = iter(opened)
        assert [next(told), next(told)] == [{"retry": 2000}, None]
        now[0] = feed.LASTS - 1
        assert next(told) is None
        now[0] = feed.LASTS
        several(shop, 1)
        assert next(told)["id"] == 1
        assert next(told, "the end") == "the end"


def refused(app: App) -> bool:
    """Whether a feed more is one too many; if not, it is closed at once."""
    response = TestApp(app).get("/api/orders/feed", expect_errors=True)
    assert response.status_int in (200, 503)
    if response.status_int == 503:
        assert response.headers["Retry-After"] == "5"
        assert response.json["message"] == "Too many are watching the orders: try again in a moment"
    return response.status_int == 503


def opened(app: App, path: str = "/api/orders/feed", method: str = "GET") -> Any:
    """The body of an answer, as a host holds it."""
    return app(environ_of(method, path), lambda status, headers, exc_info=None: lambda data: None)


def test_there_are_places_for_two_and_a_third_is_told_to_come_again(
    app: App, feed: ModuleType, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(feed, "LASTS", 0)
    assert feed.PLACES == 2
    first, second = opened(app), opened(app)
    assert refused(app)
    assert refused(app)
    first.close()
    assert not refused(app)
    assert not refused(app)         # and it gave its place back, at its end
    second.close()
    second.close()                  # hosts may close twice: that gives back no place of others
    third, fourth = opened(app), opened(app)
    assert refused(app)
    third.close()
    fourth.close()


Leaving = Callable[[App], object]


def left_unread(app: App) -> None:
    opened(app).close()


def left_after_three_writes(app: App) -> None:
    body = opened(app)
    told = iter(body)
    assert [next(told), next(told), next(told)] == [b":\n\n", b"retry: 2000\n\n", b":\n\n"]
    body.close()


def only_head(app: App) -> None:
    assert b"".join(opened(app, method="HEAD")) == b""


@pytest.mark.parametrize("leave", [left_unread, left_after_three_writes, only_head])
def test_whoever_leaves_gives_the_place_back(app: App, feed: ModuleType, leave: Leaving) -> None:
    for _ in range(feed.PLACES + 1):
        leave(app)
        assert feed._taken == set()


def test_a_feed_that_fails_gives_the_place_back(
    app: App, feed: ModuleType, monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(id: int) -> list[Any]:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(feed, "orders_after", fail)
    body = opened(app)
    with pytest.raises(sqlite3.OperationalError):
        list(body)
    body.close()
    assert feed._taken == set()


def test_a_database_that_does_not_answer_takes_no_place(
    feed: ModuleType, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SHOP_DB", "/nowhere/shop.db")
    with pytest.raises(sqlite3.OperationalError):
        feed.Feed("")
    assert feed._taken == set()


def test_many_who_come_at_once_get_two_places(feed: ModuleType) -> None:
    got: list[Any] = []

    def come(_: int) -> bool:
        try:
            got.append(feed.Feed(""))
        except HTTPError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(come, range(32))) == [False] * 30 + [True] * 2
    for each in got:
        each.close()


# Exporting


def test_an_export_is_a_csv_file_that_is_called_by_its_day(shop: TestApp) -> None:
    days = {datetime.now(UTC).date()}
    response = shop.get("/api/orders/export", status=200)
    days.add(datetime.now(UTC).date())
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    names = [f'attachment; filename="orders-{day.isoformat()}.csv"' for day in days]
    assert response.headers["Content-Disposition"] in names
    assert response.text == "order,placed,name,slug,product,quantity,cents,status\r\n"


def test_an_export_has_a_row_for_every_line_of_every_order(shop: TestApp, orders: ModuleType) -> None:
    fill(shop)
    place(shop, 'Zoë "the fox", of Köln')
    shop.post_json("/api/basket", {"slug": "trail-fox", "quantity": 1})
    place(shop, "Dave")
    first, second = (order.placed for order in orders.orders_after(0))
    assert list(csv.reader(io.StringIO(shop.get("/api/orders/export").text, newline="")))[1:] == [
        ["1", first, 'Zoë "the fox", of Köln', "trail-fox", "Trail Fox", "2", "11900", "placed"],
        ["1", first, 'Zoë "the fox", of Köln', "wool-sock", "Wool Sock", "3", "1400", "placed"],
        ["2", second, "Dave", "trail-fox", "Trail Fox", "1", "11900", "placed"],
    ]


@pytest.mark.parametrize(("name", "written"), [
    ("=HYPERLINK(\"http://evil\")", "'=HYPERLINK(\"http://evil\")"),
    ("+1", "'+1"),
    ("-1", "'-1"),
    ("@SUM(A1)", "'@SUM(A1)"),
    ("'=1", "'=1"),
    ("a=1", "a=1"),
    ("Carol", "Carol"),
])
def test_a_name_is_no_formula(shop: TestApp, name: str, written: str) -> None:
    shop.post_json("/api/basket", {"slug": "wool-sock", "quantity": 1})
    place(shop, name)
    rows = list(csv.reader(io.StringIO(shop.get("/api/orders/export").text, newline="")))
    assert rows[1][2] == written


@pytest.mark.parametrize(("value", "written"), [
    ("\t=1", "'\t=1"), ("\r=1", "'\r=1"), ("", ""), (-1, -1), (0, 0), (" =1", " =1"),
])
def test_what_a_spreadsheet_would_run_is_made_harmless_and_numbers_stay(
    app: App, value: Any, written: Any,
) -> None:
    harmless = importlib.import_module("app._lib.csvtext").harmless
    assert harmless(value) == written


def test_rows_are_read_one_by_one_as_they_are_sent(app: App) -> None:
    csv_lines = importlib.import_module("app._lib.csvtext").csv_lines
    read: list[int] = []
    closed: list[bool] = []

    def rows() -> Iterator[tuple[int]]:
        try:
            for number in range(1_000_000):
                read.append(number)
                yield (number,)
        finally:
            closed.append(True)

    source = rows()         # held here, so that only close() can close it
    lines = csv_lines(["number"], source)
    assert [next(lines), next(lines), next(lines)] == ["number\r\n", "0\r\n", "1\r\n"]
    assert read == [0, 1]
    lines.close()
    assert closed == [True]


def test_an_export_that_is_broken_off_reads_no_further(shop: TestApp, app: App, database: Path) -> None:
    several(shop, 3)

    def is_read() -> bool:
        with closing(sqlite3.connect(database, timeout=0)) as other:
            return bool(other.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()[0])

    body = opened(app, "/api/orders/export")
    sent = iter(body)
    assert next(sent).startswith(b"order,")
    assert next(sent).startswith(b"1,")
    assert is_read()
    body.close()
    assert not is_read()
