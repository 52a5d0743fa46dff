"""Security headers: what is set by default, what a handler keeps, and what browsers would pass over."""

import base64
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsroute import App, Request, Response
from fsroute.middleware.security_headers import OWN_SITE, security_headers
from tests.conftest import Client, Make

SECURING = ("from fsroute.middleware.security_headers import security_headers\n"
            "middleware = security_headers({})\n")
CSP, FRAMES, HSTS = "Content-Security-Policy", "X-Frame-Options", "Strict-Transport-Security"

DEFAULTS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    CSP: "default-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'self'; "
         "frame-ancestors 'self'",
    FRAMES: "SAMEORIGIN",
}


def fields_of(options: dict[str, Any], given: Any = None, scheme: str = "http") -> dict[str, str]:
    """What an answer with the given headers has beside its Content-Type, for a request by that scheme."""
    request = Request.build(environ={"wsgi.url_scheme": scheme})
    response = security_headers(**options)(request, lambda request: Response.text("a", headers=given))
    fields = response.headers.items()[1:]
    assert len(dict(fields)) == len(fields)
    return dict(fields)


# what is set

def test_by_default_a_browser_keeps_to_the_site() -> None:
    for _ in range(2):
        assert fields_of({}) == DEFAULTS


@pytest.mark.parametrize(("method", "path", "status"), [
    ("GET", "/", 200), ("HEAD", "/", 200), ("POST", "/", 405), ("OPTIONS", "/", 204), ("GET", "/no", 404),
    ("GET", "/fails", 500), ("GET", "/refuses", 403), ("GET", "/page", 200), ("GET", "/page/", 308),
    ("GET", "/stream", 200), ("GET", "/a.txt", 200), ("GET", "/%FF", 400),
])
def test_every_answer_has_them(client: Client, tmp_path: Path, method: str, path: str, status: int) -> None:
    (tmp_path / "public").mkdir()
    (tmp_path / "public/a.txt").write_text("a")
    app = client({
        "middleware.py": SECURING.format("hsts=300"), "route.py": "def GET(): return {}\n",
        "page/page.html": "<p>page</p>", "stream/route.py": "def GET():\n    yield 'a'\n",
        "fails/route.py": "def GET(): 1 / 0\n",
        "refuses/route.py": "from fsroute import HTTPError\ndef GET(): raise HTTPError(403)\n",
    }, public=tmp_path / "public")
    for _ in range(2):
        answer = app.request(path, method=method, status=status)
        assert {name: answer.headers.getall(name) for name in DEFAULTS} == {
            name: [value] for name, value in DEFAULTS.items()}
        assert HSTS not in answer.headers
        secure = app.request(path, method=method, status=status, base_url="https://localhost")
        assert secure.headers.getall(HSTS) == ["max-age=300"]


def test_a_response_that_a_module_keeps_is_not_written_to(client: Client) -> None:
    app = client({"middleware.py": SECURING.format(""), "route.py":
                  "from fsroute import Response\nkept = Response.text('a')\n"
                  "def GET(): return kept\ndef POST(): return kept.headers.keys()\n"})
    for _ in range(2):
        assert app.get("/").headers[FRAMES] == "SAMEORIGIN"
        assert app.post("/").json == ["Content-Type"]


@pytest.mark.parametrize(("option", "gone"), [
    ("content_type_options", {"X-Content-Type-Options": None}),
    ("referrer_policy", {"Referrer-Policy": None}),
    ("opener_policy", {"Cross-Origin-Opener-Policy": None}),
    ("frame_ancestors", {FRAMES: None, CSP: OWN_SITE}),
    ("content_security_policy", {CSP: "frame-ancestors 'self'"}),
    ("permissions_policy", {}),
    ("hsts", {}),
])
def test_none_turns_one_off(option: str, gone: dict[str, str | None]) -> None:
    assert fields_of({option: None}, scheme="https") == {
        name: value for name, value in {**DEFAULTS, **gone}.items() if value is not None}


def test_all_of_them_can_be_off() -> None:
    names = ("content_type_options", "referrer_policy", "opener_policy", "frame_ancestors",
             "content_security_policy", "permissions_policy", "hsts")
    assert fields_of(dict.fromkeys(names), scheme="https") == {}


@pytest.mark.parametrize(("options", "changed"), [
    ({"referrer_policy": "no-referrer"}, {"Referrer-Policy": "no-referrer"}),
    ({"referrer_policy": "no-referrer, strict-origin-when-cross-origin"},
     {"Referrer-Policy": "no-referrer, strict-origin-when-cross-origin"}),
    ({"opener_policy": "same-origin-allow-popups"},
     {"Cross-Origin-Opener-Policy": "same-origin-allow-popups"}),
    ({"opener_policy": "unsafe-none"}, {"Cross-Origin-Opener-Policy": "unsafe-none"}),
    ({"frame_ancestors": "'none'"}, {FRAMES: "DENY", CSP: f"{OWN_SITE}; frame-ancestors 'none'"}),
    ({"frame_ancestors": " 'none' "}, {FRAMES: "DENY", CSP: f"{OWN_SITE}; frame-ancestors 'none'"}),
    ({"content_security_policy": "default-src 'self'"}, {CSP: "default-src 'self'; frame-ancestors 'self'"}),
    ({"content_security_policy": " default-src  'self' ;; sandbox allow-forms; "},
     {CSP: "default-src 'self'; sandbox allow-forms; frame-ancestors 'self'"}),
    ({"content_security_policy": "\n    Default-Src 'SELF';\n    img-src *\n"},     # as one writes a long one
     {CSP: "Default-Src 'SELF'; img-src *; frame-ancestors 'self'"}),
    ({"permissions_policy": "camera=()"}, {"Permissions-Policy": "camera=()"}),
    ({"hsts": 0}, {HSTS: "max-age=0"}),
    ({"hsts": 31_536_000}, {HSTS: "max-age=31536000"}),
    ({"hsts": 300, "hsts_subdomains": True}, {HSTS: "max-age=300; includeSubDomains"}),
])
def test_each_can_be_changed(options: dict[str, Any], changed: dict[str, str]) -> None:
    assert fields_of(options, scheme="https") == DEFAULTS | changed


@pytest.mark.parametrize("sources", ["https://partner.example", "'self' https://partner.example *.a.example"])
def test_a_list_of_sites_is_beyond_the_older_header_about_frames(sources: str) -> None:
    fields = fields_of({"frame_ancestors": sources})
    assert (fields[CSP], FRAMES in fields) == (f"{OWN_SITE}; frame-ancestors {sources}", False)


# where nothing is set

@pytest.mark.parametrize("name", [*DEFAULTS, HSTS, "Permissions-Policy"])
def test_what_the_handler_set_stands(name: str) -> None:
    options = {"hsts": 300, "permissions_policy": "camera=()"}
    fields = fields_of(options, {name.lower(): "mine"}, "https")
    assert fields[name.lower()] == "mine"
    assert name not in fields
    assert len(fields) == len(DEFAULTS) + 2


def test_a_policy_that_an_inner_folder_sets_stands(client: Client) -> None:
    app = client({"middleware.py": SECURING.format(""), "in/route.py": "def GET(): return 'a'\n",
                  "in/middleware.py": SECURING.format('content_security_policy="default-src \'none\'"')})
    answer = app.get("/in")
    assert answer.headers.getall(CSP) == ["default-src 'none'; frame-ancestors 'self'"]
    assert answer.headers.getall(FRAMES) == ["SAMEORIGIN"]


@pytest.mark.parametrize(("value", "policy"), [("SAMEORIGIN", OWN_SITE), ("DENY", OWN_SITE)])
def test_a_handler_s_older_header_about_frames_is_not_beaten_by_the_newer(value: str, policy: str) -> None:
    fields = fields_of({"frame_ancestors": "'none'"}, {FRAMES: value})
    assert (fields[FRAMES], fields[CSP]) == (value, policy)
    only_frames = {"frame_ancestors": "'none'", "content_security_policy": None}
    assert CSP not in fields_of(only_frames, {FRAMES: value})


@pytest.mark.parametrize(("options", "scheme", "sent"), [
    ({}, "https", False), ({"hsts": None}, "https", False), ({"hsts": 300}, "http", False),
    ({"hsts": 300}, "https", True),
])
def test_https_for_months_is_never_said_unasked_or_by_http(
    options: dict[str, Any], scheme: str, sent: bool
) -> None:
    assert (HSTS in fields_of(options, scheme=scheme)) == sent


@pytest.mark.parametrize(("proxies", "sent"), [(0, False), (1, True)])
def test_a_proxy_s_word_on_https_counts_where_the_app_says_so(
    client: Client, proxies: int, sent: bool
) -> None:
    app = client({"middleware.py": SECURING.format("hsts=300"), "route.py": "def GET(): return 'a'\n"},
                 proxies=proxies)
    answer = app.get("/", headers={"X-Forwarded-Proto": "https"})
    assert (HSTS in answer.headers) == sent


# what browsers would pass over

@pytest.mark.parametrize(("option", "value", "what"), [
    ("content_type_options", "no-sniff", "'no-sniff' is none of nosniff"),
    ("content_type_options", "", "nothing in it; to turn the header off, pass None"),
    ("referrer_policy", "never", "'never' is none of no-referrer, "),
    ("referrer_policy", "no-referrer;strict-origin", "is none of"),
    ("referrer_policy", "no-referrer, never", "'never' is none of"),
    ("referrer_policy", "no-referrer,", "nothing in it"),
    ("referrer_policy", " ", "nothing in it"),
    ("opener_policy", "cross-origin", "'cross-origin' is none of same-origin, "),
    ("opener_policy", "", "nothing in it"),
    ("frame_ancestors", "self", r"self needs its quotes, \"'self'\""),
    ("frame_ancestors", "NONE", "needs its quotes"),
    ("frame_ancestors", "'deny'", "'deny' is no keyword"),
    ("frame_ancestors", "'unsafe-inline'", "is neither 'self' nor a site"),
    ("frame_ancestors", "'none' https://a.example", "'none' stands alone"),
    ("frame_ancestors", "https://a.example, https://b.example", "'https://a.example,' holds a comma"),
    ("frame_ancestors", "https://a.example; sandbox", "'https://a.example;' is neither"),
    ("frame_ancestors", "", "nothing in it"),
    ("content_security_policy", "", "nothing in it"),
    ("content_security_policy", " \n ", "nothing in it"),
    ("content_security_policy", "; ;", "there is no directive in it"),
    ("content_security_policy", "img-src a.example b.example, c.example", "'b.example,' holds a comma"),
    ("content_security_policy", "Script-Scr 'self'", "'Script-Scr' is no directive; browsers know base-uri"),
    ("content_security_policy", "default-src: 'self'", "'default-src:' is no directive"),
    ("content_security_policy", "default-src 'self'; Default-Src 'none'", "default-src stands there twice"),
    ("content_security_policy", "default-src 'self', img-src *", "\"'self',\" holds a comma"),
    ("content_security_policy", "default-src self", r"self needs its quotes, \"'self'\""),
    ("content_security_policy", "script-src Unsafe-Inline", "Unsafe-Inline needs its quotes"),
    ("content_security_policy", "script-src sha256-AAAA=", "needs its quotes"),
    ("content_security_policy", "script-src nonce-abc", "needs its quotes"),
    ("content_security_policy", "form-action none", "needs its quotes"),
    ("content_security_policy", "base-uri none", "needs its quotes"),
    ("content_security_policy", "script-src 'unsafe-inlin'", "'unsafe-inlin' is no keyword that browsers"),
    ("content_security_policy", "script-src 'self", "'self is no keyword"),
    ("content_security_policy", "script-src 'self,", "holds a comma"),
    ("content_security_policy", "script-src 'self\"", "is no keyword"),
    ("content_security_policy", "script-src 'none' https://a.example", "'none' stands alone"),
    ("content_security_policy", "frame-ancestors 'self'", "an option of its own, frame_ancestors="),
    ("content_security_policy", "default-src 'self'; frame-ancestors *", "an option of its own"),
    ("permissions_policy", "camera 'none'", "is not of the form"),
    ("permissions_policy", "camera=none", "is not of the form"),
    ("permissions_policy", "camera=()  geolocation=()", "is not of the form"),
    ("permissions_policy", "camera=(); geolocation=()", "is not of the form"),
    ("permissions_policy", "camera=(https://a.example)", "is not of the form"),
    ("permissions_policy", "camera=('self')", "is not of the form"),
    ("permissions_policy", "camera=(self", "is not of the form"),
    ("permissions_policy", "Camera=()", "is not of the form"),
    ("permissions_policy", "camera=(),", "is not of the form"),
    ("permissions_policy", 'camera=(self"https://a.example")', "is not of the form"),
    ("permissions_policy", "", "nothing in it"),
    ("hsts", -1, "a number of seconds, 0 for \"forget it\", not -1"),
])
def test_what_browsers_pass_over_without_a_word_is_refused_at_once(
    option: str, value: Any, what: str
) -> None:
    with pytest.raises(ValueError, match=what) as refused:
        security_headers(**{option: value})
    assert str(refused.value).startswith(f"security_headers({option}=): ")


@pytest.mark.parametrize(("option", "value", "what"), [
    *((option, 1, "is a str, or None for none, not int") for option in (
        "content_type_options", "referrer_policy", "opener_policy", "frame_ancestors",
        "content_security_policy", "permissions_policy")),
    ("frame_ancestors", ["'self'"], "is a str, or None for none, not list"),
    ("content_type_options", True, "is a str, or None for none, not bool"),
    ("hsts", "300", "is a number of seconds, not str"),
    ("hsts", True, "is a number of seconds, not bool"),
    ("hsts", 0.5, "is a number of seconds, not float"),
    ("hsts_subdomains", 1, "is True or False, not int"),
])
def test_an_option_of_another_type_is_refused_by_name(option: str, value: Any, what: str) -> None:
    with pytest.raises(TypeError, match=rf"security_headers\({option}=\) {what}"):
        security_headers(**{option: value})


def test_what_cannot_be_sent_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match=r"Content-Security-Policy holds .*: only Latin-1"):
        security_headers(content_security_policy="default-src \u2018self\u2019")


def test_subdomains_of_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match=r"hsts_subdomains=\): it says nothing without hsts="):
        security_headers(hsts_subdomains=True)


@pytest.mark.parametrize(("option", "value"), [
    ("content_security_policy", "default-src 'none'; script-src 'nonce-aB0+/_-=' 'strict-dynamic' https:"),
    ("content_security_policy", "script-src 'sha256-AAAA' 'unsafe-eval' *.a.example:8443/x"),
    ("content_security_policy", "sandbox; upgrade-insecure-requests; report-to none; report-uri /csp"),
    ("content_security_policy", "require-trusted-types-for 'script'; trusted-types a 'allow-duplicates'"),
    ("content_security_policy", "img-src 'self' data: blob:; worker-src; connect-src wss://a.example"),
    ("content_security_policy", "default-src self.example none.example"),
    ("permissions_policy", "camera=(), geolocation=(self), payment=*, fullscreen=self"),
    ("permissions_policy", 'camera=(self "https://a.example" "https://b.example"),usb=( ), midi=(src)'),
])
def test_what_browsers_read_is_taken(option: str, value: str) -> None:
    name = {"content_security_policy": CSP, "permissions_policy": "Permissions-Policy"}[option]
    assert fields_of({option: value, "frame_ancestors": None})[name] == value


@given(st.text(alphabet="camera=()*self, \"'h:", max_size=60))
def test_a_permissions_policy_is_read_in_one_go(text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            fields = fields_of({"permissions_policy": text})
        except ValueError:
            return
    assert fields["Permissions-Policy"] == text


# what a real browser makes of it

PAGE = """<!doctype html><meta charset=utf-8><title>page</title>
<base href="{other}">
<style>p {{ color: rgb(1, 2, 3) }}</style>
<p style="margin-left: 7px">text</p>
<script>window.inline = true</script>
<script src="/own.js"></script>
<script src="{other}/own.js?other"></script>
<img id=data src="data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7">
<img id=other src="{other}/picture.gif">
<iframe id=own src="/framed"></iframe>
<object id=plugin data="/framed" type="text/html"></object>
"""

SEEN = """async () => ({
    base: document.baseURI, inline: window.inline, own: window.own,
    color: getComputedStyle(document.querySelector("p")).color,
    margin: getComputedStyle(document.querySelector("p")).marginLeft,
    data: document.querySelector("#data").naturalWidth, other: document.querySelector("#other").naturalWidth,
    framed: document.querySelector("#own").contentDocument?.body.textContent.trim(),
    fetched: await fetch("/framed").then(() => true, () => false),
    told: await fetch(OTHER + "/framed", {mode: "no-cors"}).then(() => true, () => false),
})"""


class Threaded(ThreadingMixIn, WSGIServer):
    """A browser opens connections ahead: none may wait for another."""

    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@contextmanager
def served(app: App) -> Iterator[str]:
    """Where it answers, on an origin of its own."""
    server = make_server("127.0.0.1", 0, app, Threaded, Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def other(make: Make, tmp_path: Path) -> Iterator[str]:
    """Another site, which lets everybody in: what is kept out is kept out by the page's own site."""
    (tmp_path / "other").mkdir()
    (tmp_path / "other/own.js").write_text("window.own = 'theirs'")
    (tmp_path / "other/picture.gif").write_bytes(
        base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"))
    with served(make({"framed/page.html": "<p>framed", "route.py": """
from fsroute import Response
def GET(request):
    return Response.html(f"<iframe src='{request.query['site']}/framed'></iframe>")
"""}, public=tmp_path / "other")) as site:
        yield site


def seen(browser: Any, make: Make, tmp_path: Path, other: str, middleware: dict[str, str]) -> dict[str, Any]:
    """What became of PAGE, and of what it asked for."""
    (tmp_path / "public").mkdir()
    (tmp_path / "public/own.js").write_text("window.own = 'ours'")
    app = make({**middleware, "page.html": PAGE.format(other=other), "framed/page.html": "<p>framed"},
               public=tmp_path / "public")
    with served(app) as site:
        page = browser.new_page()
        page.goto(site)
        found: dict[str, Any] = page.evaluate(SEEN.replace("OTHER", repr(other)))
        page.goto(f"{other}/?site={site}")
        frame = page.frames[1]
        found["framed by others"] = frame.url.startswith(site) and frame.locator("p").count() == 1
        page.close()
    found["base"] = found["base"].startswith(other)
    return found


@pytest.mark.browser
def test_in_a_browser_a_page_has_what_is_its_own_and_nothing_of_others(
    browser: Any, make: Make, tmp_path: Path, other: str
) -> None:
    found = seen(browser, make, tmp_path, other, {"middleware.py": SECURING.format("")})
    assert found == {
        "inline": True, "own": "ours", "color": "rgb(1, 2, 3)", "margin": "7px", "data": 1,
        "framed": "framed", "fetched": True,
        "base": False, "other": 0, "told": False, "framed by others": False}


@pytest.mark.browser
def test_in_a_browser_without_them_it_has_what_others_give_it(
    browser: Any, make: Make, tmp_path: Path, other: str
) -> None:
    found = seen(browser, make, tmp_path, other, {})
    assert (found["base"], found["other"], found["told"], found["framed by others"]) == (True, 1, True, True)


@pytest.mark.parametrize("policy", [
    "fenced-frame-src https://a.example", "script-src 'trusted-types-eval'", "script-src 'report-sha256'",
    "script-src 'self' 'wasm-unsafe-eval' 'strict-dynamic'", "default-src 'self';", "; default-src 'self'"])
def test_what_browsers_know_is_taken(policy: str) -> None:
    assert fields_of({"content_security_policy": policy})[CSP].startswith(policy.strip("; "))
