"""CORS and CSRF as a real browser takes them: pages of several origins, and a site that all of them ask."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page

from fsroute import Request, Response
from fsroute.middleware.cors import cors
from tests.conftest import write_files
from tests.servers import dev, serving

pytestmark = pytest.mark.browser

PAGES = {"page.html": "<!doctype html><title>a page</title>"}

# Outermost, who came is noted. /guarded has a guard, /closed has csrf, /open lets everybody read.
SITE = {
    "page.html": "<!doctype html><title>the site's own page</title>",
    "middleware.py": """
import os
from fsroute.middleware.cors import cors
from ._heard import heard

def note(request, call_next):
    response = call_next(request)
    heard.append([request.method, request.path, response.status, request.headers.get("Origin"),
                  request.headers.get("Sec-Fetch-Site")])
    return response

middleware = [note, cors([os.environ["SHOP"]], credentials=True, expose=["X-Total"])]
""",
    "_heard.py": "heard = []\n",
    "heard/middleware.py": "inherit = False\n",
    "heard/route.py": """
from .._heard import heard
def GET():
    told = heard[:]
    heard.clear()
    return told
""",
    "api/route.py": """
from fsroute import HTTPError, Response
def GET(request):
    fields = {"X-Total": "3", "X-Other": "4", "Access-Control-Allow-Origin": "*"}
    return Response.json({"cookie": request.cookies.get("session")}, headers=fields)
def POST(request): return 201, None, request.json()
def PUT(request): return [request.headers.get("X-Token"), request.headers.get("Authorization")]
def PATCH(): raise RuntimeError("broken")
def DELETE(): return Response.empty()
""",
    "api/none/route.py": "from fsroute import HTTPError\ndef GET(): raise HTTPError(404, 'No such thing')\n",
    "api/login/route.py": """
from fsroute import Response
def GET():
    response = Response.text("welcome")
    response.set_cookie("session", "eve")
    return response
""",
    "guarded/middleware.py": """
from fsroute.middleware.basic_auth import basic_auth
middleware = basic_auth({"eve": "secret"})
""",
    "guarded/route.py": "def GET(request): return request.state.user\nPUT = GET\n",
    "open/middleware.py": "from fsroute.middleware.cors import cors\ninherit = False\nmiddleware = cors()\n",
    "open/route.py": "def GET(): return 'open'\ndef PUT(): return 'put'\n",
    "null/middleware.py": "from fsroute.middleware.cors import cors\n"
                          "inherit = False\nmiddleware = cors(['null'])\n",
    "null/route.py": "def GET(): return 'null'\ndef PUT(): return 'put'\n",
    "closed/middleware.py": """
import os
from fsroute.middleware.csrf import csrf
middleware = csrf([os.environ["SHOP"]])
""",
    "closed/route.py": "".join(f"def {method}(): return 'changed'\n" for method in ("POST", "DELETE"))
                       + "def GET(): return 'read'\n",
    "closed/mine/route.py": """
from fsroute import Response
PAGE = "<!doctype html><title>mine</title>"
def GET(): return Response.html(PAGE, headers={"Referrer-Policy": "no-referrer"})
""",
}


@dataclass
class Place:
    """Where two servers answer: one with pages, one with the site that they talk to."""

    pages: int
    site: int

    def heard(self) -> list[list[Any]]:
        """What came to the site since this was last asked: method, path, status, Origin, Sec-Fetch-Site."""
        with urlopen(f"http://127.0.0.1:{self.site}/heard", timeout=30) as answer:
            told: list[list[Any]] = json.load(answer)
        return told


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folders = []
    for name, files in (("pages", PAGES), ("site", SITE)):
        folders.append(tmp_path_factory.mktemp(name))
        write_files(folders[-1] / f"{name}_app", files)
    with (serving(dev("pages_app"), folders[0]) as pages,
          serving(dev("site_app"), folders[1], SHOP=pages.url) as site):
        yield Place(pages.port, site.port)


@pytest.fixture
def page(browser: Browser, place: Place) -> Iterator[Page]:
    """A page of a user who has no cookies yet; nobody was heard."""
    context = browser.new_context()
    place.heard()
    yield context.new_page()
    context.close()


# what a page's script gets: the answer as far as it may read it, or the name of the error
FETCH = """async ([url, options]) => {
    try {
        const answer = await fetch(url, options);
        const [total, other] = ["X-Total", "X-Other"].map(name => answer.headers.get(name));
        return [answer.status, await answer.text(), total, other];
    } catch (error) {
        return error.name;
    }
}"""


def fetch(page: Any, host: str, place: Place, path: str, **options: Any) -> Any:
    return page.evaluate(FETCH, [f"http://{host}:{place.site}{path}", options])


JSON = {"Content-Type": "application/json"}
EVE = {"Authorization": "Basic ZXZlOnNlY3JldA=="}

# path, what the script asks for, and what it may read: status and text
ASKED: list[tuple[str, dict[str, Any], int, str]] = [
    ("/api", {}, 200, '{"cookie":null}'),
    ("/api", {"method": "POST", "headers": JSON, "body": '{"a":"é"}'}, 201, '{"a":"é"}'),
    ("/api", {"method": "PUT", "headers": {"X-Token": "t"}}, 200, '["t",null]'),
    ("/api", {"method": "PUT", "headers": {"Authorization": "Bearer x", "X-A": "1", "X-B": "2"}}, 200,
     '[null,"Bearer x"]'),
    ("/api", {"method": "DELETE"}, 204, ""),
    ("/api", {"method": "HEAD"}, 200, ""),
    ("/api/", {}, 200, '{"cookie":null}'),                  # by way of a 308
    # errors too
    ("/api", {"method": "PATCH"}, 500, "The server failed to answer"),
    ("/api", {"method": "POST", "headers": JSON, "body": "{"}, 400, '"status":400'),
    ("/api", {"method": "POST", "body": "{}"}, 415, '"status":415'),
    ("/api/none", {}, 404, "No such thing"),
    ("/api/none", {"method": "DELETE"}, 405, '"status":405'),
    ("/nope", {"method": "PUT"}, 404, '"status":404'),
    # a guard that the preflight does not meet
    ("/guarded", {}, 401, '"status":401'),
    ("/guarded", {"method": "PUT"}, 401, '"status":401'),
    ("/guarded", {"headers": EVE}, 200, "eve"),
    ("/guarded", {"method": "PUT", "headers": EVE}, 200, "eve"),
]




def modes(path: str, options: dict[str, Any]) -> tuple[str, ...]:
    """The kinds of credentials to try; for "include", a 401 would make the browser ask the user."""
    return ("omit",) if path == "/guarded" and "headers" not in options else ("omit", "include")


def is_simple(options: dict[str, Any]) -> bool:
    """Whether it comes without a preflight."""
    return options.get("method", "GET") in ("GET", "HEAD", "POST") and "headers" not in options


@pytest.mark.parametrize(("path", "options", "status", "text"), ASKED)
def test_a_page_that_is_allowed_reads_every_answer_errors_too(
    page: Page, place: Place, path: str, options: dict[str, Any], status: int, text: str
) -> None:
    page.goto(f"http://127.0.0.1:{place.pages}")
    for mode in modes(path, options):
        answer = fetch(page, "127.0.0.1", place, path, **options, credentials=mode)
        assert answer[0] == status, answer
        assert text in answer[1]
    came = place.heard()
    assert {origin for _, _, _, origin, _ in came} == {f"http://127.0.0.1:{place.pages}"}
    assert ("OPTIONS" in [method for method, *_ in came]) == (not is_simple(options))


@pytest.mark.parametrize(("path", "options"), [case[:2] for case in ASKED])
def test_a_page_that_is_not_allowed_reads_nothing_and_what_needs_a_preflight_never_comes(
    page: Page, place: Place, path: str, options: dict[str, Any]
) -> None:
    page.goto(f"http://localhost:{place.pages}")
    for mode in modes(path, options):
        assert fetch(page, "127.0.0.1", place, path, **options, credentials=mode) == "TypeError"
    came = place.heard()
    expected = options.get("method", "GET") if is_simple(options) else "OPTIONS"
    assert {method for method, *_ in came} == {expected}
    assert {origin for _, _, _, origin, _ in came} == {f"http://localhost:{place.pages}"}


def test_a_page_sees_cookies_at_work_only_if_it_asks_with_credentials(page: Page, place: Place) -> None:
    page.goto(f"http://127.0.0.1:{place.site}/api/login")
    page.goto(f"http://127.0.0.1:{place.pages}")
    for mode, cookie in (("omit", "null"), ("include", '"eve"'), ("same-origin", "null")):
        assert fetch(page, "127.0.0.1", place, "/api", credentials=mode)[1] == f'{{"cookie":{cookie}}}'


def test_a_page_reads_the_headers_that_are_exposed_and_no_others(page: Page, place: Place) -> None:
    page.goto(f"http://127.0.0.1:{place.pages}")
    assert fetch(page, "127.0.0.1", place, "/api")[2:] == ["3", None]
    page.goto(f"http://127.0.0.1:{place.site}")
    assert fetch(page, "127.0.0.1", place, "/api")[2:] == ["3", "4"]


@pytest.mark.parametrize("options", [
    {"method": "QUERY"}, {"method": "patch"},
    {"method": "PUT", "headers": {"Sec_Fetch_Site": "same-origin"}}])
def test_a_page_may_not_send_what_is_not_allowed(page: Page, place: Place, options: dict[str, Any]) -> None:
    page.goto(f"http://127.0.0.1:{place.pages}")
    assert fetch(page, "127.0.0.1", place, "/api", **options) == "TypeError"
    assert {method for method, *_ in place.heard()} == {"OPTIONS"}


def test_what_is_open_to_everybody_is_read_by_everybody_but_never_with_credentials(
    page: Page, place: Place
) -> None:
    for host in ("127.0.0.1", "localhost", "evil.test"):
        page.goto(f"http://{host}:{place.pages}")
        target = "site.test" if host == "evil.test" else "127.0.0.1"
        assert fetch(page, target, place, "/open")[:2] == [200, "open"]
        assert fetch(page, target, place, "/open", method="PUT", headers={"X-A": "1"})[:2] == [200, "put"]
        assert fetch(page, target, place, "/open", credentials="include") == "TypeError"


def sandboxed(page: Page) -> Any:
    """A frame that may run scripts and send forms, and is nobody."""
    page.evaluate("""() => new Promise(resolve => {
        const frame = document.createElement("iframe");
        frame.sandbox = "allow-scripts allow-forms";
        frame.srcdoc = "<!doctype html><title>frame</title>";
        frame.onload = resolve;
        document.body.append(frame);
    })""")
    [frame] = page.frames[1:]
    return frame


def test_a_sandboxed_frame_is_nobody_even_on_a_page_that_is_allowed(page: Page, place: Place) -> None:
    page.goto(f"http://127.0.0.1:{place.pages}")
    frame = sandboxed(page)
    assert fetch(frame, "127.0.0.1", place, "/api") == "TypeError"
    assert fetch(frame, "127.0.0.1", place, "/api", method="DELETE") == "TypeError"
    assert [heard[::3] for heard in place.heard()] == [["GET", "null"], ["OPTIONS", "null"]]
    # where it is listed, it may
    assert fetch(frame, "127.0.0.1", place, "/null")[:2] == [200, "null"]
    assert fetch(frame, "127.0.0.1", place, "/null", method="PUT")[:2] == [200, "put"]
    assert fetch(page, "127.0.0.1", place, "/null") == "TypeError"


# csrf

SUBMIT = """url => {
    const form = document.createElement("form");
    form.method = "POST";
    form.action = url;
    document.body.append(form);
    form.submit();
}"""


def submit(page: Page, url: str) -> str:
    """Has the page send a form there; the text that the user sees then."""
    with page.expect_navigation():
        page.evaluate(SUBMIT, url)
    return page.inner_text("body")


# the host and server of the form's page, the host it goes to, what the browser says of it, whether it passes
FORMS = [
    ("127.0.0.1", "site", "127.0.0.1", "same-origin", True),
    ("localhost", "site", "localhost", "same-origin", True),
    ("127.0.0.1", "pages", "127.0.0.1", "same-site", True),         # trusted
    ("localhost", "pages", "localhost", "same-site", False),        # another port, another origin
    ("localhost", "pages", "127.0.0.1", "cross-site", False),
    ("localhost", "site", "127.0.0.1", "cross-site", False),
    ("127.0.0.1", "pages", "localhost", "cross-site", True),        # trusted
    ("evil.test", "pages", "127.0.0.1", "cross-site", False),
    # a name on plain http: the browser tells only the origin
    ("site.test", "site", "site.test", None, True),
    ("site.test", "pages", "site.test", None, False),
    ("evil.test", "pages", "site.test", None, False),
    ("evil.site.test", "pages", "site.test", None, False),
    ("evil.test", "site", "site.test", None, False),
    ("127.0.0.1", "pages", "site.test", None, True),                # trusted
]


@pytest.mark.parametrize(("host", "server", "target", "fetched", "passes"), FORMS)
def test_a_form_passes_from_a_page_of_ours_or_one_that_is_trusted(
    page: Page, place: Place, host: str, server: str, target: str, fetched: str | None, passes: bool
) -> None:
    origin = f"http://{host}:{place.site if server == 'site' else place.pages}"
    page.goto(origin)
    place.heard()
    shown = submit(page, f"http://{target}:{place.site}/closed")
    assert (shown == "changed") == passes
    assert passes or "403 Forbidden" in shown
    posts = [heard for heard in place.heard() if heard[0] == "POST"]
    assert posts == [["POST", "/closed", 200 if passes else 403, origin, fetched]]


@pytest.mark.parametrize(("host", "target", "mode", "passes"), [
    ("127.0.0.1", "127.0.0.1", "no-cors", True), ("localhost", "127.0.0.1", "no-cors", False),
    ("evil.test", "site.test", "no-cors", False), ("127.0.0.1", "127.0.0.1", "cors", True),
    ("localhost", "127.0.0.1", "cors", False)])
def test_a_fetch_that_cannot_read_its_answer_changes_nothing_either(
    page: Page, place: Place, host: str, target: str, mode: str, passes: bool
) -> None:
    page.goto(f"http://{host}:{place.pages}")
    fetch(page, target, place, "/closed", method="POST", mode=mode, credentials="include", body="x=1")
    assert [heard[:3:2] for heard in place.heard()] == [["POST", 200 if passes else 403]]


def test_a_page_of_ours_may_use_every_method(page: Page, place: Place) -> None:
    for host in ("127.0.0.1", "site.test"):
        page.goto(f"http://{host}:{place.site}")
        for method, text in (("GET", "read"), ("POST", "changed"), ("DELETE", "changed")):
            assert fetch(page, host, place, "/closed", method=method)[:2] == [200, text]


def test_what_the_user_does_passes_and_reading_passes_from_anywhere(page: Page, place: Place) -> None:
    page.goto(f"http://127.0.0.1:{place.site}/closed")
    assert page.inner_text("body") == "read"
    page.goto(f"http://localhost:{place.pages}")
    with page.expect_navigation():
        page.evaluate("url => { location = url; }", f"http://127.0.0.1:{place.site}/closed")
    assert page.inner_text("body") == "read"
    assert [heard[4] for heard in place.heard() if heard[1] == "/closed"] == ["none", "cross-site"]


@pytest.mark.parametrize(("host", "fetched"), [("127.0.0.1", "cross-site"), ("site.test", None)])
def test_a_form_in_a_sandboxed_frame_is_nobodys(
    page: Page, place: Place, host: str, fetched: str | None
) -> None:
    page.goto(f"http://{host}:{place.site}")
    frame = sandboxed(page)
    place.heard()
    with frame.expect_navigation():
        frame.evaluate(SUBMIT, f"http://{host}:{place.site}/closed")
    assert "403 Forbidden" in frame.inner_text("body")
    assert place.heard() == [["POST", "/closed", 403, "null", fetched]]


@pytest.mark.parametrize(("host", "fetched", "passes"), [
    ("127.0.0.1", "same-origin", True), ("site.test", None, False)])
def test_a_page_without_referrers_is_nobodys_where_the_browser_says_only_the_origin(
    page: Page, place: Place, host: str, fetched: str | None, passes: bool
) -> None:
    page.goto(f"http://{host}:{place.site}/closed/mine")
    place.heard()
    assert (submit(page, f"http://{host}:{place.site}/closed") == "changed") == passes
    assert place.heard() == [["POST", "/closed", 200 if passes else 403, "null", fetched]]


# how browsers write an origin

HOSTS = [
    "a", "A", "a.example", "a.example.", "a-b", "-a", "a-", "a_b", "_", "xn--caf-dma.example", "café.example",
    "a%62", "%61", "a b", "a\tb", "a@b", "a:b@c", "a\\b", "a|b", "a^b", "a<b", "\uff41", "\uff11", "a\u00adb",
    "a\u3002b", "",
    # addresses, and what might be one
    "1a", "1.a", "a.1", "a.01", "a.0x", "a.0x1", "a.0xg", "0xg", "0x", "1", "127.1", "127.0.1", "127.0.0.1",
    "127.0.0.1.", "127.0.0.01", "0127.0.0.1", "127.0.0.256", "1.2.3.4.5", "0x7f.0.0.1", "2130706433",
    "4294967295", "4294967296", "0.0.0.0", "255.255.255.255", "1.2.3.a",
    "[::]", "[::1]", "[::1.2.3.4]", "[::102:304]", "[::ffff:1.2.3.4]", "[::ffff:102:304]", "[::FFFF:102:304]",
    "[::ffff:0:0]", "[::ffff:0.0.0.0]", "[64:ff9b::1.2.3.4]", "[64:ff9b::102:304]", "[0::1]",
    "[0:0:0:0:0:0:0:1]", "[1:2:3:4:5:6:7:8]", "[01:2:3:4:5:6:7:8]", "[1:0:0:2:0:0:0:3]", "[1:0:0:2::3]",
    "[1::2:0:0:0:3]", "[1:0:0:2:0:0:3:4]", "[1::2:0:0:3:4]", "[1:0:2:3:4:5:6:7]", "[1::2:3:4:5:6:7]",
    "[2001:db8::]", "[2001:DB8::]", "[fe80::1%25eth0]", "[fe80::1%eth0]", "[v1.a]", "[]", "[:]", "[1]", "::1",
    "[::1", "::1]",
]
PORTS = ["", ":", ":80", ":443", ":8000", ":08000", ":080", ":65535", ":65536", ":99999", ":100000", ":x",
         ":-1", ":+1", ":1 ", ":8_0", ":\u0663"]
ORIGINS = """texts => texts.map(text => {
    try { return new URL(text).origin; } catch { return "none"; }
})"""


def is_taken(origin: str) -> bool:
    try:
        cors([origin])
    except ValueError:
        return False
    return True


def test_what_may_be_listed_is_what_browsers_write_and_what_is_refused_is_not(page: Page) -> None:
    texts = [f"{scheme}://{host}{port}{end}" for scheme, host, port, end in product(
        ("http", "https", "HTTP"), HOSTS, PORTS, ("", "/", "/a", "?a", "#a", " "))]
    written = page.evaluate(ORIGINS, texts)
    taken = [text for text in texts if is_taken(text)]
    assert taken == [text for text, origin in zip(texts, written, strict=True) if origin == text]
    assert len(taken) > 100


def test_a_host_that_only_a_browser_takes_for_one_is_refused(page: Page, place: Place) -> None:
    """Whoever owns a domain has all names below it, and signs in them have misled many a check of origins."""
    texts = [f"https://shop.example{sign}.evil.example" for sign in "!\"$&'()+,;=`{}~"]
    assert page.evaluate(ORIGINS, texts) == texts
    assert not [text for text in texts if is_taken(text)]
    heard: list[str] = []

    def says_yes(origin: str) -> bool:
        heard.append(origin)
        return True

    middleware = cors(says_yes)
    for text in texts:
        answer = middleware(Request.build(headers={"Origin": text}), lambda request: Response("ok"))
        assert "Access-Control-Allow-Origin" not in answer.headers
    assert heard == []
