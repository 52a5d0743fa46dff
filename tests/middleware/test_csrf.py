"""Whose pages may change something: each case of the headers that browsers send, and that they do not."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from webtest import TestApp

from fsroute import HTTPError, Request, Response
from fsroute.handlers.chain import name_of
from fsroute.middleware.csrf import csrf
from tests.conftest import Client

OWN, PARTNER, EVIL = "http://localhost", "https://partner.example", "https://evil.example"
DETAIL = "A page of another site sent this, and may not change anything here"

SOURCE = ("from fsroute.middleware.csrf import csrf\n"
          f"middleware = csrf([{PARTNER!r}, 'http://localhost:5173'])\n")
CHANGES = "".join(f"def {method}(): return {method!r}\n"
                  for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "QUERY"))
OPTIONS = "def OPTIONS(): return 'OPTIONS'\n"
UNSAFE = ["POST", "PUT", "PATCH", "DELETE"]


@pytest.fixture
def site(client: Client) -> TestApp:
    return client({"middleware.py": SOURCE, "route.py": CHANGES.replace("QUERY", "_QUERY") + OPTIONS,
                   "about/page.html": "<p>"})


def ask(app: TestApp, method: str, path: str = "/", **headers: str | None) -> Any:
    """The answer, whatever its status; headers by their names with "_" for "-", None for none."""
    sent = {name.replace("_", "-"): value for name, value in {"Host": "localhost", **headers}.items()
            if value is not None}
    return app.request(path, method=method, headers=sent, status="*")


# What Sec-Fetch-Site and Origin say, None where they are not sent, and whether the request passes.
MATRIX = [
    # the browser says that it comes from here, or from the user
    ("same-origin", OWN, True), ("same-origin", None, True), ("same-origin", "null", True),
    ("none", None, True), ("none", OWN, True), ("none", "null", True),
    # it says that it does not: a trusted Origin, or nothing
    ("same-site", PARTNER, True), ("same-site", "http://localhost:5173", True),
    ("same-site", OWN, False), ("same-site", EVIL, False), ("same-site", None, False),
    ("same-site", "null", False), ("cross-site", PARTNER, True),
    ("cross-site", OWN, False), ("cross-site", EVIL, False), ("cross-site", None, False),
    ("cross-site", "null", False), ("cross-site", "", False),
    # it says what nobody knows, a newer word or two that a host made one: as if it were the worst
    ("", OWN, False), ("", None, False), ("same-origin,cross-site", OWN, False),
    ("same-origin, none", None, False), ("Same-Origin", OWN, False), (" none", None, False),
    ("same-origin\xa0", None, False), ("new-word", OWN, False), ("new-word", None, False),
    ("x" * 100_000, OWN, False), ("new-word", PARTNER, True), ("", PARTNER, True),
    # it says nothing, on plain http or because it is old: Origin is this host, or trusted
    (None, OWN, True), (None, "http://localhost:80", True), (None, "https://localhost", True),
    (None, PARTNER, True), (None, "http://localhost:5173", True),
    *[(None, origin, False) for origin in (
        EVIL, "null", "", "http://localhost:8080", "https://localhost:80", "http://localhost:443",
        "https://localhost:5173", "ftp://localhost", "chrome-extension://localhost", "localhost",
        "//localhost", "://localhost", "http:localhost", "http://localhost/", "http://localhost.evil.example",
        "http://evillocalhost", "http://localhost@evil.example", "http://evil.example@localhost",
        "http://LOCALHOST", "HTTP://localhost", "http://localhost.", f"{OWN}, {OWN}", f"{OWN} {EVIL}",
        f"{EVIL}, {PARTNER}", "http://localhost:80:80", "http://localhost:", "http://localh\xf6st",
        "https://partner.example:443", "https://x.partner.example", "http://partner.example",
        f"http://{'a' * 100_000}")],
    # nothing at all: no browser
    (None, None, True),
]
IDS = [f"{str(site)[:30]}-{str(origin)[:40]}" for site, origin, _ in MATRIX]


@pytest.mark.parametrize(("fetched", "origin", "passes"), MATRIX, ids=IDS)
def test_what_changes_something_passes_from_here_from_those_trusted_and_from_programs(
    site: TestApp, fetched: str | None, origin: str | None, passes: bool
) -> None:
    for method in UNSAFE:
        answer = ask(site, method, Sec_Fetch_Site=fetched, Origin=origin)
        assert answer.status_int == (200 if passes else 403), method
        if passes:
            assert answer.text == method
        else:
            assert answer.json == {"title": "Forbidden", "status": 403, "detail": DETAIL}
            assert answer.headers["Vary"] == "Accept"


@pytest.mark.parametrize(("fetched", "origin", "passes"), MATRIX, ids=IDS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_what_only_reads_passes_from_anywhere_and_as_it_was(
    site: TestApp, method: str, fetched: str | None, origin: str | None, passes: bool
) -> None:
    answer = ask(site, method, Sec_Fetch_Site=fetched, Origin=origin)
    assert (answer.status_int, answer.text) == (200, "" if method == "HEAD" else method)
    assert {name.lower() for name in answer.headers} == {"content-type", "content-length"}


@pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD")
@pytest.mark.parametrize(("fetched", "passes"), [("cross-site", False), ("same-origin", True), (None, True)])
def test_a_method_that_the_app_adds_is_judged_like_those_that_change_something(
    client: Client, fetched: str | None, passes: bool
) -> None:
    app = client({"middleware.py": SOURCE, "route.py": CHANGES}, methods=["QUERY"])
    assert ask(app, "QUERY", Sec_Fetch_Site=fetched).status_int == (200 if passes else 403)


@pytest.mark.parametrize(("method", "path", "status"), [
    ("POST", "/nope", 404), ("POST", "/about", 405), ("POST", "/about/", 308), ("DELETE", "/%ff", 400)])
def test_it_guards_all_that_is_answered_below_its_folder(
    site: TestApp, method: str, path: str, status: int
) -> None:
    assert ask(site, method, path, Sec_Fetch_Site="cross-site").status_int == 403
    assert ask(site, method, path, Sec_Fetch_Site="same-origin").status_int == status


def test_a_refused_request_reaches_no_handler_and_its_body_is_not_read(client: Client) -> None:
    app = client({"middleware.py": SOURCE, "route.py": "done = []\ndef GET(): return done\n"
                                                       "def POST(request): done.append(request.text())\n"
                                                       "def PUT(request): raise RuntimeError\n"})
    for method in ("POST", "PUT"):
        headers = {"Sec-Fetch-Site": "cross-site", "Content-Type": "text/plain"}
        assert app.request("/", method=method, body=b"x", headers=headers, status="*").status_int == 403
    assert ask(app, "GET").json == []


def test_one_request_says_nothing_about_the_next(site: TestApp) -> None:
    for fetched, origin, passes in (MATRIX + MATRIX[::-1]):
        assert (ask(site, "POST", Sec_Fetch_Site=fetched, Origin=origin).status_int == 200) == passes


# which host is ours

@pytest.mark.parametrize(("scheme", "host", "origin", "passes"), [
    ("http", "shop.example", "http://shop.example", True),
    ("http", "SHOP.example", "http://shop.example", True),
    ("http", "shop.example:80", "http://shop.example", True),
    ("http", "shop.example:8000", "http://shop.example:8000", True),
    ("http", "[::1]:8000", "http://[::1]:8000", True),
    ("http", "[::1]", "http://[::1]", True),
    ("https", "shop.example", "https://shop.example", True),
    ("https", "shop.example:443", "https://shop.example", True),
    ("https", "shop.example:8443", "https://shop.example:8443", True),
    # a proxy took the TLS off, and nobody told us
    ("http", "shop.example", "https://shop.example", True),
    ("http", "shop.example:8443", "https://shop.example:8443", True),
    # a page that anybody on the way could have written
    ("https", "shop.example", "http://shop.example", False),
    ("https", "shop.example:80", "http://shop.example", False),
    ("http", "shop.example:8000", "http://shop.example", False),
    ("http", "shop.example", "http://shop.example:8000", False),
    ("http", "shop.example:443", "http://shop.example", False),
    ("https", "shop.example:80", "https://shop.example", False),
    ("http", "shop.example", "http://x.shop.example", False),
    ("http", "x.shop.example", "http://shop.example", False),
    ("http", "shop.example:8080", "http://shop.example:80", False),
    ("http", "[::1]:80", "http://[::1]:8000", False),
    ("http", "shop.example.", "http://shop.example", False),
])
def test_an_origin_is_ours_when_it_names_the_host_and_port_that_was_asked(
    scheme: str, host: str, origin: str, passes: bool
) -> None:
    environ = {"HTTP_HOST": host, "wsgi.url_scheme": scheme, "HTTP_ORIGIN": origin}
    assert let_through(environ) == passes


def let_through(environ: dict[str, Any], trusted: tuple[str, ...] = ()) -> bool:
    """Whether such a POST passes; an answer of another kind is a failure."""
    request = Request.build("POST", environ=environ)
    try:
        answer = csrf(trusted)(request, lambda request: Response("passed"))
    except HTTPError as refused:
        refusal = refused
    else:
        assert answer.body == b"passed"
        return True
    assert (refusal.status, refusal.detail, refusal.headers.items()) == (403, DETAIL, [])
    return False


@pytest.mark.parametrize(("options", "origin", "passes"), [
    ({}, "https://shop.example", False), ({}, "http://inner:8000", True), ({}, "https://inner:8000", True),
    ({"proxies": 1}, "https://shop.example", False), ({"proxies": 1}, "http://inner:8000", False),
    ({"proxies": {"proto": 1, "host": 1}}, "https://shop.example", True),
    ({"proxies": {"host": 1}}, "https://shop.example", True),
    ({"proxies": {"host": 1}}, "http://shop.example", True),
    ({"proxies": {"proto": 1, "host": 1}}, "http://shop.example", False),
    ({"proxies": {"proto": 1, "host": 1}}, "http://inner:8000", False),
])
def test_what_a_proxy_says_of_the_host_counts_when_it_is_told_to(
    client: Client, options: dict[str, Any], origin: str, passes: bool
) -> None:
    app = client({"middleware.py": SOURCE, "route.py": CHANGES.replace("QUERY", "_QUERY")}, **options)
    answer = ask(app, "POST", Host="inner:8000", X_Forwarded_Host="shop.example", X_Forwarded_Proto="https",
                 Origin=origin)
    assert answer.status_int == (200 if passes else 403)


def test_without_a_host_the_servers_own_name_is_ours() -> None:
    nameless = {"HTTP_HOST": "", "SERVER_NAME": "shop.example", "SERVER_PORT": "8000"}
    assert let_through({**nameless, "HTTP_ORIGIN": "http://shop.example:8000"})
    assert not let_through({**nameless, "HTTP_ORIGIN": "http://shop.example"})
    assert not let_through({**nameless, "HTTP_ORIGIN": ""})


@given(st.none() | st.text(max_size=30) | st.sampled_from(["cross-site", "same-site"]),
       st.none() | st.text(max_size=40) | st.from_regex(r"https?://[a-z.:@\[\]0-9]{0,20}", fullmatch=True),
       st.sampled_from(["shop.example", "shop.example:8000", "[::1]", "a:80", "a:443"]))
def test_no_text_passes_but_what_a_page_of_ours_sends(
    fetched: str | None, origin: str | None, host: str
) -> None:
    environ = {"HTTP_HOST": host, "HTTP_SEC_FETCH_SITE": fetched, "HTTP_ORIGIN": origin}
    passed = let_through({key: value for key, value in environ.items() if value is not None}, (PARTNER,))
    names = [f"{scheme}://{name}" for scheme, port in (("http", ":80"), ("https", ":443"))
             for name in (host, host.removesuffix(port), f"{host.removesuffix(port)}{port}")]
    ours = fetched in ("same-origin", "none") or (fetched is None and origin in [None, *names])
    assert passed == (ours or origin == PARTNER)


# beside cors

@pytest.mark.parametrize(("origin", "status"), [(PARTNER, 200), (EVIL, 403)])
def test_a_page_that_is_refused_may_read_so_if_cors_says_that_it_may_read(
    client: Client, origin: str, status: int
) -> None:
    app = client({"middleware.py": f"""
from fsroute.middleware.cors import cors
from fsroute.middleware.csrf import csrf
middleware = [cors([{PARTNER!r}, {EVIL!r}]), csrf([{PARTNER!r}])]
""", "route.py": "def POST(): return 'x'\n"})
    answer = ask(app, "POST", Origin=origin, Sec_Fetch_Site="cross-site")
    assert (answer.status_int, answer.headers["Access-Control-Allow-Origin"]) == (status, origin)
    asked = ask(app, "OPTIONS", Origin=origin, Sec_Fetch_Site="cross-site",
                Access_Control_Request_Method="POST")
    assert asked.status_int == 204


# what is given

def test_what_is_trusted_is_read_once_and_then_kept() -> None:
    trusted = [PARTNER]
    made = csrf(origin for origin in trusted)
    trusted.append(EVIL)
    for _ in range(2):
        request = Request.build("POST", headers={"Origin": PARTNER, "Sec-Fetch-Site": "cross-site"})
        assert made(request, lambda request: Response("passed")).body == b"passed"
        request = Request.build("POST", headers={"Origin": EVIL, "Sec-Fetch-Site": "cross-site"})
        with pytest.raises(HTTPError):
            made(request, lambda request: Response("passed"))


@pytest.mark.parametrize(("trusted", "error", "says"), [
    (PARTNER, TypeError, "trusted is a list of origins, such as trusted="),
    *[(given, TypeError, "trusted is a list of origins") for given in (None, "", "null", 5)],
    ([None], TypeError, "trusted is a list of str"), ([b"x"], TypeError, "trusted is a list of str"),
    (["null"], ValueError, '"null" is what any page can make itself'),
    ([PARTNER, "null"], ValueError, "it cannot be trusted"),
    (["*"], ValueError, r"trusted: '\*' matches no request: name each origin"),
    (["https://*.example"], ValueError, r"'https://\*.example' matches no request: .*; name each one$"),
    (["https://partner.example/"], ValueError, "browsers send 'https://partner.example'"),
    (["https://partner.example:443"], ValueError, "browsers send 'https://partner.example'"),
    (["partner.example"], ValueError, "browsers send scheme://host"),
])
def test_what_may_not_be_given_is_refused_when_it_is_made(
    trusted: Any, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        csrf(trusted)


def test_in_lists_it_is_called_by_its_own_name() -> None:
    assert name_of(csrf()) == "csrf"
