"""The yardstick: the same API as app/, written by hand as one bare WSGI function.

It is what a careful engineer writes in ten minutes: nothing is left out that an honest answer needs (status,
Content-Type, Content-Length, 404, 405 with Allow, 400 for a body that is no JSON), nothing is slowed down,
nothing is golfed. It is easier on itself than fsroute may be: no HEAD, no OPTIONS, no UTF-8 in paths, no
bound on a body.
"""

import json
from collections.abc import Iterable
from urllib.parse import parse_qsl
from wsgiref.types import StartResponse, WSGIEnvironment


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    method = environ["REQUEST_METHOD"]
    path = environ.get("PATH_INFO", "")

    if path == "/api/hello":
        if method != "GET":
            return method_not_allowed(start_response, "GET")
        return answer(start_response, "200 OK", {"message": "Hello, World!"})

    if path == "/api/products":
        if method != "GET":
            return method_not_allowed(start_response, "GET")
        query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
        return answer(
            start_response, "200 OK", {"category": query.get("category"), "limit": query.get("limit")}
        )

    if path == "/api/users":
        if method != "POST":
            return method_not_allowed(start_response, "POST")
        try:
            length = int(environ.get("CONTENT_LENGTH") or 0)
            user = json.loads(environ["wsgi.input"].read(length))
            name = user["name"]
        except (ValueError, KeyError, TypeError):
            return answer(start_response, "400 Bad Request", {"error": "Bad Request"})
        return answer(start_response, "201 Created", {"message": "User created", "name": name})

    if path.startswith("/api/users/"):
        user_id = path[len("/api/users/") :]
        if user_id and "/" not in user_id:
            if method != "GET":
                return method_not_allowed(start_response, "GET")
            return answer(start_response, "200 OK", {"id": user_id, "name": "Alice"})

    return answer(start_response, "404 Not Found", {"error": "Not Found"})


def typed_application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """The two of typed/, as far as their requests go: what comes is converted and checked."""
    if environ.get("PATH_INFO", "") == "/api/products":
        query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
        try:
            limit = int(query.get("limit", 10))
        except ValueError:
            return answer(start_response, "400 Bad Request", {"error": "limit must be a whole number"})
        return answer(start_response, "200 OK", {"category": query.get("category"), "limit": limit})

    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        user = json.loads(environ["wsgi.input"].read(length))
        name, email, age = user["name"], user["email"], user["age"]
    except (ValueError, KeyError, TypeError):
        return answer(start_response, "400 Bad Request", {"error": "Bad Request"})
    if not (isinstance(name, str) and isinstance(email, str) and isinstance(age, int)):
        return answer(start_response, "400 Bad Request", {"error": "name and email are text, age a number"})
    return answer(start_response, "201 Created", {"message": "User created", "name": name, "age": age})


def answer(start_response: StartResponse, status: str, value: object) -> list[bytes]:
    body = json.dumps(value).encode()
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def method_not_allowed(start_response: StartResponse, allow: str) -> list[bytes]:
    body = json.dumps({"error": "Method Not Allowed"}).encode()
    headers = [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        ("Allow", allow),
    ]
    start_response("405 Method Not Allowed", headers)
    return [body]
