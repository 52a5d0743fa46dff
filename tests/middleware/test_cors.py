"""Which pages of other origins may read an answer: what is said to whom, and what is said to nobody."""

import json
import string
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from wsgiref.validate import validator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from webtest import TestApp

from fsroute import Request, Response
from fsroute.handlers.chain import name_of
from fsroute.middleware.cors import cors
from tests.conftest import Client, Make
from tests.sources import Source

SHOP, ADMIN, EVIL = "https://shop.example", "http://localhost:5173", "https://evil.example"
LIST = f"[{SHOP!r}, {ADMIN!r}]"
USUAL = "GET, HEAD, POST, PUT, PATCH, DELETE"

ROUTE = """
from pathlib import Path
from fsroute import HTTPError, Response
def GET(): return Response.json({"a": 1}, headers={"X-Total": "3"})
def POST(): raise HTTPError(409, "Taken")
def PUT(): raise RuntimeError("broken")
def PATCH(): return Response.file(Path(__file__))
def DELETE(): return Response.empty()
"""


@pytest.fixture
def site(client: Client) -> Callable[..., TestApp]:
    """A site under cors with these arguments, written as in its middleware.py."""
    def make(arguments: str, head: str = "", **files: str) -> TestApp:
        source = f"from fsroute.middleware.cors import cors\n{head}\nmiddleware = cors({arguments})\n"
        return client({"middleware.py": source, "route.py": ROUTE, "about/page.html": "<p>", **files})
    return make


def ask(app: TestApp, method: str = "GET", path: str = "/", **headers: str) -> Any:
    """The answer, whatever its status; headers by their names with "_" for "-"."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return app.request(path, method=method, headers=sent, status="*")


def preflight(app: TestApp, origin: str = SHOP, method: str = "PUT", names: str | None = None,
              path: str = "/") -> Any:
    asked = {} if names is None else {"Access_Control_Request_Headers": names}
    return ask(app, "OPTIONS", path, Origin=origin, Access_Control_Request_Method=method, **asked)


def word(answer: Any) -> dict[str, str]:
    """What the answer says of who may read it, by the ends of the headers' names."""
    said = [(name.lower(), value) for name, value in answer.headers.items()]
    found = {name.removeprefix("access-control-"): value for name, value in said
             if name.startswith("access-control-")}
    assert len(found) == len([name for name, _ in said if name.startswith("access-control-")]), said
    return found


def vary(answer: Any) -> str:
    [*values] = answer.headers.getall("Vary")
    assert len(values) <= 1, values
    return "".join(values)


# who may read an answer

@pytest.mark.parametrize(("arguments", "origin", "said", "varies"), [
    # everybody, and then all are answered alike
    ("", SHOP, {"allow-origin": "*"}, ""),
    ("'*'", None, {"allow-origin": "*"}, ""),
    ("'*'", "null", {"allow-origin": "*"}, ""),
    ("'*'", "x, y", {"allow-origin": "*"}, ""),
    # a list: each of them by its own name, and nobody else
    (LIST, SHOP, {"allow-origin": SHOP}, "Origin"),
    (LIST, ADMIN, {"allow-origin": ADMIN}, "Origin"),
    (LIST, EVIL, {}, "Origin"),
    (LIST, "null", {}, "Origin"),
    (LIST, None, {}, "Origin"),
    ("[]", SHOP, {}, "Origin"),
    (f"(x for x in {LIST})", ADMIN, {"allow-origin": ADMIN}, "Origin"),
    (f"{{{SHOP!r}}}", SHOP, {"allow-origin": SHOP}, "Origin"),
    (f"['null', {SHOP!r}]", "null", {"allow-origin": "null"}, "Origin"),
    (f"['null', {SHOP!r}]", SHOP, {"allow-origin": SHOP}, "Origin"),
    # a function
    ("lambda origin: origin.endswith('.example')", SHOP, {"allow-origin": SHOP}, "Origin"),
    ("lambda origin: origin.endswith('.example')", ADMIN, {}, "Origin"),
    ("lambda origin: True", None, {}, "Origin"),
    # what comes with it
    (f"{LIST}, credentials=True", SHOP, {"allow-origin": SHOP, "allow-credentials": "true"}, "Origin"),
    (f"{LIST}, credentials=True", EVIL, {}, "Origin"),
    (f"{LIST}, credentials=True", None, {}, "Origin"),
    ("lambda origin: True, credentials=True", EVIL, {"allow-origin": EVIL, "allow-credentials": "true"},
     "Origin"),
    (f"{LIST}, expose=['X-Total', 'ETag']", SHOP, {"allow-origin": SHOP, "expose-headers": "X-Total, ETag"},
     "Origin"),
    (f"{LIST}, expose=['X-Total']", EVIL, {}, "Origin"),
    ("expose=['X-Total']", None, {"allow-origin": "*", "expose-headers": "X-Total"}, ""),
])
def test_an_answer_says_who_may_read_it_and_to_nobody_else(
    site: Callable[..., TestApp], arguments: str, origin: str | None, said: dict[str, str], varies: str
) -> None:
    app = site(arguments)
    for _ in range(2):
        answer = ask(app, **({} if origin is None else {"Origin": origin}))
        assert (answer.status_int, answer.json) == (200, {"a": 1})
        assert (word(answer), vary(answer)) == (said, varies)


@pytest.mark.parametrize(("method", "path", "status", "varies"), [
    ("GET", "/", 200, "Origin"), ("HEAD", "/", 200, "Origin"), ("DELETE", "/", 204, "Origin"),
    ("PATCH", "/", 200, "Origin"), ("GET", "/about", 200, "Origin"), ("GET", "/about/", 308, "Origin"),
    ("OPTIONS", "/", 204, "Origin"), ("OPTIONS", "/about", 204, "Origin"),
    ("POST", "/", 409, "Accept, Origin"), ("PUT", "/", 500, "Accept, Origin"),
    ("POST", "/about", 405, "Accept, Origin"), ("GET", "/nope", 404, "Accept, Origin"),
    ("GET", "/%ff", 400, "Accept, Origin"),
])
@pytest.mark.parametrize("origin", [SHOP, EVIL, None])
def test_every_answer_has_a_word_on_it_errors_too(
    site: Callable[..., TestApp], method: str, path: str, status: int, varies: str, origin: str | None
) -> None:
    app = site(f"{LIST}, credentials=True")
    answer = ask(app, method, path, **({} if origin is None else {"Origin": origin}))
    allowed = {"allow-origin": SHOP, "allow-credentials": "true"}
    assert (answer.status_int, vary(answer)) == (status, varies)
    assert word(answer) == (allowed if origin == SHOP else {})


@pytest.mark.parametrize(("headers", "status"), [
    ({}, 200), ({"Range": "bytes=0-1"}, 206), ({"Range": "bytes=9-"}, 416), ({"If_None_Match": "*"}, 304)])
@pytest.mark.parametrize("path", ["/public.txt", "/sent"])
def test_files_have_a_word_on_them_whole_in_part_and_unchanged(
    make: Make, tmp_path: Path, path: str, headers: dict[str, str], status: int
) -> None:
    (tmp_path / "public").mkdir()
    (tmp_path / "public/public.txt").write_text("text")
    source = ("from fsroute import Response\n"
              f"def GET(): return Response.file({str(tmp_path / 'sent.txt')!r})\n")
    (tmp_path / "sent.txt").write_text("text")
    app = TestApp(validator(make({"middleware.py": f"from fsroute.middleware.cors import cors\n"
                                                   f"middleware = cors({LIST})\n", "sent/route.py": source},
                                 public=tmp_path / "public")))
    for origin in (SHOP, EVIL):
        answer = ask(app, path=path, Origin=origin, **headers)
        assert answer.status_int == status
        assert word(answer) == ({"allow-origin": SHOP} if origin == SHOP else {})
        assert "Origin" in vary(answer).split(", ")
    assert preflight(app, path=path).status_int == 204


def test_a_stream_stays_one(site: Callable[..., TestApp]) -> None:
    app = site(LIST, **{"live/route.py": "from fsroute import Response\n"
                                         "def GET(): return Response.events(iter(['a', 'b']))\n"})
    answer = ask(app, path="/live", Origin=SHOP)
    assert (answer.text, word(answer)) == (":\n\ndata: a\n\ndata: b\n\n", {"allow-origin": SHOP})
    source = Source(b"a", b"b")
    stream = Response.stream(source)
    assert cors([SHOP])(Request.build(), lambda request: stream).body is stream.body
    assert (source.pulled, source.closed) == (0, 0)


def test_an_answer_is_for_its_own_origin_also_when_others_came_before(site: Callable[..., TestApp]) -> None:
    app = site(f"{LIST}, credentials=True", **{
        "kept/route.py": "from fsroute import Response\nKEPT = Response.json([])\ndef GET(): return KEPT\n"})
    for path in ("/", "/kept", "/nope", "/about"):
        for origin in (SHOP, EVIL, ADMIN, None, SHOP):
            said = word(ask(app, path=path, **({} if origin is None else {"Origin": origin})))
            assert said.get("allow-origin") == (origin if origin in (SHOP, ADMIN) else None)
            assert ("allow-credentials" in said) == (origin in (SHOP, ADMIN))


@pytest.mark.parametrize(("own", "varies"), [
    ("Accept-Encoding", "Accept-Encoding, Origin"), ("origin, Cookie", "origin, Cookie"), ("*", "*")])
def test_what_an_answer_varies_on_already_stays(site: Callable[..., TestApp], own: str, varies: str) -> None:
    app = site(LIST, **{"own/route.py": f"def GET(): return 200, {{'Vary': {own!r}}}, 'x'\n"})
    assert vary(ask(app, path="/own", Origin=SHOP)) == varies


@pytest.mark.parametrize("origin", [SHOP, EVIL])
def test_what_the_handler_said_of_it_is_replaced_or_removed(
    site: Callable[..., TestApp], origin: str
) -> None:
    app = site(LIST, **{"own/route.py": """
def GET():
    return 200, [("Access-Control-Allow-Origin", "*"), ("access-control-allow-credentials", "true"),
                 ("Access-Control-Expose-Headers", "A"), ("ACCESS-CONTROL-EXPOSE-HEADERS", "B"),
                 ("Access-Control-Allow-Methods", "PUT"), ("Access-Controller", "kept")], "x"
"""})
    answer = ask(app, path="/own", Origin=origin)
    assert word(answer) == ({"allow-origin": SHOP} if origin == SHOP else {})
    assert answer.headers["Access-Controller"] == "kept"


def test_of_two_the_outer_one_decides_unless_the_inner_folder_inherits_nothing(
    site: Callable[..., TestApp]
) -> None:
    inner = "from fsroute.middleware.cors import cors\nmiddleware = cors('*', expose=['X-Total'])\n"
    app = site(LIST, **{"in/middleware.py": inner, "in/route.py": ROUTE,
                        "off/middleware.py": f"{inner}inherit = False\n", "off/route.py": ROUTE})
    assert word(ask(app, path="/in", Origin=EVIL)) == {}
    assert word(ask(app, path="/in", Origin=SHOP)) == {"allow-origin": SHOP}
    assert word(ask(app, path="/off", Origin=EVIL)) == {"allow-origin": "*", "expose-headers": "X-Total"}
    assert word(preflight(app, EVIL, path="/in")) == {}
    assert word(preflight(app, EVIL, path="/off"))["allow-origin"] == "*"


# preflights

BASIS = {"allow-origin": SHOP, "allow-methods": USUAL, "max-age": "600"}
ASKED = "Access-Control-Request-Headers, Origin"


@pytest.mark.parametrize(("arguments", "names", "said", "varies"), [
    (LIST, None, BASIS, ASKED),
    (LIST, "x-token", {**BASIS, "allow-headers": "x-token"}, ASKED),
    (LIST, "authorization,content-type", {**BASIS, "allow-headers": "authorization, content-type"}, ASKED),
    (f"{LIST}, credentials=True", None, {**BASIS, "allow-credentials": "true"}, ASKED),
    ("'*'", None, {**BASIS, "allow-origin": "*"}, "Access-Control-Request-Headers"),
    ("'*'", "a, b", {**BASIS, "allow-origin": "*", "allow-headers": "a, b"},
     "Access-Control-Request-Headers"),
    ("'*', headers=['A']", "b", {**BASIS, "allow-origin": "*", "allow-headers": "A"}, ""),
    # what is listed is said, whatever was asked for
    (f"{LIST}, headers=['X-Token', 'Authorization']", None,
     {**BASIS, "allow-headers": "X-Token, Authorization"}, "Origin"),
    (f"{LIST}, headers=('X-Token',)", "x-other", {**BASIS, "allow-headers": "X-Token"}, "Origin"),
    (f"{LIST}, headers=[]", "x-other", BASIS, "Origin"),
    (f"{LIST}, headers=[], methods=['PUT', 'QUERY']", None, {**BASIS, "allow-methods": "PUT, QUERY"},
     "Origin"),
    (f"{LIST}, headers=[], methods=[]", None, {"allow-origin": SHOP, "max-age": "600"}, "Origin"),
    (f"{LIST}, headers=[], max_age=0", None, {**BASIS, "max-age": "0"}, "Origin"),
    (f"{LIST}, headers=[], max_age=None", None, {"allow-origin": SHOP, "allow-methods": USUAL}, "Origin"),
    # for the answer that follows, not for this one
    (f"{LIST}, headers=[], expose=['X-Total']", None, BASIS, "Origin"),
    # refused
    (f"[{ADMIN!r}]", "x-token", {}, "Origin"),
    (f"[{ADMIN!r}], credentials=True, headers=['A']", None, {}, "Origin"),
    ("lambda origin: False", None, {}, "Origin"),
])
def test_a_preflight_is_told_what_a_page_may_send(
    site: Callable[..., TestApp], arguments: str, names: str | None, said: dict[str, str], varies: str
) -> None:
    app = site(arguments)
    for _ in range(2):
        answer = preflight(app, SHOP, names=names)
        assert (answer.status_int, answer.body, answer.headers.get("Allow")) == (204, b"", None)
        assert (word(answer), vary(answer)) == (said, varies)


GUARDED = """
from fsroute import HTTPError
from fsroute.middleware.cors import cors
ran = []
def guard(request, call_next):
    ran.append(request.method)
    if "Authorization" not in request.headers:
        raise HTTPError(401)
    return call_next(request)
"""


@pytest.mark.parametrize("path", ["/", "/about", "/about/", "/nope", "/own"])
@pytest.mark.parametrize("origin", [SHOP, EVIL])
def test_a_preflight_passes_no_guard_and_reaches_no_handler(client: Client, path: str, origin: str) -> None:
    app = client({"middleware.py": f"{GUARDED}middleware = [cors({LIST}), guard]\n", "route.py": ROUTE,
                  "about/page.html": "<p>",
                  "own/route.py": "def OPTIONS(): raise RuntimeError('it was called')\n"})
    assert preflight(app, origin, path=path).status_int == 204
    # and what follows it does pass the guard; the page may read that it was refused
    answer = ask(app, path=path, Origin=origin)
    assert answer.status_int == 401
    assert word(answer) == ({"allow-origin": SHOP} if origin == SHOP else {})


def test_a_guard_before_it_refuses_preflights(client: Client) -> None:
    app = client({"middleware.py": f"{GUARDED}middleware = [guard, cors({LIST})]\n", "route.py": ROUTE})
    answer = preflight(app)
    assert (answer.status_int, word(answer)) == (401, {})


def test_named_for_one_method_it_sees_no_preflight(client: Client) -> None:
    app = client({"route.py": "from fsroute import use\nfrom fsroute.middleware.cors import cors\n"
                              f"@use(cors({LIST}))\ndef PUT(): return 'x'\n"})
    assert word(preflight(app)) == {}
    assert word(ask(app, "PUT", Origin=SHOP)) == {"allow-origin": SHOP}


@pytest.mark.parametrize(("method", "headers"), [
    ("OPTIONS", {}), ("OPTIONS", {"Origin": SHOP}), ("OPTIONS", {"Access_Control_Request_Method": "PUT"}),
    ("OPTIONS", {"Origin": SHOP, "Access_Control_Request_Headers": "a"}),
    ("GET", {"Origin": SHOP, "Access_Control_Request_Method": "PUT"}),
])
def test_what_is_no_preflight_passes_on(
    site: Callable[..., TestApp], method: str, headers: dict[str, str]
) -> None:
    answer = ask(site(LIST), method, **headers)
    assert "allow-methods" not in word(answer)
    assert (word(answer).get("allow-origin"), vary(answer)) == (headers.get("Origin"), "Origin")
    if method == "OPTIONS":
        assert answer.headers["Allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"
    else:
        assert answer.json == {"a": 1}


@pytest.mark.parametrize(("names", "allowed"), [
    ("x-token", "x-token"), ("X-Token", "X-Token"), ("a,b , c", "a, b, c"), ("a\t,b", "a, b"),
    ("x!#$%&'*+-.^_`|~1", "x!#$%&'*+-.^_`|~1"), ("api_key", "api_key"), ("x-sec-y", "x-sec-y"),
    ("section", "section"), (",".join(["x" * 99] * 20), ", ".join(["x" * 99] * 20)),
    # one that is none, and none of them is repeated
    ("", None), (" ", None), ("a,,b", None), ("a,", None), (",a", None), ("a b", None), ("a:b", None),
    ("a;b", None), ("a, \"b\"", None), ("a/b", None), ("é", None), ("a\x7f", None), ("a, é", None),
    ("(x)", None), ("a\xa0", None), ("a\x85,b", None), (",".join(["x" * 99] * 21), None),
    ("x" * 100_000, None),
    # what only a browser says; WSGI takes "_" for "-"
    ("sec-fetch-site", None), ("Sec_Fetch_Site", None), ("a, sec_fetch-site", None), ("SEC-X", None),
])
def test_header_names_that_are_asked_for_are_repeated_if_all_of_them_are_names(
    site: Callable[..., TestApp], names: str, allowed: str | None
) -> None:
    answer = preflight(site(LIST), names=names)
    assert answer.status_int == 204
    assert (word(answer).get("allow-headers"), word(answer)["allow-origin"]) == (allowed, SHOP)


@given(st.text(st.characters(max_codepoint=255), max_size=60) | st.text("aB-_, \t:;\r\n", max_size=20))
def test_whatever_names_are_asked_for_nothing_but_names_is_repeated(names: str) -> None:
    request = Request.build("OPTIONS", environ={
        "HTTP_ORIGIN": SHOP, "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT",
        "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": names})
    said = cors([SHOP])(request, unreachable).headers.get("Access-Control-Allow-Headers")
    if said is not None:
        assert said.split(", ") == [name.strip(" \t") for name in names.split(",")]
        assert set(said) <= {*string.ascii_letters, *string.digits, *"!#$%&'*+-.^_`|~", ",", " "}


def unreachable(request: Request) -> Response:
    pytest.fail("it went on")


# origins that come

ODD = ["", " ", "null", "NULL", f"{SHOP}, {SHOP}", f"{SHOP},{EVIL}", f"{SHOP} {EVIL}", f"{SHOP}/", f" {SHOP}",
       f"{SHOP} ", "HTTPS://shop.example", "https://Shop.example", f"{SHOP}:443", f"{SHOP}:0443", f"{SHOP}.",
       f"{SHOP}.evil.example", f"{SHOP}@evil.example", "http://shop.example", "https://x.shop.example",
       "shop.example", "//shop.example", "https:shop.example", f"{SHOP}\\", f"{SHOP}#", f"{SHOP}?",
       f"{SHOP}\xa0", "https://shop.exampl\xe9", "*", "https://*", f"https://{'a' * 100_000}", "x" * 100_000,
       f"{SHOP}\t", f"{SHOP}%00"]


@pytest.mark.parametrize("origin", ODD, ids=lambda text: text[:40])
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_an_origin_that_is_not_written_as_one_that_is_listed_is_refused(
    site: Callable[..., TestApp], origin: str, method: str
) -> None:
    app = site(f"{LIST}, credentials=True")
    answer = ask(app, method, Origin=origin, Access_Control_Request_Method="PUT")
    assert answer.status_int == {"GET": 200, "OPTIONS": 204}[method]
    assert (word(answer), vary(answer)) == ({}, "Origin")


def by_hand(origins: Any, origin: str | None, **options: Any) -> Response:
    """The answer of such a middleware around a handler that says "ok"."""
    environ = {} if origin is None else {"HTTP_ORIGIN": origin}
    return cors(origins, **options)(Request.build(environ=environ), lambda request: Response("ok"))


@pytest.mark.parametrize(("origin", "asked"), [
    *[(origin, True) for origin in (
        SHOP, ADMIN, "http://127.0.0.1:1", "https://[::1]:8443", "https://a_b", "capacitor://localhost",
        "chrome-extension://abcdefghijklmnop", "https://xn--caf-dma.example", f"https://{'a' * 253}")],
    *[(origin, False) for origin in (
        None, "null", "", "*", f"{SHOP}, {EVIL}", f"{SHOP}/", "https://Shop.example", "https://shop.exampl\xe9",
        f"https://{'a' * 254}", f"{'a' * 32}://b", "https://", "https://a:", "https://a:00", "https://a:123456",
        "a://b@c", "https://a\n", "https://a\r\nx: y", "https://a:1٣", "1a://b", "://b")],
])
def test_a_function_is_asked_about_origins_alone_and_once(origin: str | None, asked: bool) -> None:
    heard: list[str] = []

    def says_yes(origin: str) -> bool:
        heard.append(origin)
        return True

    answer = by_hand(says_yes, origin)
    assert heard == ([origin] if asked else [])
    assert answer.headers.get("Access-Control-Allow-Origin") == (origin if asked else None)
    assert answer.headers["Vary"] == "Origin"


@given(st.text(max_size=60) | st.from_regex(r"[a-z]{1,5}:/{1,3}[a-zA-Z.:@0-9]{0,9}", fullmatch=True))
def test_whatever_comes_as_an_origin_only_what_is_allowed_is_repeated(origin: str) -> None:
    assert "Access-Control-Allow-Origin" not in by_hand([SHOP], origin).headers
    said = by_hand(lambda origin: True, origin).headers.get("Access-Control-Allow-Origin")
    assert said is None or (said == origin and origin.isascii() and origin == origin.lower())


async def waits(origin: str) -> bool:
    return False


class Asked:
    """Something that can be called, and says what it was told to."""

    def __init__(self, verdict: Any) -> None:
        self.verdict = verdict

    def __call__(self, origin: str) -> Any:
        if isinstance(self.verdict, Exception):
            raise self.verdict
        return self.verdict


@pytest.mark.parametrize("verdict", [None, 1, 0, "yes", [], object(), ValueError("no database")])
def test_a_function_that_says_neither_true_nor_false_lets_nobody_read_and_nothing_run(verdict: Any) -> None:
    kind = ValueError if isinstance(verdict, ValueError) else TypeError
    with pytest.raises(kind, match=r"no database|says True or False, but it returned"):
        cors(Asked(verdict))(Request.build(environ={"HTTP_ORIGIN": SHOP}), unreachable)


def test_a_function_that_fails_is_a_500_that_nobody_may_read(
    site: Callable[..., TestApp], caplog: pytest.LogCaptureFixture
) -> None:
    answer = ask(site("lambda origin: None"), Origin=SHOP)
    assert (answer.status_int, word(answer)) == (500, {})
    assert "the function given as origins says True or False, but it returned NoneType" in caplog.text


# what is given

@pytest.mark.parametrize(("arguments", "error", "says"), [
    ({"origins": SHOP}, TypeError, r'origins is a list of origins, such as origins=\["https://shop.example"\]'),
    ({"origins": "null"}, TypeError, "origins is a list of origins"),
    ({"origins": ""}, TypeError, "origins is a list of origins"),
    ({"origins": None}, TypeError, "origins is a list of origins"),
    ({"origins": 5}, TypeError, "origins is a list of origins"),
    ({"origins": b"*"}, TypeError, "origins is a list of str"),
    ({"origins": [SHOP, None]}, TypeError, "origins is a list of str, of which None is none"),
    ({"origins": waits}, TypeError, "origins is a plain function, not an async one"),
    ({"credentials": True}, ValueError, 'credentials=True with origins="\\*"'),
    ({"origins": "*", "credentials": True}, ValueError, "list the origins"),
    ({"origins": [SHOP, "null"], "credentials": True}, ValueError, 'credentials=True with "null"'),
    ({"origins": [SHOP], "credentials": "yes"}, TypeError, "credentials is True or False, not str"),
    ({"origins": [SHOP], "credentials": None}, TypeError, "credentials is True or False, not NoneType"),
    ({"methods": "PUT"}, TypeError, r"methods is a list of names, such as methods=\['PUT'\]"),
    ({"methods": 5}, TypeError, "methods is a list of names"),
    ({"methods": [5]}, TypeError, "methods is a list of str"),
    ({"methods": ["*"]}, ValueError, r"methods: '\*' is no method: name each one, in capitals"),
    ({"methods": ["put"]}, ValueError, "methods: 'put' is no method"),
    ({"methods": ["PUT, GET"]}, ValueError, "methods: 'PUT, GET' is no method"),
    ({"methods": ["PUT\n"]}, ValueError, "methods"),
    ({"headers": "X-Token"}, TypeError, r"headers is a list of names, such as headers=\['X-Token'\]"),
    ({"headers": None}, TypeError, "headers is a list of names"),
    ({"headers": ["*"]}, ValueError, r'write headers="\*", not in a list'),
    ({"headers": ["X Token"]}, ValueError, "headers: 'X Token' is no header's name"),
    ({"headers": ["X-Token\n"]}, ValueError, "headers"), ({"headers": [""]}, ValueError, "headers"),
    ({"headers": [None]}, TypeError, "headers is a list of str"),
    ({"expose": "X-Total"}, TypeError, r"expose is a list of names, such as expose=\['X-Total'\]"),
    ({"expose": "*"}, TypeError, "expose is a list of names"),
    ({"expose": ["*"]}, ValueError, r"expose: '\*' is no header's name: name each one"),
    ({"expose": ["a,b"]}, ValueError, "expose: 'a,b' is no header's name"),
    ({"max_age": -1}, ValueError, "max_age is a number of seconds from 0 on, not -1"),
    ({"max_age": "600"}, TypeError, "max_age is a number of seconds or None, not str"),
    ({"max_age": True}, TypeError, "max_age"), ({"max_age": 0.5}, TypeError, "max_age"),
])
def test_what_may_not_be_given_is_refused_when_it_is_made(
    arguments: dict[str, Any], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        cors(**arguments)


def test_what_was_listed_is_read_once_and_then_kept() -> None:
    origins, names = [SHOP], ["X-Total"]
    made = cors(origins, expose=names)
    origins.append(EVIL)
    names.append("X-Secret")

    def said(origin: str) -> Iterable[tuple[str, str]]:
        answer = made(Request.build(environ={"HTTP_ORIGIN": origin}), lambda request: Response("ok"))
        return answer.headers.items()

    assert ("Access-Control-Expose-Headers", "X-Total") in said(SHOP)
    assert "Access-Control-Allow-Origin" not in dict(said(EVIL))


def test_in_lists_it_is_called_by_its_own_name() -> None:
    assert name_of(cors()) == name_of(cors([SHOP])) == "cors"


CHILD = """
import sys
sys.path.insert(0, {path!r})
import fsroute
before = set(sys.modules)
import fsroute.middleware.cors, fsroute.middleware.csrf
fsroute.middleware.cors.cors(["https://shop.example", "http://localhost:5173"])
import json
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def test_it_loads_nothing_that_a_list_of_names_does_not_need() -> None:
    """Whoever lists an address pays for the reading of addresses, at start."""
    root = str(Path(__file__).parents[2])
    done = subprocess.run([sys.executable, "-I", "-S", "-c", CHILD.format(path=root)], stdout=subprocess.PIPE,
                          check=True, timeout=60)
    assert json.loads(done.stdout) == [
        "fsroute.middleware", "fsroute.middleware.cors", "fsroute.middleware.csrf",
        "fsroute.middleware.origin"]
