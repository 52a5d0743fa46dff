"""The requests that are measured, and what each must be answered with."""

import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from typing import Any
from wsgiref.types import WSGIApplication, WSGIEnvironment

Headers = list[tuple[str, str]]

DISTINCT = 10_000  # A dynamic workload cycles through this many paths, queries or bodies: no memo helps.


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and the answer that it must get."""

    method: str
    path: str
    query: str = ""
    body: bytes = b""
    status: int = 200
    value: object = None  # the JSON value of the answer; None: any object, for the wording of errors is free
    allow: str = ""  # a method that the Allow header must name


@dataclass(frozen=True, slots=True)
class Workload:
    name: str
    title: str
    exchange: Callable[[int], Exchange]  # the exchange with this number, from 0 to DISTINCT - 1


def _hello(number: int) -> Exchange:
    return Exchange("GET", "/api/hello", value={"message": "Hello, World!"})


def _user(number: int) -> Exchange:
    return Exchange("GET", f"/api/users/{number}", value={"id": str(number), "name": "Alice"})


def _products(number: int) -> Exchange:
    value = {"category": f"shoes{number}", "limit": "10"}
    return Exchange("GET", "/api/products", query=f"category=shoes{number}&limit=10", value=value)


def _new_user(number: int) -> Exchange:
    body = json.dumps({"name": f"Bob{number}", "email": f"bob{number}@example.com"}).encode()
    return Exchange(
        "POST", "/api/users", body=body, status=201, value={"message": "User created", "name": f"Bob{number}"}
    )


def _typed_products(number: int) -> Exchange:
    value = {"category": f"shoes{number}", "limit": number}
    return Exchange("GET", "/api/products", query=f"category=shoes{number}&limit={number}", value=value)


def _typed_user(number: int) -> Exchange:
    user = {"name": f"Bob{number}", "email": f"bob{number}@example.com", "age": number}
    value = {"message": "User created", "name": user["name"], "age": number}
    return Exchange("POST", "/api/users", body=json.dumps(user).encode(), status=201, value=value)


def _nothing(number: int) -> Exchange:
    return Exchange("GET", f"/api/nope{number}", status=404)


def _wrong_method(number: int) -> Exchange:
    return Exchange("DELETE", "/api/hello", status=405, allow="GET")


WORKLOADS = (
    Workload("W1", "static path, JSON out", _hello),
    Workload("W2", "one path parameter", _user),
    Workload("W3", "two query fields", _products),
    Workload("W4", "JSON in, JSON out, 201", _new_user),
    Workload("W5", "404", _nothing),
    Workload("W6", "405", _wrong_method),
)

# Those whose input is converted and checked, by the handler or before it.
TYPED_WORKLOADS = (
    Workload("query", "two query fields, one an int", _typed_products),
    Workload("body", "JSON in, three fields of it checked, 201", _typed_user),
)


def environ_of(exchange: Exchange) -> WSGIEnvironment:
    """What gunicorn hands to an application for this request, as a new dict.

    What comes over the wire is new text for each request, as it is behind a host: a str of the last request
    would bring its hash along, and `is` would spare a comparison.
    """
    return {
        "wsgi.errors": sys.stderr,
        "wsgi.version": (1, 0),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
        "wsgi.input": io.BytesIO(exchange.body),
        "wsgi.url_scheme": "http",
        "SERVER_SOFTWARE": "gunicorn",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SCRIPT_NAME": "",
        "SERVER_PROTOCOL": _new("HTTP/1.1"),
        "REQUEST_METHOD": _new(exchange.method),
        "PATH_INFO": _new(exchange.path),
        "QUERY_STRING": _new(exchange.query),
        "RAW_URI": _new(exchange.path),
        "REMOTE_ADDR": _new("127.0.0.1"),
        "REMOTE_PORT": _new("50000"),
        "HTTP_HOST": _new("localhost:8000"),
        "HTTP_USER_AGENT": _new("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
        "HTTP_ACCEPT": _new("*/*"),
        "HTTP_ACCEPT_ENCODING": _new("gzip, deflate, br"),
        "HTTP_CONNECTION": _new("keep-alive"),
        **_content(exchange.body),
    }


def _content(body: bytes) -> dict[str, str]:
    if not body:
        return {}
    return {"CONTENT_TYPE": _new("application/json"), "CONTENT_LENGTH": _new(str(len(body)))}


def _new(text: str) -> str:
    return text.encode("latin-1").decode("latin-1")


def start_response(status: str, headers: Headers, exc_info: Any = None, /) -> Callable[[bytes], object]:
    """The least that a host does: it takes what it is given."""
    return _write


def _write(data: bytes) -> object:
    raise NotImplementedError("write() is for applications from before WSGI")


def verify(app: WSGIApplication, exchange: Exchange) -> None:
    """Raise AssertionError unless app gives the right answer: status, headers and JSON value."""
    given: list[tuple[str, Headers]] = []

    def keep(status: str, headers: Headers, exc_info: Any = None, /) -> Callable[[bytes], object]:
        given.append((status, headers))
        return _write

    result = app(environ_of(exchange), keep)
    body = b"".join(chain(result))
    if hasattr(result, "close"):
        result.close()
    [(status, pairs)] = given
    headers = {name.lower(): value for name, value in pairs}
    value = json.loads(body)
    request = f"{exchange.method} {exchange.path}"

    problems = [
        f"{what} is {came!r}, not {expected!r}"
        for what, came, expected in (
            ("the status", status[:3], str(exchange.status)),
            ("Content-Length", headers.get("content-length"), str(len(body))),
            ("Content-Type is JSON:", headers.get("content-type", "").endswith("json"), True),
            ("no header twice:", len(headers) == len(pairs), True),
            ("the value", value, exchange.value if exchange.value is not None else value),
            ("the value is an object:", isinstance(value, dict), True),
            ("Allow names it:", exchange.allow in headers.get("allow", ""), True),
        )
        if came != expected
    ]
    if problems:
        raise AssertionError(f"{request}: {'; '.join(problems)}")
