"""The server for local work: wsgiref, a thread a request.

Facts
-----
- wsgiref says CONTENT_TYPE "text/plain" when the client sent none, and gives 204 and 304 a Content-Length.
- It speaks HTTP/1.0: every request has a connection of its own.

Rules this module keeps
-----------------------
1. What wsgiref invents is taken back here, so that an app meets locally what it will meet in production.
2. A thread that still answers does not keep the server from stopping.
"""

from __future__ import annotations

import sys
from email import errors
from socketserver import ThreadingMixIn
from wsgiref.simple_server import ServerHandler, WSGIRequestHandler, WSGIServer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any
    from wsgiref.types import WSGIApplication


_OF_A_BODY = (errors.MultipartInvariantViolationDefect, errors.NoBoundaryInMultipartDefect,
              errors.StartBoundaryNotFoundDefect)


class _Answer(ServerHandler):
    """One request's answer; the app says how long it is."""

    headers_sent: bool
    request_handler: WSGIRequestHandler

    def set_content_length(self) -> None:
        """Leaves the header out where the app left it out."""

    def finish_content(self) -> None:
        """Sends the headers of an answer without a body."""
        if not self.headers_sent:
            self.send_headers()


class _Connection(WSGIRequestHandler):
    """One connection, so one request."""

    def get_environ(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environ()
        if self.headers.get("content-type") is None:
            del environ["CONTENT_TYPE"]
        return environ

    def handle(self) -> None:
        """As wsgiref does, with our kind of answer."""
        self.raw_requestline = self.rfile.readline(65_537)
        if len(self.raw_requestline) > 65_536:
            self.requestline, self.request_version, self.command = "", "", ""
            self.send_error(414)
        elif self.parse_request():      # which answers by itself when it cannot
            self._answer()

    def _answer(self) -> None:
        if self._is_malformed():
            self.send_error(400)
        else:
            environ = self.get_environ()
            handler = _Answer(self.rfile, self.wfile, self.get_stderr(), environ)  # type: ignore[arg-type]
            handler.request_handler = self              # where its close() logs the request
            handler.run(self.server.get_app())          # type: ignore[attr-defined]   # a WSGIServer's

    def _is_malformed(self) -> bool:
        """Headers that servers in production refuse: folded ones, defects, two lengths (RFC 9112, 5, 6)."""
        lengths = self.headers.get_all("content-length", [])
        folded = any("\n" in value or "\r" in value for value in self.headers.values())
        # the parser is one of mails, and misses the body of a form
        defects = [one for one in self.headers.defects if not isinstance(one, _OF_A_BODY)]
        return bool(defects) or folded or len(lengths) > 1


class Server(ThreadingMixIn, WSGIServer):
    """Serves one app; a request's thread ends with it."""

    daemon_threads = True
    request_queue_size = 128        # socketserver's 5 resets connections of a browser that opens a page

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error of ours; anything else is shown as socketserver does."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def make_server(app: WSGIApplication, host: str, port: int) -> Server:
    """A server that listens already; port 0 takes a free one. Raises OSError when it cannot listen there."""
    server = Server((host, port), _Connection)
    server.set_app(app)
    return server
