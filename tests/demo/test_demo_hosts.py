"""The shop over real sockets: the same requests to the development server and gunicorn, the same answers."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from .conftest import ask, serving

HOSTS = ["dev", "gunicorn"]

# method, path, JSON body, status, what the body holds
REQUESTS: list[tuple[str, str, Any, int, bytes]] = [
    ("GET", "/", None, 200, b"Load users"),
    ("GET", "/health", None, 200, b'{"status":"ok"}'),
    ("GET", "/api/hello", None, 200, b'{"message":"Hello, World!"}'),
    ("GET", "/api/users/1", None, 200, b'{"id":1,"name":"Alice","email":"alice@example.com"}'),
    ("GET", "/api/users/42", None, 200, b'"name":"Arthur"'),
    ("GET", "/api/users/999", None, 404, b'"User not found"'),
    ("GET", "/api/users/abc", None, 404, b'"status":404'),
    ("GET", "/api/products?category=shoes&limit=10", None, 200, b'{"category":"shoes","limit":10,'),
    ("GET", "/api/products?limit=0", None, 400, b'"name":"limit"'),
    ("GET", "/api/products/trail-fox", None, 200, b'"name":"Trail Fox"'),
    ("GET", "/api/products/trail-fox/shipping", None, 200, b'"carrier":"Night Owl"'),
    ("GET", "/api/categories", None, 200, b'"path":"clothing"'),
    ("GET", "/api/categories/shoes/running", None, 200, b'"title":"Running shoes"'),
    ("GET", "/api/categories/h%C3%BCte", None, 404, b'"Category not found"'),
    ("GET", "/api/nope", None, 404, b'"status":404'),
    ("HEAD", "/api/hello", None, 200, b""),
    ("OPTIONS", "/api/hello", None, 204, b""),
    ("DELETE", "/api/hello", None, 405, b'"status":405'),
    ("GET", "/api/hello/", None, 308, b""),
    ("GET", "/api/%ff", None, 400, b'"status":400'),
    ("POST", "/api/users", {"name": "", "email": "?"}, 400, b'{"name":"name","message":"must not be blank"}'),
    ("POST", "/api/users", [], 400, b'"expected an object, got an array"'),
    ("POST", "/api/users", None, 415, b'"status":415'),
    ("POST", "/api/users", {"name": "A", "email": "alice@example.com"}, 409, b'"is already in use"'),
    ("PUT", "/api/users/999", {"name": "A", "email": "a@example.com"}, 404, b'"User not found"'),
    ("PATCH", "/api/users/1", {}, 400, b'"status":400'),
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
    if status in (404, 405, 409, 415):
        assert headers["Content-Type"] == "application/problem+json"


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


@pytest.mark.parametrize("host", HOSTS)
def test_a_server_that_is_told_to_stop_frees_its_port_and_closes_its_file(host: str, tmp_path: Path) -> None:
    with serving(host, tmp_path) as url:
        assert ask(url, "GET", "/api/users")[0] == 200
    with pytest.raises(ConnectionRefusedError):
        ask(url, "GET", "/health")
    output = (tmp_path / f"{host}.log").read_text()
    assert "Traceback" not in output
    assert "Warning" not in output
