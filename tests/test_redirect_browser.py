"""Where a real browser goes: every target that redirect(local=True) lets through stays on the site."""

import io
import itertools
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from playwright.sync_api import Page

from fsroute.http.response import Response
from fsroute.http.url import is_local
from tests.browsers import chromium
from tests.conftest import Make

pytestmark = pytest.mark.browser

# where the client is: "/", deep down, with a user and a query that hold what a target may hold
PLACES = ["http://shop.example/", "https://shop.example:8443/a/b/?next=//evil.example#c"]

# what redirects have been led astray with, one piece each: slashes and what is read as one, what is left out
# between them, what begins a scheme, a host, a port, a user, and letters that look like one of these
PIECES = ["/", "\\", "\t", "\n", "\r", "\0", " ", ".", ":", "@", "?", "#", "%", "%2f", "%5c", "%09", "%00",
    "%2e", "[", "]", "e",
          "http:", "javascript:", "\x0b", "\x1f", "\x7f", "\x85", "\xa0", "\u00ad", "\u200b", "\u202e",
          "\u2028", "\u2044",
          "\u2215", "\u29f8", "\u3002", "\u3000", "\uff0e", "\uff0f", "\uff1a", "\uff3c", "\ufe68",
          "\ufeff", "\U0001f600"]
DANGEROUS = ["/", "\\", "\t", "\n", ".", ":", "@", "?", "#", "%2f", "%5c", "e", "\uff0f", "\0", " "]

# origins as the browser sees them: of the target as it is, and of what goes into Location
ORIGINS = """([place, targets]) => targets.map(target => {
    try { return new URL(target, place).origin; } catch { return "none"; }
})"""


def generated() -> Iterator[str]:
    """Every sequence of up to three of PIECES, and longer ones of DANGEROUS behind what begins a target."""
    for length in range(4):
        yield from map("".join, itertools.product(PIECES, repeat=length))
    for start, length in [*itertools.product(("/", "\t", "\0", " ", "http:", "https:"), [3]), ("/", 4)]:
        yield from (start + "".join(parts) for parts in itertools.product(DANGEROUS, repeat=length))


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with chromium() as browser:
        yield browser.new_page()


def origins(page: Page, place: str, targets: list[str]) -> list[str]:
    found: list[str] = []
    for start in range(0, len(targets), 20_000):
        found += page.evaluate(ORIGINS, [place, targets[start:start + 20_000]])
    return found


def test_what_is_let_through_stays_on_the_site_and_what_leaves_it_is_refused(page: Page) -> None:
    targets = list(dict.fromkeys(generated()))
    local = [target for target in targets if is_local(target)]
    sent = [Response.redirect(target, local=True).headers["Location"] for target in local]
    assert len(local) > 10_000
    for place in PLACES:
        here = "/".join(place.split("/")[:3])
        assert set(origins(page, place, local)) == {here}
        assert set(origins(page, place, sent)) == {here}
        # and the browser does see where the others lead
        elsewhere = {target for target, origin in zip(targets, origins(page, place, targets), strict=True)
                     if origin != here}
        assert {"//e", "/\\e", "\\\\e", "/\t/e", "\t//e", " //e", "http://e", "\0//e", "/\n\\e"} <= elsewhere
        assert not elsewhere & set(local)


@pytest.mark.parametrize("char", ["", "%5c", "\uff0f"])
def test_no_character_at_the_start_of_a_path_leads_away(char: str, page: Page) -> None:
    """Each of the first 65,536, between the slash and what could be a host."""
    targets = [f"/{char}{chr(code)}/evil.example" for code in range(0x10000)]
    targets += [f"/{chr(code)}{char}evil.example" for code in range(0x10000)]
    local = [target for target in targets if is_local(target)]
    sent = [Response.redirect(target, local=True).headers["Location"] for target in local]
    assert set(origins(page, PLACES[0], sent)) <= {"http://shop.example"}
    assert len(local) > 60_000


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""

    def get_stderr(self) -> Any:
        return io.StringIO()


@pytest.mark.parametrize("target", [
    "/", "/account?tab=1#top", "/é", "/.//evil.example", "/..//evil.example", "/%2f%2fevil.example",
    "/%5cevil.example", "/@evil.example",
    "/?next=//evil.example", "/#//evil.example", "/\uff0fevil.example", "/\u3002evil.example",
    "/%09/evil.example", "/javascript:alert(1)"])
def test_a_browser_that_follows_the_redirect_arrives_on_the_site(target: str, page: Page, make: Make) -> None:
    app = make({"go/route.py": "from fsroute import Response\n"
                               "def GET(request):\n"
                               "    return Response.redirect(request.query['next'], local=True)\n"})
    server = make_server("127.0.0.1", 0, app, handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        site = f"http://127.0.0.1:{server.server_port}"
        page.goto(f"{site}/go?next={quote(target, safe='')}")
        assert page.url.startswith(f"{site}/")
        assert "/go" not in page.url
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
