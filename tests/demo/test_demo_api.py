"""The shop's API, request by request: what a tutorial on API routes shows, and every way to get it wrong."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from webtest import TestApp, TestResponse

ALICE = {"id": 1, "name": "Alice", "email": "alice@example.com"}
BOB = {"id": 2, "name": "Bob", "email": "bob@example.com"}
ARTHUR = {"id": 42, "name": "Arthur", "email": "arthur@example.com"}
CAROL = {"name": "Carol", "email": "carol@example.com"}


def problem(response: TestResponse) -> dict[str, Any]:
    """What an error answer of the API says."""
    assert response.status_int >= 400
    assert response.content_type == "application/json"
    assert response.headers["Cache-Control"] == "no-store"
    said: dict[str, Any] = response.json
    assert isinstance(said["message"], str)
    return said


def faulty_fields(response: TestResponse) -> list[str]:
    return [error["name"] for error in problem(response)["errors"]]


# Reading


def test_hello_says_hello(shop: TestApp) -> None:
    response = shop.get("/api/hello", status=200)
    assert response.content_type == "application/json"
    assert response.json == {"message": "Hello, World!"}


def test_the_users_come_as_a_list(shop: TestApp) -> None:
    assert shop.get("/api/users", status=200).json == [ALICE, BOB, ARTHUR]


def test_a_user_is_found_by_id(shop: TestApp) -> None:
    assert shop.get("/api/users/42", status=200).json == ARTHUR


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_unknown_user_is_not_found(shop: TestApp, method: str) -> None:
    response = shop.request("/api/users/999", method=method, status=404)
    assert problem(response)["message"] == "User not found"


@pytest.mark.parametrize("id", ["abc", "1.0", "01", "%201", "%D9%A4%D9%A2", str(2**63), "9" * 400])
def test_an_id_that_is_no_64_bit_number_is_not_found(shop: TestApp, id: str) -> None:
    problem(shop.get(f"/api/users/{id}", status=404))


@pytest.mark.parametrize("id", [2**63 - 1, -(2**63), 0, -1])
def test_an_id_that_nobody_has_is_not_found(shop: TestApp, id: int) -> None:
    assert problem(shop.get(f"/api/users/{id}", status=404))["message"] == "User not found"


def test_products_are_filtered_by_the_query(shop: TestApp) -> None:
    response = shop.get("/api/products?category=shoes&limit=10", status=200).json
    assert (response["category"], response["limit"]) == ("shoes", 10)
    assert len(response["products"]) == 10
    assert {product["category"].split("/")[0] for product in response["products"]} == {"shoes"}


@pytest.mark.parametrize(("query", "category", "limit", "count"), [
    ("", None, 10, 10),
    ("?limit=100", None, 100, 21),
    ("?limit=1", None, 1, 1),
    ("?category=&limit=2", None, 2, 2),                 # a form sends what was left blank
    ("?category=shoes&limit=100", "shoes", 100, 12),    # a category holds all below it
    ("?category=shoes/running", "shoes/running", 10, 4),
    ("?category=shoes%2Frunning", "shoes/running", 10, 4),
    ("?category=shoe", "shoe", 10, 0),                  # a part of a name is another name
    ("?category=shoes/", "shoes/", 10, 0),
    ("?category=%25", "%", 10, 0),                      # no wildcards
    ("?category=' OR 1=1 --", "' OR 1=1 --", 10, 0),
    ("?category=a%00b", "a\0b", 10, 0),
])
def test_category_and_limit_choose_the_products(
    shop: TestApp, query: str, category: str | None, limit: int, count: int,
) -> None:
    response = shop.get(f"/api/products{query}", status=200).json
    assert (response["category"], response["limit"], len(response["products"])) == (category, limit, count)


@pytest.mark.parametrize("limit", ["lots", "", "1.5", "0", "-1", "101", str(2**63)])
def test_a_limit_that_makes_no_sense_is_refused(shop: TestApp, limit: str) -> None:
    assert faulty_fields(shop.get(f"/api/products?limit={limit}", status=400)) == ["limit"]


def test_a_product_is_found_by_its_slug(shop: TestApp) -> None:
    product = shop.get("/api/products/trail-fox", status=200).json
    assert (product["slug"], product["name"], product["cents"]) == ("trail-fox", "Trail Fox", 11900)
    assert (product["category"], product["color"]) == ("shoes/running", "#c2572b")


@pytest.mark.parametrize("path", ["none", "none/shipping", "Trail-Fox", "trail-fox%20"])
def test_an_unknown_product_is_not_found(shop: TestApp, path: str) -> None:
    assert problem(shop.get(f"/api/products/{path}", status=404))["message"] == "Product not found"


@pytest.mark.parametrize(("slug", "cheapest"), [("wool-sock", 390), ("trail-fox", 0)])
def test_carriers_are_listed_cheapest_first_and_dear_goods_travel_free(
    shop: TestApp, slug: str, cheapest: int,
) -> None:
    quotes = shop.get(f"/api/products/{slug}/shipping", status=200).json
    assert [quote["cents"] for quote in quotes] == [cheapest, 690, 1490]
    assert [quote["days"] for quote in quotes] == [5, 2, 1]


@pytest.mark.parametrize(("path", "title", "children"), [
    ("", "Everything", ["shoes", "bags", "clothing"]),
    ("/shoes", "Shoes", ["shoes/running", "shoes/hiking", "shoes/everyday"]),
    ("/shoes/running", "Running shoes", []),
])
def test_the_categories_are_a_tree(shop: TestApp, path: str, title: str, children: list[str]) -> None:
    category = shop.get(f"/api/categories{path}", status=200).json
    assert (category["path"], category["title"]) == (path.removeprefix("/"), title)
    assert [child["path"] for child in category["children"]] == children


@pytest.mark.parametrize("path", ["/hats", "/shoes/hats", "/running", "/shoes/running/more"])
def test_an_unknown_category_is_not_found(shop: TestApp, path: str) -> None:
    assert problem(shop.get(f"/api/categories{path}", status=404))["message"] == "Category not found"


def test_the_page_is_served_at_the_root(shop: TestApp) -> None:
    response = shop.get("/", status=200)
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "Load users" in response.text


# Writing


def test_a_posted_user_is_created(shop: TestApp) -> None:
    response = shop.post_json("/api/users", CAROL, status=201)
    assert response.json == {"message": "User created", "id": 43, "name": "Carol"}
    assert response.headers["Location"] == "/api/users/43"
    assert shop.get(response.headers["Location"], status=200).json == {"id": 43, **CAROL}


def test_the_location_of_a_new_user_keeps_the_prefix_of_the_mount(shop: TestApp) -> None:
    response = shop.post_json("/api/users", CAROL, status=201, extra_environ={"SCRIPT_NAME": "/my shop"})
    assert response.headers["Location"] == "/my%20shop/api/users/43"


def test_white_space_around_a_value_is_not_kept(shop: TestApp) -> None:
    shop.post_json("/api/users", {"name": "  Carol\n", "email": "\tcarol@example.com "}, status=201)
    assert shop.get("/api/users/43").json == {"id": 43, **CAROL}


@pytest.mark.parametrize("name", ["Zoë", "李雷", "O'Brien; DROP TABLE users", "🦊", "<b>Carol</b>", "x" * 80])
def test_any_one_line_is_a_name(shop: TestApp, name: str) -> None:
    shop.post_json("/api/users", {**CAROL, "name": name}, status=201)
    assert shop.get("/api/users/43").json["name"] == name


@pytest.mark.parametrize("name", [
    None, 7, True, [], {}, "", "   ", "\u200b", "\ud800", "x\ud800", "a\0b", "two\nlines", "a\u2028b",
    "x" * 81,
])
def test_what_is_no_name_is_refused(shop: TestApp, name: Any) -> None:
    assert faulty_fields(shop.post_json("/api/users", {**CAROL, "name": name}, status=400)) == ["/name"]


@pytest.mark.parametrize("email", [
    "a@b.c", "a.b+c@mail.example.com", "x" * 64 + "@example.com", "O'B@a-1.example", "a@" + "b." * 125 + "c",
])
def test_an_address_is_an_email(shop: TestApp, email: str) -> None:
    shop.post_json("/api/users", {**CAROL, "email": email}, status=201)
    assert shop.get("/api/users/43").json["email"] == email


@pytest.mark.parametrize("email", [
    None, 7, False, ["a@b.c"], "", " ", "carol", "carol@", "@example.com", "carol@example", "a@b@c.d",
    "a b@c.d", "carol@-a.example", "carol@a..b", "carol@exämple.com", "carol@example.com\nx",
    "a@" + "b." * 130 + "c",
])
def test_what_is_no_email_is_refused(shop: TestApp, email: Any) -> None:
    assert faulty_fields(shop.post_json("/api/users", {**CAROL, "email": email}, status=400)) == ["/email"]


def test_all_faults_are_told_at_once_and_never_repeat_what_came(shop: TestApp) -> None:
    response = shop.post_json("/api/users", {"name": " ", "email": "secret"}, status=400)
    assert problem(response)["errors"] == [
        {"name": "/name", "message": "must not be blank"},
        {"name": "/email", "message": "must be an email address such as alice@example.com"},
    ]
    assert "secret" not in response.text


@pytest.mark.parametrize(("body", "fields"), [
    ({}, ["/name", "/email"]),
    ({"name": "Carol"}, ["/email"]),
    ({"email": "carol@example.com"}, ["/name"]),
    ({"nickname": "C"}, ["/name", "/email"]),
])
def test_missing_fields_are_named(shop: TestApp, body: dict[str, str], fields: list[str]) -> None:
    response = shop.post_json("/api/users", body, status=400)
    assert [(error["name"], error["message"]) for error in problem(response)["errors"]] == [
        (field, "is missing") for field in fields
    ]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
@pytest.mark.parametrize(("body", "kind"), [
    ([], "an array"), ("Carol", "a string"), (7, "a whole number"), (True, "a boolean"), (None, "null"),
    (1.5, "a number with a point or exponent"),
])
def test_a_body_that_is_no_object_is_refused(shop: TestApp, method: str, body: Any, kind: str) -> None:
    path = "/api/users" if method == "POST" else "/api/users/1"
    response = getattr(shop, f"{method.lower()}_json")(path, body, status=400)
    assert problem(response)["errors"] == [{"name": "", "message": f"must be an object, not {kind}"}]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda values: st.lists(values) | st.dictionaries(st.text(), values),
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=ANYTHING, email=ANYTHING | st.emails())
def test_whatever_comes_is_either_kept_as_it_came_or_refused(shop: TestApp, name: Any, email: Any) -> None:
    response = shop.post_json("/api/users", {"name": name, "email": email}, expect_errors=True)
    if response.status_int == 201:
        user = shop.get(response.headers["Location"], status=200).json
        assert (user["name"], user["email"]) == (name.strip(), email.strip())
    elif response.status_int == 409:
        assert faulty_fields(response) == ["/email"]
    else:
        assert response.status_int == 400
        assert faulty_fields(response)


@pytest.mark.parametrize(("content_type", "body", "status"), [
    ("application/json", b"", 400),
    ("application/json", b"{", 400),
    ("application/json", b'{"name": NaN}', 400),
    ("application/json", b'{"name": "\xff"}', 400),
    ("application/json", b"[" * 100_000, 400),
    ("application/json", b'{"name": "' + b"x" * 2**20 + b'"}', 413),
    ("application/x-www-form-urlencoded", b"name=Carol&email=carol@example.com", 415),
    ("text/plain", b'{"name": "Carol", "email": "carol@example.com"}', 415),
])
def test_what_is_no_json_creates_nobody(shop: TestApp, content_type: str, body: bytes, status: int) -> None:
    problem(shop.request("/api/users", method="POST", body=body, content_type=content_type, status=status))
    assert len(shop.get("/api/users").json) == 3


@pytest.mark.parametrize("email", ["alice@example.com", "ALICE@Example.com"])
def test_an_email_that_is_taken_is_a_conflict(shop: TestApp, email: str) -> None:
    body = {"name": "Another Alice", "email": email}
    assert faulty_fields(shop.post_json("/api/users", body, status=409)) == ["/email"]
    assert faulty_fields(shop.put_json("/api/users/2", body, status=409)) == ["/email"]
    assert faulty_fields(shop.patch_json("/api/users/2", {"email": email}, status=409)) == ["/email"]
    assert shop.get("/api/users").json == [ALICE, BOB, ARTHUR]


def test_put_replaces_a_user(shop: TestApp) -> None:
    assert shop.put_json("/api/users/1", CAROL, status=200).json == {"id": 1, **CAROL}
    assert shop.get("/api/users/1").json == {"id": 1, **CAROL}


def test_put_takes_a_whole_user_and_makes_none(shop: TestApp) -> None:
    assert faulty_fields(shop.put_json("/api/users/1", {"name": "Carol"}, status=400)) == ["/email"]
    assert problem(shop.put_json("/api/users/999", CAROL, status=404))["message"] == "User not found"
    assert shop.get("/api/users").json == [ALICE, BOB, ARTHUR]


@pytest.mark.parametrize("part", [
    {"name": "Alicia"}, {"email": "alicia@example.com"}, {"email": "Alice@example.com"}, CAROL,
])
def test_patch_changes_a_part_of_a_user(shop: TestApp, part: dict[str, str]) -> None:
    assert shop.patch_json("/api/users/1", part, status=200).json == {**ALICE, **part}
    assert shop.get("/api/users").json == [{**ALICE, **part}, BOB, ARTHUR]


def test_patch_refuses_what_changes_nothing_or_nobody(shop: TestApp) -> None:
    assert faulty_fields(shop.patch_json("/api/users/1", {}, status=400)) == [""]
    assert faulty_fields(shop.patch_json("/api/users/1", {"nickname": "Al"}, status=400)) == [""]
    response = shop.patch_json("/api/users/1", {"name": None, "email": "?"}, status=400)
    assert faulty_fields(response) == ["/name", "/email"]
    response = shop.patch_json("/api/users/999", {"name": "Nobody"}, status=404)
    assert problem(response)["message"] == "User not found"
    assert shop.get("/api/users").json == [ALICE, BOB, ARTHUR]


def test_a_deleted_user_is_gone_and_the_id_is_not_used_again(shop: TestApp) -> None:
    assert shop.delete("/api/users/42", status=204).body == b""
    problem(shop.get("/api/users/42", status=404))
    problem(shop.delete("/api/users/42", status=404))
    assert shop.post_json("/api/users", CAROL, status=201).json["id"] == 43


# What the framework answers by itself


@pytest.mark.parametrize("path", ["/", "/health", "/api/hello", "/api/users", "/api/users/1"])
def test_head_is_get_without_the_body(shop: TestApp, path: str) -> None:
    got, head = shop.get(path, status=200), shop.head(path, status=200)
    assert head.body == b""
    for each in (got, head):
        del each.headers["X-Request-ID"]
    assert sorted(head.headers.items()) == sorted(got.headers.items())


@pytest.mark.parametrize(("method", "path", "allowed"), [
    ("DELETE", "/api/hello", "GET, HEAD, OPTIONS"),
    ("DELETE", "/api/users", "GET, HEAD, OPTIONS, POST"),
    ("POST", "/api/users/1", "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"),
    ("POST", "/", "GET, HEAD, OPTIONS"),
])
def test_a_method_that_is_not_written_is_not_allowed(
    shop: TestApp, method: str, path: str, allowed: str,
) -> None:
    response = shop.request(path, method=method, status=405)
    assert response.headers["Allow"] == allowed
    assert shop.options(path, status=204).headers["Allow"] == allowed


@pytest.mark.parametrize("path", ["/api", "/api/nope", "/api/hello/more", "/api/(catalogue)/products"])
def test_what_is_no_route_of_the_api_is_not_found(shop: TestApp, path: str) -> None:
    problem(shop.get(path, status=404))


@pytest.mark.parametrize("path", ["/_lib/db.py", "/page.html", "/middleware.py", "/products"])
def test_what_is_no_route_outside_of_the_api_is_a_problem_by_default(shop: TestApp, path: str) -> None:
    assert shop.get(path, status=404).content_type == "application/problem+json"


def test_a_slash_too_many_is_redirected_with_method_and_query(shop: TestApp) -> None:
    response = shop.get("/api/products/?limit=1", status=308)
    assert response.headers["Location"].endswith("/api/products?limit=1")


def test_health_is_ok_while_the_database_answers(shop: TestApp) -> None:
    assert shop.get("/health", status=200).json == {"status": "ok"}


def test_health_fails_when_the_database_cannot_be_opened(
    shop: TestApp, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SHOP_DB", "/nowhere/shop.db")
    response = shop.get("/health", status=503)
    assert response.content_type == "application/problem+json"
    assert response.json["detail"] == "The database does not answer"
