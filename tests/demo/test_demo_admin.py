"""The staff's folder: who comes in, what each may do, and that what fails half-way leaves nothing."""

import base64
import importlib
import logging
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any

import pytest
from webtest import TestApp

from fsroute import App, HTTPError, Request, Response
from tests.exchange import environ_of, exchange

from .conftest import STAFF

CHALLENGE = 'Basic realm="Burrow & Branch", charset="UTF-8"'


def login(name: str, password: str | None = None) -> dict[str, str]:
    """The header of one of the staff, with their own password or another one."""
    pair = f"{name}:{STAFF[name] if password is None else password}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


OWNER, CLERK = login("owner"), login("clerk")


@pytest.fixture
def ordered(shop: TestApp) -> TestApp:
    """The shop with two orders and two messages."""
    for name in ("Carol", "Dave"):
        shop.post_json("/api/basket", {"slug": "trail-fox", "quantity": 1})
        shop.post_json("/api/orders", {"name": name}, status=201)
    for name in ("Eve", "Frank"):
        message = {"name": name, "email": "someone@example.com", "message": "Hello"}
        shop.post("/api/contact", message, status=201)
    return shop


def statuses(db: ModuleType) -> list[str]:
    return [row[0] for row in db.connection().execute("SELECT status FROM orders ORDER BY id")]


# Who comes in


@pytest.mark.parametrize("headers", [
    {}, login("owner", "wrong"), login("owner", ""), login("owner", STAFF["clerk"]),
    login("eve", STAFF["owner"]), login("", ""),
    {"Authorization": "Basic"}, {"Authorization": "Bearer x"}, {"Authorization": "Basic %%%"},
])
@pytest.mark.parametrize(("method", "path"), [
    ("GET", "/api/admin/orders"), ("HEAD", "/api/admin/orders"), ("OPTIONS", "/api/admin/orders"),
    ("GET", "/api/admin/orders/"), ("POST", "/api/admin/orders"), ("PATCH", "/api/admin/orders/1"),
    ("PATCH", "/api/admin/orders/one"), ("GET", "/api/admin/messages"), ("DELETE", "/api/admin/messages/1"),
    ("GET", "/api/admin"), ("GET", "/api/admin/nope"),
])
def test_a_stranger_is_asked_for_a_name_and_learns_nothing(
    shop: TestApp, method: str, path: str, headers: dict[str, str],
) -> None:
    response = shop.request(path, method=method, headers=headers, status=401)
    assert response.headers["WWW-Authenticate"] == CHALLENGE
    assert "Allow" not in response.headers
    if method != "HEAD":
        assert response.json == {"message": "A name and a password are needed"}


@pytest.mark.parametrize("headers", [OWNER, CLERK])
def test_the_staff_reads_orders_and_messages(ordered: TestApp, headers: dict[str, str]) -> None:
    orders = ordered.get("/api/admin/orders", headers=headers, status=200).json
    assert [(order["id"], order["name"], order["status"]) for order in orders] == [
        (1, "Carol", "placed"), (2, "Dave", "placed"),
    ]
    assert ordered.get("/api/admin/messages", headers=headers, status=200).json == [
        {"id": 1, "name": "Eve", "email": "someone@example.com", "message": "Hello", "avatar": None},
        {"id": 2, "name": "Frank", "email": "someone@example.com", "message": "Hello", "avatar": None},
    ]
    assert ordered.get("/api/admin/orders", status=401)         # the next one is a stranger again


def test_below_the_folder_the_staff_gets_the_404_and_405_of_everywhere(shop: TestApp) -> None:
    assert shop.get("/api/admin/nope", headers=CLERK, status=404).json.keys() == {"message"}
    assert shop.post("/api/admin/orders", headers=CLERK, status=405).headers["Allow"] == "GET, HEAD, OPTIONS"


def test_a_browser_that_looks_in_gets_a_page_and_asks_for_the_password(shop: TestApp) -> None:
    response = shop.get("/api/admin/orders", headers={"Accept": "text/html,*/*;q=0.8"}, status=401)
    assert response.content_type == "text/html"
    assert response.headers["WWW-Authenticate"] == CHALLENGE


def test_who_has_no_password_in_the_environment_cannot_come_in(
    app: App, monkeypatch: pytest.MonkeyPatch,
) -> None:
    passwords = importlib.import_module("app._lib.staff").passwords
    monkeypatch.setenv("SHOP_OWNER_PASSWORD", "known")
    monkeypatch.setenv("SHOP_CLERK_PASSWORD", "")
    first, second = passwords(), passwords()
    assert first["owner"] == second["owner"] == "known"
    assert len({first["clerk"], second["clerk"], "", "known"}) == 4
    assert len(first["clerk"]) >= 40


# What each may do


@pytest.mark.parametrize("headers", [OWNER, CLERK])
@pytest.mark.parametrize("status", ["paid", "sent", "cancelled", "placed"])
def test_the_status_of_an_order_is_changed(
    ordered: TestApp, db: ModuleType, headers: dict[str, str], status: str,
) -> None:
    order = ordered.patch_json("/api/admin/orders/1", {"status": status}, headers=headers, status=200).json
    assert (order["id"], order["status"], order["cents"]) == (1, status, 11900)
    assert statuses(db) == [status, "placed"]


@pytest.mark.parametrize("body", [
    {}, {"status": "lost"}, {"status": None}, {"status": ["sent"]}, {"status": ""}, [],
])
def test_what_is_no_status_is_refused(ordered: TestApp, db: ModuleType, body: Any) -> None:
    response = ordered.patch_json("/api/admin/orders/1", body, headers=CLERK, status=400)
    assert response.json["errors"]
    assert statuses(db) == ["placed", "placed"]


@pytest.mark.parametrize("path", ["3", "0", "one"])
def test_an_order_that_nobody_placed_is_not_found(ordered: TestApp, db: ModuleType, path: str) -> None:
    ordered.patch_json(f"/api/admin/orders/{path}", {"status": "sent"}, headers=CLERK, status=404)
    assert statuses(db) == ["placed", "placed"]


def test_only_the_owner_deletes_a_message(ordered: TestApp) -> None:
    refusal = ordered.delete("/api/admin/messages/1", headers=CLERK, status=403)
    assert refusal.json == {"message": "Only the owner may do this"}
    assert len(ordered.get("/api/admin/messages", headers=CLERK).json) == 2
    assert ordered.delete("/api/admin/messages/1", headers=OWNER, status=204).body == b""
    [left] = ordered.get("/api/admin/messages", headers=CLERK).json
    assert left["name"] == "Frank"
    ordered.delete("/api/admin/messages/1", headers=OWNER, status=404)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize(("method", "path"), [
    ("PATCH", "/api/admin/orders/1"), ("DELETE", "/api/admin/messages/1"),
])
def test_no_page_of_another_site_acts_with_a_password_that_the_browser_adds(
    ordered: TestApp, db: ModuleType, method: str, path: str, site: str,
) -> None:
    def ask(headers: dict[str, str]) -> int:
        return int(ordered.request(path, method=method, headers=headers, body=b'{"status": "sent"}',
                                   content_type="application/json", expect_errors=True).status_int)

    assert ask({**OWNER, "Sec-Fetch-Site": site}) == 403
    assert statuses(db) == ["placed", "placed"]
    assert len(ordered.get("/api/admin/messages", headers=CLERK).json) == 2
    assert ask({**OWNER, "Sec-Fetch-Site": "same-origin"}) in (200, 204)


# One transaction


def break_after_writing(db: Any, name: str, *_: Any) -> None:
    db.execute("INSERT INTO orders (basket, name) VALUES ('basket', ?)", (name,))
    assert db.execute("SELECT count(*) FROM orders").fetchone()[0] == 1


Failure = Callable[..., Any]


def fails(db: Any, name: str, *rest: Any) -> None:
    break_after_writing(db, name)
    raise ZeroDivisionError("secret")


def refuses(db: Any, name: str, *rest: Any) -> None:
    break_after_writing(db, name)
    raise HTTPError(402, "Too dear", headers={"X-Price": "7"})


def violates(db: Any, name: str, *rest: Any) -> Any:
    """What is wrong shows at the end of the transaction, when the handler has answered."""
    break_after_writing(db, name)
    db.execute("PRAGMA defer_foreign_keys = ON")
    db.execute("INSERT INTO order_lines VALUES (1, 'no such product', 1, 1)")
    return importlib.import_module("app._lib.orders").Order(1, name, "", 0, "placed", [])


@pytest.mark.parametrize(("failure", "status"), [(fails, 500), (refuses, 402), (violates, 500)])
def test_a_handler_that_fails_after_its_first_write_leaves_nothing(
    shop: TestApp, db: ModuleType, failure: Failure, status: int, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    route = importlib.import_module("app.api.orders.route")
    shop.post_json("/api/basket", {"slug": "trail-fox", "quantity": 1})
    with monkeypatch.context() as patch:
        patch.setattr(route, "place_order", failure)
        response = shop.post_json("/api/orders", {"name": "Carol"}, status=status)
    assert "secret" not in response.text
    assert response.headers.get("X-Price") == ("7" if status == 402 else None)
    assert "Set-Cookie" not in response.headers                 # the basket is still there
    assert len(caplog.records) == (status == 500)
    assert db.connection().execute("SELECT count(*) FROM orders").fetchone()[0] == 0
    assert not db.connection().in_transaction
    assert shop.post_json("/api/orders", {"name": "Carol"}, status=201).json["id"] == 1


def test_a_change_by_the_staff_that_fails_half_way_is_taken_back(
    ordered: TestApp, db: ModuleType, monkeypatch: pytest.MonkeyPatch,
) -> None:
    orders = importlib.import_module("app._lib.orders")

    def broken(id: int) -> Any:
        assert statuses(db) == ["sent", "placed"]
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(orders, "find_order", broken)
        ordered.patch_json("/api/admin/orders/1", {"status": "sent"}, headers=CLERK, status=500)
    assert statuses(db) == ["placed", "placed"]
    ordered.patch_json("/api/admin/orders/1", {"status": "sent"}, headers=CLERK, status=200)


def test_what_ends_the_process_takes_the_writes_back_too(
    app: App, db: ModuleType, monkeypatch: pytest.MonkeyPatch,
) -> None:
    transactional = importlib.import_module("app._lib.transactional").transactional

    def ends(request: Request) -> Response:
        request.state.db.execute("DELETE FROM users")
        raise SystemExit

    with pytest.raises(SystemExit):
        transactional(Request.build("POST"), ends)
    assert db.connection().execute("SELECT count(*) FROM users").fetchone()[0] == 3
    assert not db.connection().in_transaction


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_reading_takes_no_lock_and_has_no_connection_to_write_with(db: ModuleType, method: str) -> None:
    transactional = importlib.import_module("app._lib.transactional").transactional

    def looks(request: Request) -> Response:
        assert not hasattr(request.state, "db")
        assert not db.connection().in_transaction
        return Response.text("read")

    assert transactional(Request.build(method), looks).body == b"read"


def test_a_body_that_comes_slowly_holds_no_lock(app: App, db: ModuleType) -> None:
    """While it is read another one can write."""
    class Slow:
        def read(self, size: int = -1) -> bytes:
            with ThreadPoolExecutor(1) as pool:
                pool.submit(write).result(5)
            return b""

    def write() -> None:
        db.connection().execute("PRAGMA busy_timeout = 0")
        with db.transaction() as connection:
            connection.execute("DELETE FROM users WHERE id = 1")

    environ = environ_of("PATCH", "/api/admin/orders/1", b"x", HTTP_AUTHORIZATION=CLERK["Authorization"])
    assert exchange(app, {**environ, "wsgi.input": Slow()}, shaped=True).status == 400
    assert db.connection().execute("SELECT count(*) FROM users").fetchone()[0] == 2


def test_who_is_refused_begins_no_transaction(
    ordered: TestApp, db: ModuleType, monkeypatch: pytest.MonkeyPatch,
) -> None:
    module = importlib.import_module("app._lib.transactional")
    begun: list[bool] = []
    transaction = module.transaction

    def counted() -> Any:
        begun.append(True)
        return transaction()

    monkeypatch.setattr(module, "transaction", counted)
    def send(status: int, headers: dict[str, str]) -> None:
        ordered.patch_json("/api/admin/orders/1", {"status": "sent"}, headers=headers, status=status)

    send(401, {})
    send(403, {**OWNER, "Sec-Fetch-Site": "cross-site"})
    ordered.get("/api/admin/orders", headers=OWNER)
    assert begun == []
    send(200, OWNER)
    assert begun == [True]


def test_a_fault_is_logged_once_though_it_is_raised_again(
    ordered: TestApp, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(importlib.import_module("app.api.admin.orders.[id].route"), "change_status", broken)
    with caplog.at_level(logging.ERROR, "fsroute"):
        ordered.patch_json("/api/admin/orders/1", {"status": "sent"}, headers=CLERK, status=500)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
