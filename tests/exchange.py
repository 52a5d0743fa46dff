"""One request to a WSGI app, and a lint of what comes back.

wsgiref.validate refuses malformed environs before an app sees them; this lint takes any environ and is
stricter about the answer (RFC 9110, PEP 3333).
"""

import io
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes
from wsgiref.types import WSGIApplication

_STATUS = re.compile(r"[2-5][0-9][0-9] [ -~]+")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_VALUE = re.compile(r"[ -~\x80-\xff]*")


@dataclass
class Answer:
    status: int
    headers: dict[str, str]     # names in lower case
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


def environ_of(method: str, target: str, body: bytes | None = None, **more: Any) -> dict[str, Any]:
    """The environ a host makes of a request line; `more` adds to it, None takes a key out."""
    path, _, query = target.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body or b""),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if body is not None:
        environ |= {"CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": "application/json"}
    return {key: value for key, value in (environ | more).items() if value is not None}


def exchange(app: WSGIApplication, environ: dict[str, Any], shaped: bool = False) -> Answer:
    """Runs the request. AssertionError when the answer is not what a host may be given.

    shaped: errors look as the app's own error files, or a handler's Response, make them.
    """
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None, /
                       ) -> Callable[[bytes], object]:
        assert not started, "start_response was called twice"
        started.append((status, headers))
        return lambda data: None

    method = environ.get("REQUEST_METHOD")
    result = app(environ, start_response)
    chunks: list[bytes] = []
    try:
        for chunk in result:
            assert type(chunk) is bytes, f"a chunk of {type(chunk).__name__}"
            chunks.append(chunk)
    finally:
        getattr(result, "close", lambda: None)()
    assert started, "start_response was not called"
    [(status, headers)] = started
    body = b"".join(chunks)
    assert chunks == [b""] or b"" not in chunks, "some hosts take an empty chunk for the end"
    _lint(method, status, headers, body, made=isinstance(result, list) and method != "HEAD")
    if int(status[:3]) >= 400 and not shaped:
        _lint_error({name.lower(): value for name, value in headers})
    return Answer(int(status[:3]), {name.lower(): value for name, value in headers}, body)


def _lint(method: str | None, status: str, headers: list[tuple[str, str]], body: bytes, made: bool) -> None:
    """made: the whole body was there when it was sent, so its length was known."""
    assert _STATUS.fullmatch(status), status
    for name, value in headers:
        assert type(name) is type(value) is str
        assert _NAME.fullmatch(name), name
        assert _VALUE.fullmatch(value), (name, value)
    names = [name.lower() for name, _ in headers]
    assert not {"connection", "transfer-encoding"} & set(names), names
    single = [name for name in names if name not in ("set-cookie", "vary")]
    assert len(single) == len(set(single)), f"a header twice: {names}"
    fields = {name.lower(): value for name, value in headers}
    if status[:3] in ("204", "304"):
        assert not body, (status, body)
        assert not {"content-type", "content-length"} & set(names), (status, headers)
        return
    assert "content-type" in fields, headers
    length = fields.get("content-length")
    assert length is not None or not made, headers
    if method == "HEAD":
        assert not body, body
    else:
        assert length in (None, str(len(body))), (headers, body)


def _lint_error(fields: dict[str, str]) -> None:
    assert fields["content-type"] in ("application/problem+json", "text/html; charset=utf-8"), fields
    assert fields["cache-control"] == "no-store", fields
    assert "Accept" in fields["vary"].split(", "), fields
