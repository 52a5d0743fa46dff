"""What runs around the shop's routes: ids, headers, whose pages may read and write, the form of errors."""

import base64
import gzip
import hashlib
import importlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from webtest import TestApp

from fsroute import App
from fsroute.cli import main
from tests.exchange import Answer, environ_of, exchange

from .conftest import DEMO

ELSEWHERE = "https://blog.example"
EVERYWHERE = [
    ("GET", "/", 200), ("GET", "/favicon.svg", 200), ("GET", "/health", 200), ("GET", "/nope", 404),
    ("POST", "/", 405), ("GET", "/api/users", 200), ("HEAD", "/api/users", 200), ("GET", "/api/users/", 308),
    ("OPTIONS", "/api/users", 204), ("GET", "/api/users/999", 404), ("GET", "/api/nope", 404),
    ("DELETE", "/api/hello", 405), ("GET", "/api/%FF", 400), ("GET", "/api/products", 200),
    ("GET", "/api/products/none", 404), ("GET", "/api/admin/orders", 401),
    ("GET", "/api/orders/export", 200), ("GET", "/api/contact/avatars/nobody.png", 404),
    ("POST", "/api/webhooks/github", 503), ("GET", "/api/webhooks/nope", 404),
]


@pytest.mark.parametrize(("method", "path", "status"), EVERYWHERE)
def test_every_answer_has_an_id_of_its_own_and_security_headers(
    shop: TestApp, method: str, path: str, status: int,
) -> None:
    ids = set()
    for _ in range(2):
        response = shop.request(path, method=method, status=status, headers={"X-Request-ID": "forged"})
        ids.add(response.headers["X-Request-ID"])
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["X-Frame-Options"] == "SAMEORIGIN"
        assert "frame-ancestors 'self'" in response.headers["Content-Security-Policy"]
    assert len(ids) == 2
    assert all(re.fullmatch("[0-9a-f]{32}", id) for id in ids)


# The page's policy


def test_the_policy_names_the_one_script_and_the_one_style_of_the_page(shop: TestApp) -> None:
    response = shop.get("/")
    policy = dict(part.split(" ", 1) for part in response.headers["Content-Security-Policy"].split("; "))
    for tag in ("script", "style"):
        [text] = re.findall(rf"<{tag}\b[^>]*>(.*?)</{tag}>", response.text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert policy[f"{tag}-src"] == f"'sha256-{digest}'"
        del policy[f"{tag}-src"]
    assert policy == {
        "default-src": "'none'", "base-uri": "'none'", "connect-src": "'self'", "img-src": "'self'",
        "form-action": "'self'", "frame-ancestors": "'self'",
    }
    assert not re.search(r"<[^>]+ (?:style|on[a-z]+)=", response.text)       # the policy would leave them out


@pytest.mark.parametrize(("html", "script", "style"), [
    ("<p>", "'none'", "'none'"),
    ("<script></script>", "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='", "'none'"),
    ("<style>a</style><style>\nä\n</style>", "'none'",
     "'sha256-ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs=' "
     "'sha256-Aukt2DcUP9IUJkP8vKgqC6R83sabtY2lSGFJolUYDcU='"),
])
def test_a_policy_is_made_of_what_stands_in_the_file(
    app: App, tmp_path: Path, html: str, script: str, style: str,
) -> None:
    page = tmp_path / "page.html"
    page.write_bytes(html.encode())
    directives = importlib.import_module("app._lib.policy").policy_of(page).split("; ")
    assert directives[1:3] == [f"script-src {script}", f"style-src {style}"]


def test_a_picture_of_a_stranger_keeps_its_stricter_policy(shop: TestApp) -> None:
    picture = b"GIF89a" + bytes(20)
    fields = {"name": "Eve", "email": "eve@example.com", "message": "Hello"}
    path = shop.post("/api/contact", fields, upload_files=[("avatar", "a.gif", picture)]).json["avatar"]
    assert shop.get(path).headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


# Whose pages may read, and whose may write

PUBLIC = ["/api/products", "/api/products/trail-fox", "/api/products/trail-fox/shipping", "/api/categories",
          "/api/categories/shoes"]
PRIVATE = ["/", "/health", "/api/hello", "/api/basket", "/api/users", "/api/orders/export", "/api/nope"]


@pytest.mark.parametrize("path", [*PUBLIC, "/api/products/none"])
def test_pages_of_every_site_may_read_the_catalogue_and_its_errors(shop: TestApp, path: str) -> None:
    response = shop.get(path, headers={"Origin": ELSEWHERE}, expect_errors=True)
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in response.headers
    asked = {"Origin": ELSEWHERE, "Access-Control-Request-Method": "GET",
             "Access-Control-Request-Headers": "x-trace"}
    allowed = shop.options(path, headers=asked, status=204).headers
    assert allowed["Access-Control-Allow-Methods"] == "GET"
    assert allowed["Access-Control-Allow-Headers"] == "x-trace"


@pytest.mark.parametrize("path", PRIVATE)
def test_pages_of_other_sites_may_read_nothing_else(shop: TestApp, path: str) -> None:
    for method in ("GET", "OPTIONS"):
        response = shop.request(path, method=method, expect_errors=True, headers={
            "Origin": ELSEWHERE, "Access-Control-Request-Method": "POST"})
        assert not [name for name in response.headers if name.lower().startswith("access-control-")]


WRITES = [
    ("POST", "/api/users"), ("PUT", "/api/users/1"), ("PATCH", "/api/users/1"), ("DELETE", "/api/users/1"),
    ("POST", "/api/basket"), ("PUT", "/api/basket"), ("DELETE", "/api/basket"), ("POST", "/api/orders"),
    ("POST", "/api/contact"), ("POST", "/api/products"), ("POST", "/api/nope"),
]


@pytest.mark.parametrize("headers", [
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:1"},
    {"Origin": ELSEWHERE}, {"Origin": "null"},
])
@pytest.mark.parametrize(("method", "path"), WRITES)
def test_a_page_of_another_site_changes_nothing(
    shop: TestApp, method: str, path: str, headers: dict[str, str],
) -> None:
    response = shop.request(path, method=method, headers=headers, status=403)
    assert response.json == {"message": "A page of another site sent this, and may not change anything here"}
    assert len(shop.get("/api/users").json) == 3


@pytest.mark.parametrize("headers", [
    {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}, {"Sec-Fetch-Site": "none"},
    {"Origin": "http://localhost"}, {},
])
def test_the_shops_own_page_and_programs_write(shop: TestApp, headers: dict[str, str]) -> None:
    body = {"name": "Carol", "email": "carol@example.com"}
    shop.post_json("/api/users", body, headers={"Host": "localhost", **headers}, status=201)


def test_whatever_writes_is_guarded_but_webhooks(app: App, capsys: pytest.CaptureFixture[str]) -> None:
    writes = ["--methods", "POST,PUT,PATCH,DELETE"]
    assert main(["routes", str(DEMO / "app"), "--without", "csrf", *writes]) == 1
    left = re.findall(r"\S+/route\.py", capsys.readouterr().out)
    assert [path.partition("/app/")[2] for path in left] == [
        "api/webhooks/github/route.py", "api/webhooks/stripe/route.py"]
    assert main(["routes", str(DEMO / "app"), "--without", "request_id"]) == 0


# The catalogue's other two


@pytest.mark.parametrize("path", PUBLIC)
def test_who_has_the_catalogue_already_is_told_so(shop: TestApp, path: str) -> None:
    first = shop.get(path, status=200)
    again = shop.get(path, headers={"If-None-Match": first.headers["ETag"]}, status=304)
    assert (again.body, again.headers["ETag"]) == (b"", first.headers["ETag"])
    assert again.headers["X-Request-ID"] != first.headers["X-Request-ID"]


def test_a_list_is_packed_for_who_takes_it_and_a_basket_is_not(app: App, shop: TestApp) -> None:
    def got(path: str, **headers: str) -> Answer:       # WebTest would unpack it
        return exchange(app, environ_of("GET", path, None, **headers))

    plain = got("/api/products?limit=50")
    packed = got("/api/products?limit=50", HTTP_ACCEPT_ENCODING="gzip")
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert len(packed.body) < len(plain.body) / 2
    for product in json.loads(plain.body)["products"]:
        shop.post_json("/api/basket", {"slug": product["slug"], "quantity": 1}, expect_errors=True)
    cookie = f"basket={shop.cookies['basket']}"
    basket = got("/api/basket", HTTP_ACCEPT_ENCODING="gzip", HTTP_COOKIE=cookie)
    assert "content-encoding" not in basket.headers
    assert len(json.loads(basket.body)["lines"]) == 20


# Errors


def test_the_api_says_what_is_wrong_in_one_form(shop: TestApp) -> None:
    assert shop.get("/api/users/999", status=404).json == {"message": "User not found"}
    assert shop.get("/api/nope", status=404).json.keys() == {"message"}
    response = shop.post_json("/api/users", {"name": "", "email": "a@example.com"}, status=400)
    assert response.json == {"message": "Some values are not valid",
                             "errors": [{"name": "/name", "message": "must not be blank"}]}
    assert response.headers["Cache-Control"] == "no-store"


def test_a_fault_is_told_by_the_id_of_its_request_and_by_nothing_else(
    shop: TestApp, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:
    def broken() -> None:
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr(importlib.import_module("app.api.users.route"), "all_users", broken)
    response = shop.get("/api/users", status=500)
    assert response.json == {
        "message": "Something went wrong. We find out what if you tell us the request.",
        "request": response.headers["X-Request-ID"],
    }
    assert "a secret" in caplog.text


@pytest.mark.parametrize(("path", "accept", "kind"), [
    ("/api/nope", None, "application/json"),
    ("/api/nope", "*/*", "application/json"),
    ("/api/nope", "application/json", "application/json"),
    ("/api/nope", "text/html,application/xhtml+xml,*/*;q=0.8", "text/html"),
    ("/nope", None, "application/problem+json"),
    ("/nope", "text/html", "text/html"),
])
def test_a_browser_gets_a_page_and_what_is_outside_of_the_api_its_default(
    shop: TestApp, path: str, accept: str | None, kind: str,
) -> None:
    headers: dict[str, Any] = {} if accept is None else {"Accept": accept}
    assert shop.get(path, headers=headers, status=404).content_type == kind


def test_a_form_sent_without_script_fails_with_a_page(shop: TestApp) -> None:
    response = shop.post("/api/contact", {"name": "Eve"}, {"Accept": "text/html"}, status=400)
    assert response.content_type == "text/html"


def test_the_page_has_no_policy_of_its_own() -> None:
    """Two policies would both hold, and nobody would think of the second."""
    assert "Content-Security-Policy" not in (DEMO / "app" / "page.html").read_text("utf-8")
