"""Who comes in with a name and a password, and that everything else is a 401."""

import hmac
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from webtest import TestApp

from fsroute import HTTPError, Request, Response
from fsroute.handlers.chain import name_of
from fsroute.middleware.basic_auth import basic_auth
from tests.conftest import Client

USERS = {"eve": "secret", "zoë": "pässwörd", "日本": "語", "dora": "a:b:c", "sp ace": " s p ", "ann": "1234",
         "long": "x" * 3_000, "accents": "é" * 40, "emoji": "\U0001f600",
         "signs": "~!\"#$%&'()*+,-./;<=>?@[\\]^_`{|}"}
SOURCE = ("from fsroute.middleware.basic_auth import basic_auth\n"
          f"middleware = basic_auth({USERS!r}, realm='the shop')\n")
DETAIL = "A name and a password are needed"
CHALLENGE = 'Basic realm="the shop", charset="UTF-8"'


def basic(credentials: str | bytes, scheme: str = "Basic ") -> str:
    """The value of Authorization that holds these."""
    content = credentials if isinstance(credentials, bytes) else credentials.encode()
    return scheme + b64encode(content).decode()


@pytest.fixture
def site(client: Client) -> TestApp:
    return client({"middleware.py": SOURCE, "about/page.html": "<p>",
                   "route.py": "def GET(request): return [request.state.user]\n"
                               "def POST(): raise RuntimeError('it ran')\n"})


def ask(app: TestApp, authorization: str | None = None, path: str = "/", method: str = "GET") -> Any:
    headers = {} if authorization is None else {"Authorization": authorization}
    return app.request(path, method=method, headers=headers, status="*")


@pytest.mark.parametrize("name", USERS)
def test_a_right_name_and_password_come_in_and_the_handler_knows_the_name(site: TestApp, name: str) -> None:
    for _ in range(2):
        answer = ask(site, basic(f"{name}:{USERS[name]}"))
        assert (answer.status_int, answer.json) == (200, [name])
        assert "WWW-Authenticate" not in answer.headers


@pytest.mark.parametrize("scheme", ["Basic ", "basic ", "BASIC ", "bAsIc    "])
def test_the_schemes_name_ignores_case_and_may_be_followed_by_spaces(site: TestApp, scheme: str) -> None:
    assert ask(site, basic("eve:secret", scheme)).json == ["eve"]
    assert ask(site, basic("eve:secret", scheme) + " ").json == ["eve"]


REFUSED = [
    # nothing, or something else
    None, "", " ", "Basic", "Basic ", "basic  ", "Bearer abc", "Digest username=\"eve\"", "eve:secret", ":",
    *[basic("eve:secret", scheme) for scheme in (
        "", "Basic", "Basic\t", " Basic ", "Basic, ", "Ba\u017fic ", "Bas\u0131c ",
        "Bearer ", "Bearer x, Basic ")],
    *[basic("eve:secret") + more for more in (",", " x", "\n", f", {basic('eve:secret')}")],
    # another name or password
    *map(basic, ("eve:", "eve:Secret", "eve:secret ", "eve: secret", "eve:secre", "eve:secrets", "Eve:secret",
                 "eve :secret", " eve:secret", "mallory:secret", "mallory:", "zoe:pässwörd", "zoë:passwörd",
                 "dora:a", "dora:a:b", "dora:a:b:c:", "dora:a:b:d", "secret:eve", "zoe\u0308:pässwörd",
                 "eve:pässwörd", "eve:語", f"long:{'x' * 2_999}", f"eve:{'x' * 5_000}",
                 f"{'x' * 5_000}:secret", "\U0001f600:x", "emoji:\U0001f601")),
    # no name and password at all
    *map(basic, ("", "eve", "secret", "evesecret", ":", "::", ":secret", "eve\uff1asecret")),
    # control characters
    *map(basic, ("eve:secret\0", "eve\0:secret", "\0eve:secret", "eve:\0secret", "eve:secret\n",
                 "eve:secret\r", "eve\n:secret", "eve:sec\x1bret", "eve:secret\x7f", "e\x01ve:secret",
                 "\0:\0", "\0")),
    # bytes that are no UTF-8
    *map(basic, (b"eve:secret\xff", b"\xffeve:secret", b"zo\xeb:p\xe4ssw\xf6rd", b"eve:\xc0\x80",
                 b"\xed\xa0\x80:x", b"\xfe\xff:", b"\xc3:")),
    # base64 that is none
    f"{basic('ann:1234')}=", basic("ann:1234")[:-1], basic("ann:1234")[:-2],
    *[f"Basic {text}" for text in (
        "ZXZlOnNlY3JldA", "ZXZlOnNlY3JldA=", "ZXZlOnNlY3JldA===", "ZXZlOnNlY3JldA==A", "ZXZl OnNlY3JldA==",
        "ZXZlOnNlY3JldA==,", "=ZXZlOnNlY3JldA==", "ZXZl=OnNlY3JldA", "ZXZlOnNlY3JldA\u2260\u2260",
        "ZXZlOnNlY3JldA==\xa0", "ZXZlOnNlY3JldA%3D%3D", "\"ZXZlOnNlY3JldA==\"", "=", "==", "====", "A", "A=",
        "A==", "A===", "*", "-_-_", "\xe9", "eve:secret")],
    # huge
    "Basic " + "A" * 100_000, "x" * 100_000, "Basic " + " " * 100_000, "Basic " + "=" * 100_000,
    "Basic " * 20_000, basic("eve:secret", "Basic" + " " * 100_000), basic("eve:secret") + " " * 100_000,
    basic("eve:" + "secret" * 20_000),
]


@pytest.mark.parametrize("authorization", REFUSED, ids=lambda value: ascii(value)[:60])
def test_everything_else_is_the_same_401(site: TestApp, authorization: str | None) -> None:
    answer = ask(site, authorization)
    assert answer.status_int == 401
    assert answer.headers.getall("WWW-Authenticate") == [CHALLENGE]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json == {"title": "Unauthorized", "status": 401, "detail": DETAIL}
    assert ask(site, basic("eve:secret")).json == ["eve"]


@pytest.mark.parametrize(("method", "path", "status"), [
    ("GET", "/", 200), ("HEAD", "/", 200), ("POST", "/", 500), ("OPTIONS", "/", 204), ("PUT", "/", 405),
    ("GET", "/about", 200), ("GET", "/about/", 308), ("GET", "/nope", 404), ("GET", "/%ff", 400)])
def test_it_guards_all_that_is_answered_below_its_folder(
    site: TestApp, method: str, path: str, status: int
) -> None:
    right, wrong = basic("eve:secret"), basic("eve:x")
    for authorization, expected in [(None, 401), (wrong, 401), (right, status), (wrong, 401), (None, 401)]:
        answer = ask(site, authorization, path, method)
        assert answer.status_int == expected
        assert answer.headers.getall("WWW-Authenticate") == ([CHALLENGE] if expected == 401 else [])


def test_what_the_handler_answers_passes_as_it_is(client: Client) -> None:
    app = client({"middleware.py": SOURCE, "route.py": """
def GET(): return 401, {"WWW-Authenticate": "Bearer"}, "x"
"""})
    answer = ask(app, basic("eve:secret"))
    assert (answer.status_int, answer.text) == (401, "x")
    assert answer.headers.getall("WWW-Authenticate") == ["Bearer"]


def test_an_error_file_shapes_the_refusal_and_the_challenge_stays(client: Client) -> None:
    app = client({"middleware.py": SOURCE, "route.py": "def GET(): return 1\n",
                  "error.py": "def error(request, exception): return {'sorry': str(exception)}\n"})
    answer = ask(app)
    assert (answer.status_int, answer.headers["WWW-Authenticate"]) == (401, CHALLENGE)
    assert answer.json == {"sorry": f"401 Unauthorized: {DETAIL}"}


# by hand: what the callable hears, what is compared

def entered(users: Any, authorization: str | None) -> str | None:
    """The name that came in by such a header; None for a 401, and any other end is a failure."""
    request = Request.build(environ={} if authorization is None else {"HTTP_AUTHORIZATION": authorization})
    try:
        answer = basic_auth(users)(request, lambda request: Response("in"))
    except HTTPError as refused:
        refusal = refused
    else:
        assert answer.body == b"in"
        name: str = request.state.user
        return name
    challenge = 'Basic realm="Restricted", charset="UTF-8"'
    assert (refusal.status, refusal.headers.items()) == (401, [("WWW-Authenticate", challenge)])
    assert not hasattr(request.state, "user")
    return None


@pytest.mark.parametrize(("credentials", "heard"), [
    ("eve:secret", [("eve", "secret")]), ("eve:a:b", [("eve", "a:b")]), (":key", [("", "key")]),
    ("key:", [("key", "")]), (":", [("", "")]), ("zoë:日本", [("zoë", "日本")]),
    ("\x80:\x9f", [("\x80", "\x9f")]), ("a'--:%s", [("a'--", "%s")]),
    ("eve", []), ("eve:\0", []), ("e\tve:x", []), (b"\xff:x", []), ("", []),
])
def test_a_function_hears_names_and_passwords_and_nothing_else(
    credentials: str | bytes, heard: list[tuple[str, str]]
) -> None:
    for verdict in (True, False):
        calls: list[tuple[str, str]] = []

        def check(name: str, password: str, verdict: bool = verdict, calls: Any = calls) -> bool:
            calls.append((name, password))
            return verdict

        assert entered(check, basic(credentials)) == (heard[0][0] if verdict and heard else None)
        assert calls == heard


class Told:
    """A function of name and password that says what it was told to."""

    def __init__(self, verdict: Any) -> None:
        self.verdict = verdict

    def __call__(self, name: str, password: str) -> Any:
        if isinstance(self.verdict, Exception):
            raise self.verdict
        return self.verdict


async def waits(name: str, password: str) -> bool:
    return False


@pytest.mark.parametrize("verdict", [None, 1, 0, "eve", [], object(), ValueError("no database")])
def test_a_function_that_says_neither_true_nor_false_lets_nobody_in(verdict: Any) -> None:
    kind = ValueError if isinstance(verdict, ValueError) else TypeError
    with pytest.raises(kind, match=r"no database|says True or False, but it returned"):
        entered(Told(verdict), basic("eve:secret"))


def test_a_function_that_fails_is_a_500(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    app = client({"middleware.py": "from fsroute.middleware.basic_auth import basic_auth\n"
                                   "middleware = basic_auth(lambda name, password: None)\n",
                  "route.py": "def GET(): return 1\n"})
    assert ask(app, basic("eve:secret")).status_int == 500
    assert "the function given as users says True or False, but it returned NoneType" in caplog.text


def test_a_name_that_is_unknown_costs_the_comparison_that_a_known_one_costs(
    monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[int, int]] = []

    def watched(one: bytes, other: bytes) -> bool:
        assert type(one) is type(other) is bytes
        compared.append((len(one), len(other)))
        return compare(one, other)

    compare = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", watched)
    guesses = ["eve:secret", "eve:secre", "eve:", f"eve:{'x' * 4_000}", "mallory:secret", "mallory:", "é:é",
               "eve:語"]
    assert [entered(USERS, basic(guess)) for guess in guesses] == ["eve", *[None] * 7]
    assert compared == [(32, 32)] * len(guesses)


def test_users_are_read_once_and_then_kept() -> None:
    users = {"eve": "secret"}
    made = basic_auth(users)
    users["mallory"] = users["eve"] = "x"
    request = Request.build(environ={"HTTP_AUTHORIZATION": basic("eve:secret")})
    assert made(request, lambda request: Response("in")).body == b"in"
    for guess in ("eve:x", "mallory:x"):
        with pytest.raises(HTTPError):
            made(Request.build(environ={"HTTP_AUTHORIZATION": basic(guess)}), lambda request: Response("in"))


@given(st.text(st.characters(max_codepoint=255), max_size=60) | st.text("Basic =:ZXlQ\t", max_size=30))
def test_no_header_lets_anybody_in_or_fails_another_way(authorization: str) -> None:
    assert entered({"eve": "secret"}, authorization) is None


letters = st.characters(exclude_categories=["Cs"], exclude_characters=[*map(chr, range(32)), "\x7f"])


@given(st.text(letters, min_size=1).filter(lambda name: ":" not in name), st.text(letters, min_size=1),
       st.text(letters, min_size=1))
def test_a_password_opens_to_itself_and_to_nothing_else(name: str, password: str, other: str) -> None:
    assert entered({name: password, f"{name}2": other}, basic(f"{name}:{password}")) == name
    guessed = entered({name: password}, basic(f"{name}:{other}"))
    assert guessed == (name if other == password else None)
    assert entered({f"{name}2": password}, basic(f"{name}:{password}")) is None


@given(st.binary(max_size=60))
def test_what_comes_in_is_what_the_bytes_say(credentials: bytes) -> None:
    try:
        name, colon, _ = credentials.decode().partition(":")
    except UnicodeDecodeError:
        name = colon = ""
    clean = all(byte > 0x1f and byte != 0x7f for byte in credentials)
    assert entered(lambda name, password: True, basic(credentials)) == (name if colon and clean else None)


# what is given

@pytest.mark.parametrize("realm", ["Restricted", "", "a b", "the shop's", "~!#$%&()*+,-./:;<=>?@[]^_`{|}"])
def test_the_realm_is_said_as_it_is(realm: str) -> None:
    with pytest.raises(HTTPError) as caught:
        basic_auth(USERS, realm=realm)(Request.build(), lambda request: Response("in"))
    assert caught.value.headers["WWW-Authenticate"] == f'Basic realm="{realm}", charset="UTF-8"'


@pytest.mark.parametrize("realm", [
    '"', 'a"b', "a\\b", "\\", "é", "日本", "a\r\nX: y", "a\n", "a\tb", "a\0", "a\x7f", 5, None, b"x"])
def test_a_realm_that_would_have_to_be_escaped_is_refused(realm: Any) -> None:
    with pytest.raises(ValueError, match="realm is visible ASCII without quotes and backslashes"):
        basic_auth(USERS, realm=realm)


@pytest.mark.parametrize(("users", "error", "says"), [
    ({}, ValueError, "users is empty, so that nobody could come in"),
    ([("eve", "secret")], TypeError, "users is a mapping of names to passwords, or a function"),
    ("eve:secret", TypeError, "users is a mapping"), (None, TypeError, "users is a mapping .*, not NoneType"),
    ({"eve": None}, TypeError, "names and passwords are str, not str and NoneType"),
    ({"eve": b"secret"}, TypeError, "not str and bytes"), ({5: "secret"}, TypeError, "not int and str"),
    ({"": "secret"}, ValueError, "users: '' cannot be sent as a name"),
    ({"a:b": "secret"}, ValueError, "users: 'a:b' cannot be sent as a name"),
    ({"a\n": "secret"}, ValueError, "cannot be sent as a name"),
    ({"\0": "secret"}, ValueError, "cannot be sent as a name"),
    ({"\ud800": "secret"}, ValueError, "cannot be sent as a name"),
    ({"eve": ""}, ValueError, "the password of 'eve' is empty"),
    ({"eve": "secret", "dora": ""}, ValueError, "the password of 'dora' is empty"),
    ({"eve": "secret\n"}, ValueError, "the password of 'eve' is empty or holds a control character"),
    ({"eve": "secret\x7f"}, ValueError, "the password of 'eve'"),
    ({"eve": "secret\ud800"}, ValueError, "the password of 'eve'"),
    (waits, TypeError, "users is a plain function, not an async one"),
])
def test_what_may_not_be_given_is_refused_when_it_is_made(
    users: Any, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says) as caught:
        basic_auth(users)
    assert "secret" not in str(caught.value)


def test_in_lists_it_is_called_by_its_own_name() -> None:
    assert name_of(basic_auth(USERS)) == name_of(basic_auth(Told(True))) == "basic_auth"
