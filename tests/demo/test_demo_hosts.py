"""The shop over real sockets: the same requests to the development server and gunicorn, the same answers."""

import http.client
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from .conftest import ask, multipart, serving

HOSTS = ["dev", "gunicorn"]

# method, path, JSON body, status, what the body holds
REQUESTS: list[tuple[str, str, Any, int, bytes]] = [
    ("GET", "/", None, 200, b"Load users"),
    ("GET", "/health", None, 200, b'{"status":"ok"}'),
    ("GET", "/api/hello", None, 200, b'{"message":"Hello, World!"}'),
    ("GET", "/api/users/1", None, 200, b'{"id":1,"name":"Alice","email":"alice@example.com"}'),
    ("GET", "/api/users/42", None, 200, b'"name":"Arthur"'),
    ("GET", "/api/users/999", None, 404, b'"User not found"'),
    ("GET", "/api/users/abc", None, 404, b'{"message":"'),
    ("GET", "/api/products?category=shoes&limit=10", None, 200, b'{"category":"shoes","limit":10,'),
    ("GET", "/api/products?limit=0", None, 400, b'"name":"limit"'),
    ("GET", "/api/products/trail-fox", None, 200, b'"name":"Trail Fox"'),
    ("GET", "/api/products/trail-fox/shipping", None, 200, b'"carrier":"Night Owl"'),
    ("GET", "/api/categories", None, 200, b'"path":"clothing"'),
    ("GET", "/api/categories/shoes/running", None, 200, b'"title":"Running shoes"'),
    ("GET", "/api/categories/h%C3%BCte", None, 404, b'"Category not found"'),
    ("GET", "/api/basket", None, 200, b'{"lines":[],"quantity":0,"cents":0}'),
    ("POST", "/api/basket", {"slug": "trail-fox", "quantity": 2}, 200, b'"cents":23800}'),
    ("PUT", "/api/basket", {"slug": "none", "quantity": 10**9}, 400, b'"must be from 1 to 99, '),
    ("DELETE", "/api/basket", None, 200, b'"lines":[]'),
    ("POST", "/api/orders", {"name": "Carol"}, 409, b'"The basket is empty"'),
    ("POST", "/api/contact", {"name": "Carol"}, 415, b'{"message":"'),
    ("GET", "/api/contact/avatars/nobody.png", None, 404, b'{"message":"'),
    ("GET", "/api/contact/avatars/..%2Fdev.db", None, 404, b'{"message":"'),
    ("GET", "/api/admin/orders", None, 401, b'{"message":"A name and a password are needed"}'),
    ("GET", "/api/admin/nope", None, 401, b'{"message":"A name and a password are needed"}'),
    ("POST", "/api/webhooks/github", {}, 503, b'{"message":"This webhook is not set up'),
    ("POST", "/api/webhooks/stripe/", {}, 503, b'{"message":"This webhook is not set up'),
    ("GET", "/products/trail-fox.svg", None, 200, b"<title>Trail Fox</title>"),
    ("GET", "/favicon.svg", None, 200, b"<svg"),
    ("GET", "/products", None, 404, b'"status":404'),
    ("GET", "/products/..%2F..%2FREADME.md", None, 404, b'"status":404'),
    ("GET", "/api/nope", None, 404, b'{"message":"'),
    ("HEAD", "/api/hello", None, 200, b""),
    ("OPTIONS", "/api/hello", None, 204, b""),
    ("DELETE", "/api/hello", None, 405, b'{"message":"Allowed here: GET'),
    ("GET", "/api/hello/", None, 308, b""),
    ("GET", "/api/%ff", None, 400, b'"status":400'),
    ("POST", "/api/users", {"name": "", "email": "?"}, 400, b'"name":"/name","message":"must not be blank"}'),
    ("POST", "/api/users", [], 400, b'"must be an object, not an array"'),
    ("POST", "/api/users", None, 415, b'{"message":"'),
    ("POST", "/api/users", {"name": "A", "email": "alice@example.com"}, 409, b'"is already in use"'),
    ("PUT", "/api/users/999", {"name": "A", "email": "a@example.com"}, 404, b'"User not found"'),
    ("PATCH", "/api/users/1", {}, 400, b'{"message":"'),
    ("DELETE", "/api/users/999", None, 404, b'"User not found"'),
]


@pytest.fixture(scope="module", params=HOSTS)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The shop on each host, started once for all tests of this file: none relies on the rows of another."""
    with serving(request.param, tmp_path_factory.mktemp(request.param)) as url:
        yield url


@pytest.mark.parametrize(("method", "path", "body", "status", "holds"), REQUESTS)
def test_a_request_gets_the_same_answer_on_every_host(
    url: str, method: str, path: str, body: Any, status: int, holds: bytes,
) -> None:
    got, headers, content = ask(url, method, path, body)
    assert got == status, content
    assert holds in content
    if not holds:
        assert content == b""
    if method != "HEAD" and status != 204:
        assert headers["Content-Length"] == str(len(content))
    if status in (401, 404, 405, 409, 415, 503):
        is_api = path.startswith("/api/")
        assert headers["Content-Type"] == ("application/json" if is_api else "application/problem+json")
    assert len(headers["X-Request-ID"]) == 32
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_user_lives_from_post_to_delete(url: str) -> None:
    status, headers, content = ask(url, "POST", "/api/users", {"name": "Zoë", "email": "zoe@example.com"})
    user = json.loads(content)
    assert (status, user["message"], user["name"]) == (201, "User created", "Zoë")
    path = f"/api/users/{user['id']}"
    assert headers["Location"] == path

    changed = {"id": user["id"], "name": "Zoë", "email": "z@example.com"}
    status, _, content = ask(url, "PATCH", path, {"email": "z@example.com"})
    assert (status, json.loads(content)) == (200, changed)
    status, _, content = ask(url, "GET", path)
    assert (status, json.loads(content)) == (200, changed)
    status, _, content = ask(url, "DELETE", path)
    assert (status, content) == (204, b"")
    assert ask(url, "GET", path)[0] == 404


def test_two_hundred_users_posted_at_once_are_all_kept(url: str) -> None:
    def post(number: int) -> tuple[int, bytes]:
        body = {"name": f"N{number}", "email": f"n{number}@example.com"}
        status, _, content = ask(url, "POST", "/api/users", body)
        return status, content

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(post, range(200)))
    assert [answer for answer in answers if answer[0] != 201] == []
    told = {user["id"]: user["name"] for user in (json.loads(content) for _, content in answers)}
    assert sorted(told.values()) == sorted(f"N{number}" for number in range(200))
    kept = {user["id"]: user["name"] for user in json.loads(ask(url, "GET", "/api/users")[2])}
    assert told.items() <= kept.items()


def test_one_email_posted_by_many_at_once_makes_one_user(url: str) -> None:
    body = {"name": "Only One", "email": "only.one@example.com"}
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: ask(url, "POST", "/api/users", body)[0], range(24)))
    assert sorted(statuses) == [201] + [409] * 23


def test_a_picture_that_was_sent_is_shown_back_by_every_worker(url: str) -> None:
    picture = b"GIF89a" + bytes(range(256)) * 2_000
    fields = {"name": "Zoë", "email": "zoe@example.com", "message": "Hello"}
    body, kind = multipart([*fields.items(), ("avatar", ("../me.html", picture, "text/html"))])
    status, _, content = ask(url, "POST", "/api/contact", body, {"Content-Type": kind})
    assert status == 201, content
    path = json.loads(content)["avatar"]
    for _ in range(8):
        status, headers, content = ask(url, "GET", path)
        assert (status, headers["Content-Type"], content) == (200, "image/gif", picture)
    status, headers, content = ask(url, "GET", path, None, {"Range": "bytes=0-5"})
    assert (status, headers["Content-Range"], content) == (206, f"bytes 0-5/{len(picture)}", b"GIF89a")


def test_a_basket_is_known_to_every_worker_and_ordered_once(url: str) -> None:
    cookie = {"Cookie": filled_basket(url)}
    for _ in range(8):
        assert json.loads(ask(url, "GET", "/api/basket", None, cookie)[2])["quantity"] == 2
    with ThreadPoolExecutor(8) as pool:
        order = ("POST", "/api/orders", {"name": "Zoë"}, cookie)
        statuses = list(pool.map(lambda _: ask(url, *order)[0], range(16)))
    assert sorted(statuses) == [201] + [409] * 15


def test_an_export_ends_where_the_orders_end(url: str) -> None:
    place(url, "Exported")
    status, headers, content = ask(url, "GET", "/api/orders/export")
    assert (status, headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
    lines = content.decode().split("\r\n")
    assert lines[0] == "order,placed,name,slug,product,quantity,cents,status"
    assert lines[-2].endswith(",Exported,trail-fox,Trail Fox,2,11900,placed")
    assert lines[-1] == ""


def filled_basket(url: str) -> str:
    """A Cookie header with two pairs of one shoe in it."""
    headers = ask(url, "POST", "/api/basket", {"slug": "trail-fox", "quantity": 2})[1]
    return headers["Set-Cookie"].partition(";")[0]


def place(url: str, name: str) -> int:
    """The id of a new order."""
    status, _, content = ask(url, "POST", "/api/orders", {"name": name}, {"Cookie": filled_basket(url)})
    assert status == 201, content
    return int(json.loads(content)["id"])


@contextmanager
def watching(url: str, last: int = 0) -> Iterator[http.client.HTTPResponse]:
    """An open feed after this order, or its refusal. Leaves as a browser does: the connection is cut."""
    with closing(http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)) as connection:
        connection.request("GET", "/api/orders/feed", headers={"Last-Event-ID": str(last)})
        with closing(connection.getresponse()) as answer:
            yield answer


@contextmanager
def let_in(url: str, last: int = 0) -> Iterator[http.client.HTTPResponse]:
    """An open feed; waits for a place, since who has left may not have been missed yet."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with watching(url, last) as feed:
            if feed.status == 200:
                yield feed
                return
        time.sleep(0.1)
    pytest.fail("those who left keep their places")


def next_order(feed: http.client.HTTPResponse) -> dict[str, Any]:
    """The order that a feed tells next; waits for it."""
    while line := feed.readline():
        if line.startswith(b"data: "):
            order: dict[str, Any] = json.loads(line.removeprefix(b"data: "))
            return order
    raise EOFError("the feed has ended")


def test_an_order_is_told_to_two_who_watch_while_the_shop_goes_on(url: str) -> None:
    newest = place(url, "Before")
    with let_in(url, newest) as one, let_in(url, newest) as two:
        assert one.headers["Content-Type"] == "text/event-stream"
        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(lambda _: ask(url, "GET", "/api/users/1")[0], range(40))) == {200}
        id = place(url, "<b>Live</b>")
        told = [next_order(one), next_order(two)]
        assert [(order["id"], order["name"]) for order in told] == [(id, "<b>Live</b>")] * 2


def test_more_who_watch_than_there_are_places_are_refused_and_the_shop_goes_on(url: str) -> None:
    with let_in(url), ExitStack() as stack:
        more = [stack.enter_context(watching(url)) for _ in range(12)]
        assert {feed.status for feed in more} <= {200, 503}
        refused = [feed for feed in more if feed.status == 503]
        assert 1 + len(more) - len(refused) <= 2 * 2        # two places in each of two workers
        assert {feed.headers["Retry-After"] for feed in refused} == {"5"}
        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(lambda _: ask(url, "GET", "/health")[0], range(40))) == {200}


@pytest.mark.parametrize("host", HOSTS)
def test_who_leaves_a_feed_frees_the_place_and_is_no_trouble_to_the_server(host: str, tmp_path: Path) -> None:
    with serving(host, tmp_path) as url:
        for _ in range(6):
            with let_in(url) as feed:
                assert feed.readline() == b":\n"
    output = (tmp_path / "log").read_text()
    assert "Traceback" not in output
    assert "Warning" not in output


@pytest.mark.parametrize("host", HOSTS)
def test_a_server_that_is_told_to_stop_frees_its_port_and_closes_its_file(host: str, tmp_path: Path) -> None:
    with serving(host, tmp_path) as url:
        assert ask(url, "GET", "/api/users")[0] == 200
    with pytest.raises(ConnectionRefusedError):
        ask(url, "GET", "/health")
    output = (tmp_path / "log").read_text()
    assert "Traceback" not in output
    assert "Warning" not in output
