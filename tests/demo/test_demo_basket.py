"""The basket, kept by the visitor: what may be in it, and that nobody can write one but the shop."""

import base64
import importlib
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from webtest import TestApp, TestResponse

FOX = {"slug": "trail-fox", "name": "Trail Fox", "quantity": 2, "cents": 11900}
SOCK = {"slug": "wool-sock", "name": "Wool Sock", "quantity": 3, "cents": 1400}
EMPTY = {"lines": [], "quantity": 0, "cents": 0}


@pytest.fixture
def signing(db: ModuleType) -> ModuleType:
    """The module app/_lib/signing.py, over this test's database."""
    return importlib.import_module("app._lib.signing")


def add(shop: TestApp, slug: str, quantity: Any, status: int = 200) -> TestResponse:
    return shop.post_json("/api/basket", {"slug": slug, "quantity": quantity}, status=status)


def faults(response: TestResponse) -> list[tuple[str, str]]:
    return [(error["name"], error["message"]) for error in response.json["errors"]]


def token(shop: TestApp) -> str:
    """The value of the cookie."""
    return str(shop.cookies["basket"])


def seen_with(shop: TestApp, cookie: str) -> Any:
    """The basket of somebody who sends this cookie and no other."""
    shop.reset()
    return shop.get("/api/basket", headers={"Cookie": f"basket={cookie}"}, status=200).json


# What is in it


def test_a_visitor_begins_with_an_empty_basket_and_without_a_cookie(shop: TestApp) -> None:
    response = shop.get("/api/basket", status=200)
    assert response.json == EMPTY
    assert "Set-Cookie" not in response.headers


def test_post_adds_put_sets_and_delete_takes_out(shop: TestApp) -> None:
    assert add(shop, "trail-fox", 2).json == {"lines": [FOX], "quantity": 2, "cents": 23800}
    assert add(shop, "wool-sock", 1).json["lines"] == [FOX, {**SOCK, "quantity": 1}]
    assert add(shop, "wool-sock", 2).json == {"lines": [FOX, SOCK], "quantity": 5, "cents": 28000}
    assert shop.get("/api/basket").json["lines"] == [FOX, SOCK]

    response = shop.put_json("/api/basket", {"slug": "trail-fox", "quantity": 1}, status=200)
    assert response.json["lines"] == [{**FOX, "quantity": 1}, SOCK]
    assert shop.delete("/api/basket?slug=trail-fox", status=200).json["lines"] == [SOCK]
    assert shop.delete("/api/basket?slug=trail-fox", status=200).json["lines"] == [SOCK]
    assert shop.delete("/api/basket", status=200).json == EMPTY
    assert shop.cookies == {}
    assert shop.get("/api/basket").json == EMPTY


@pytest.mark.parametrize("query", ["slug=", "slug=none", "slug=Trail-Fox", "slug=%00"])
def test_taking_out_what_is_not_there_leaves_the_rest(shop: TestApp, query: str) -> None:
    add(shop, "trail-fox", 2)
    assert shop.delete(f"/api/basket?{query}", status=200).json["lines"] == [FOX]


def test_taking_out_two_at_once_takes_out_neither(shop: TestApp) -> None:
    add(shop, "trail-fox", 2)
    response = shop.delete("/api/basket?slug=trail-fox&slug=wool-sock", status=400)
    assert faults(response) == [("slug", "must be given once, not 2 times")]
    assert shop.get("/api/basket").json["lines"] == [FOX]


def test_what_depends_on_the_cookie_says_so_to_caches(shop: TestApp) -> None:
    for answer in (shop.get("/api/basket"), add(shop, "trail-fox", 1), shop.get("/api/basket")):
        assert answer.headers["Vary"] == "Cookie"


def test_taking_the_last_thing_out_takes_the_cookie_away(shop: TestApp) -> None:
    add(shop, "trail-fox", 1)
    shop.delete("/api/basket?slug=trail-fox")
    assert shop.cookies == {}


def test_prices_and_names_are_those_of_the_database_not_of_the_cookie(shop: TestApp, db: ModuleType) -> None:
    add(shop, "trail-fox", 2)
    with db.transaction() as connection:
        connection.execute("UPDATE products SET cents = 1, name = 'Cheap Fox' WHERE slug = 'trail-fox'")
    line = {"slug": "trail-fox", "name": "Cheap Fox", "quantity": 2, "cents": 1}
    assert shop.get("/api/basket").json == {"lines": [line], "quantity": 2, "cents": 2}


def test_what_the_shop_no_longer_has_falls_out(shop: TestApp, db: ModuleType) -> None:
    add(shop, "trail-fox", 2)
    add(shop, "wool-sock", 3)
    with db.transaction() as connection:
        connection.execute("DELETE FROM products WHERE slug = 'trail-fox'")
    assert shop.get("/api/basket").json == {"lines": [SOCK], "quantity": 3, "cents": 4200}


@pytest.mark.parametrize("method", ["post_json", "put_json"])
@pytest.mark.parametrize("quantity", [1, 99])
def test_one_to_ninety_nine_of_a_product_is_a_quantity(shop: TestApp, method: str, quantity: int) -> None:
    body = {"slug": "trail-fox", "quantity": quantity}
    assert getattr(shop, method)("/api/basket", body, status=200).json["quantity"] == quantity


@pytest.mark.parametrize("method", ["post_json", "put_json"])
@pytest.mark.parametrize(("quantity", "message"), [
    (0, "must be from 1 to 99, not less"),
    (-1, "must be from 1 to 99, not less"),
    (100, "must be from 1 to 99, not more"),
    (10**9, "must be from 1 to 99, not more"),
    (2**70, "must be a whole number of at most 64 bits, not a larger one"),
    (1.0, "must be a whole number of at most 64 bits, not a number with a point or exponent"),
    ("2", "must be a whole number of at most 64 bits, not a string"),
    (True, "must be a whole number of at most 64 bits, not a boolean"),
    (None, "must be a whole number of at most 64 bits, not null"),
    ([1], "must be a whole number of at most 64 bits, not an array"),
])
def test_what_is_no_quantity_is_refused(shop: TestApp, method: str, quantity: Any, message: str) -> None:
    add(shop, "wool-sock", 3)
    body = {"slug": "trail-fox", "quantity": quantity}
    response = getattr(shop, method)("/api/basket", body, status=400)
    assert faults(response) == [("/quantity", message)]
    assert shop.get("/api/basket").json["lines"] == [SOCK]


@pytest.mark.parametrize("slug", [
    "none", "Trail-Fox", "", None, 7, "../trail-fox", "<img src=x>", "trail-fox\0", "' OR 1=1 --", "x" * 81,
])
def test_what_is_no_product_is_refused(shop: TestApp, slug: Any) -> None:
    response = add(shop, slug, 1, status=400)
    assert [name for name, _ in faults(response)] == ["/slug"]
    assert shop.get("/api/basket").json == EMPTY


def test_missing_fields_are_named(shop: TestApp) -> None:
    response = shop.post_json("/api/basket", {}, status=400)
    assert faults(response) == [("/slug", "is missing"), ("/quantity", "is missing")]


def test_added_up_it_is_ninety_nine_at_most_all_the_same(shop: TestApp) -> None:
    add(shop, "trail-fox", 60)
    assert add(shop, "trail-fox", 39).json["quantity"] == 99
    assert faults(add(shop, "trail-fox", 1, status=400)) == [("/quantity", "must be at most 99 in all")]
    assert shop.get("/api/basket").json["quantity"] == 99


def test_twenty_products_fit_and_a_cookie_holds_them(shop: TestApp) -> None:
    slugs = [product["slug"] for product in shop.get("/api/products?limit=21").json["products"]]
    for slug in slugs[:20]:
        add(shop, slug, 99)
    assert len(token(shop)) < 2000
    assert faults(add(shop, slugs[20], 1, status=400)) == [
        ("/slug", "is one too many: a basket holds 20 products"),
    ]
    assert add(shop, slugs[0], 1, status=400).json["errors"][0]["name"] == "/quantity"
    assert len(shop.put_json("/api/basket", {"slug": slugs[0], "quantity": 1}).json["lines"]) == 20


# The cookie


@pytest.mark.parametrize(("environ", "ends"), [
    ({}, "; Max-Age=2592000; Path=/; HttpOnly; SameSite=Lax"),
    ({"wsgi.url_scheme": "https"}, "; Max-Age=2592000; Path=/; Secure; HttpOnly; SameSite=Lax"),
    ({"SCRIPT_NAME": "/my shop"}, "; Max-Age=2592000; Path=/my%20shop/; HttpOnly; SameSite=Lax"),
])
def test_the_cookie_is_for_this_shop_and_not_for_scripts(
    shop: TestApp, environ: dict[str, str], ends: str,
) -> None:
    body = {"slug": "trail-fox", "quantity": 2}
    response = shop.post_json("/api/basket", body, extra_environ=environ)
    assert response.headers["Set-Cookie"].endswith(ends)


def test_the_cookie_is_taken_away_where_it_was_set(shop: TestApp) -> None:
    response = shop.delete("/api/basket", extra_environ={"SCRIPT_NAME": "/my shop"})
    assert response.headers["Set-Cookie"].startswith("basket=; Max-Age=0; ")
    assert "; Path=/my%20shop/;" in response.headers["Set-Cookie"]


def resigned(cookie: str, **changed: str) -> str:
    """The cookie with other parts and the old signature."""
    parts = dict(zip(("version", "made", "payload", "signature"), cookie.split("."), strict=True))
    return ".".join((parts | changed).values())


def payload(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


FORGERIES: dict[str, Callable[[str], str]] = {
    "nothing": lambda cookie: "",
    "no parts": lambda cookie: "basket",
    "dots": lambda cookie: "...",
    "many dots": lambda cookie: "." * 500,
    "no signature": lambda cookie: cookie.rpartition(".")[0],
    "an empty signature": lambda cookie: resigned(cookie, signature=""),
    "a short signature": lambda cookie: cookie[:-1],
    "a long signature": lambda cookie: cookie + "A",
    "another signature": lambda cookie: resigned(cookie, signature="A" * 43),
    "a signature that is not ASCII": lambda cookie: resigned(cookie, signature="é" * 43),
    "padding": lambda cookie: cookie + "=",
    "another payload": lambda cookie: resigned(cookie, payload=payload('["x",{"trail-fox":99}]')),
    "another time": lambda cookie: resigned(cookie, made="9999999999"),
    "another version": lambda cookie: resigned(cookie, version="v2"),
    "lower case": lambda cookie: cookie.lower(),
    "a blank in the middle": lambda cookie: cookie.replace(".", ". "),
    "the cookie twice": lambda cookie: cookie + "." + cookie,
    "a very long one": lambda cookie: "v1." + "A" * 100_000 + cookie,
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_a_cookie_that_the_shop_did_not_write_is_an_empty_basket(
    shop: TestApp, forge: Callable[[str], str],
) -> None:
    add(shop, "trail-fox", 2)
    cookie = token(shop)
    assert seen_with(shop, cookie)["lines"] == [FOX]
    assert seen_with(shop, forge(cookie)) == EMPTY


def test_of_two_cookies_the_first_counts_and_a_forged_basket_can_be_filled(shop: TestApp) -> None:
    add(shop, "trail-fox", 2)
    cookie = token(shop)
    assert seen_with(shop, f"{cookie}; basket=forged")["lines"] == [FOX]
    assert seen_with(shop, f"forged; basket={cookie}") == EMPTY
    body = {"slug": "wool-sock", "quantity": 3}
    response = shop.post_json("/api/basket", body, headers={"Cookie": "basket=forged"})
    assert response.json["lines"] == [SOCK]


@pytest.mark.parametrize(("age", "lines"), [(0, [FOX]), (2_592_000, [FOX]), (2_592_001, [])])
def test_a_basket_lasts_for_thirty_days(
    shop: TestApp, signing: ModuleType, monkeypatch: pytest.MonkeyPatch, age: int, lines: list[Any],
) -> None:
    now = int(time.time())
    monkeypatch.setattr(signing.time, "time", lambda: now)
    add(shop, "trail-fox", 2)
    cookie = token(shop)
    monkeypatch.setattr(signing.time, "time", lambda: now + age)
    assert seen_with(shop, cookie)["lines"] == lines


# The signature


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=300), purpose=st.sampled_from(["basket", "b", "é"]))
def test_what_is_signed_is_verified_for_its_purpose_alone(
    signing: ModuleType, text: str, purpose: str,
) -> None:
    made = signing.signed(purpose, text)
    assert made.isascii()
    assert signing.verified(purpose, made, 60) == text
    assert signing.verified("another", made, 60) is None


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=300) | st.lists(st.text("v1.09AZaz-_=", max_size=60), max_size=6).map(".".join))
def test_no_other_text_is_verified_and_none_makes_it_fail(signing: ModuleType, text: str) -> None:
    assert signing.verified("basket", text, 60) is None


def test_a_token_begins_with_its_version_and_another_version_is_none(
    signing: ModuleType, monkeypatch: pytest.MonkeyPatch,
) -> None:
    old = signing.signed("basket", "x")
    assert old.startswith("v1.")
    monkeypatch.setattr(signing, "VERSION", "v2")
    assert signing.verified("basket", old, 60) is None
    assert signing.verified("basket", signing.signed("basket", "x"), 60) == "x"


def test_each_shop_has_a_secret_of_its_own(
    shop: TestApp, tmp_path: Any, monkeypatch: pytest.MonkeyPatch,
) -> None:
    add(shop, "trail-fox", 2)
    cookie = token(shop)
    monkeypatch.setenv("SHOP_DB", str(tmp_path / "other.db"))
    assert seen_with(shop, cookie) == EMPTY


def test_shops_that_are_given_one_secret_read_each_others_cookies(
    shop: TestApp, tmp_path: Any, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SHOP_SECRET", "a secret of the test")
    add(shop, "trail-fox", 2)
    cookie = token(shop)
    monkeypatch.setenv("SHOP_DB", str(tmp_path / "other.db"))
    assert seen_with(shop, cookie)["lines"] == [FOX]
    monkeypatch.setenv("SHOP_SECRET", "another secret of it")
    assert seen_with(shop, cookie) == EMPTY


@pytest.mark.parametrize("secret", ["x", "x" * 15])
def test_a_secret_that_can_be_guessed_is_refused(
    signing: ModuleType, monkeypatch: pytest.MonkeyPatch, secret: str,
) -> None:
    monkeypatch.setenv("SHOP_SECRET", secret)
    with pytest.raises(RuntimeError, match="SHOP_SECRET is shorter than 16 bytes"):
        signing.signed("basket", "x")
