"""What app.match says of a request, beside what then happens."""

import re
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsroute import App
from tests.conftest import Make, write_files
from tests.exchange import environ_of, exchange

NOTES = """
def {name}(request, call_next):
    request.environ["ran"].append("{name}")
    return call_next(request)

middleware = {name}
"""
ROUTE = "def GET(): return 'it'\ndef POST(): return 'it'\n"
USING = """
from fsroute import use

def owner(request, call_next):
    request.environ["ran"].append("owner")
    return call_next(request)

def staff(request, call_next):
    request.environ["ran"].append("staff")
    return call_next(request)

def GET(): return 'it'

@use(owner)
@use(staff, owner)
def DELETE(id: int): return 'it'

@use(staff)
def HEAD(): return 'it'
"""
CHAINS = {"middleware.py": "root", "users/middleware.py": "users", "users/[id]/middleware.py": "one",
          "users/me/middleware.py": "me", "(g)/middleware.py": "g", "(g)/a/middleware.py": "ga",
          "docs/[...path]/middleware.py": "docs", "alone/middleware.py": "alone"}
ROUTES = ("route.py", "users/route.py", "users/me/route.py", "(g)/a/b/route.py", "(h)/a/c/route.py",
          "docs/[...path]/route.py", "users/[id]/posts/[post]/route.py", "[lang]/about/page.html")


FILES = {"users/[id]/route.py": USING, **dict.fromkeys(ROUTES, ROUTE),
         **{name: NOTES.format(name=note) for name, note in CHAINS.items()}}


def asked(app: App, method: str, target: str) -> tuple[int, list[str]]:
    """The status of the answer, and the middleware that ran."""
    ran: list[str] = []
    return exchange(app, environ_of(method, target, ran=ran)).status, ran


@pytest.mark.parametrize(("method", "target", "status", "handler", "chain"), [
    ("GET", "/", 200, "GET", "root"),
    ("PUT", "/", 405, None, "root"),
    ("OPTIONS", "/", 204, None, "root"),
    ("GET", "/users/7", 200, "GET", "root users one"),
    ("HEAD", "/users/7", 200, "HEAD", "root users one staff"),
    ("DELETE", "/users/7", 200, "DELETE", "root users one owner staff owner"),
    ("DELETE", "/users/x", 200, "DELETE", "root users one owner staff owner"),     # the handler's own 404
    ("POST", "/users/7", 405, None, "root users one"),
    ("OPTIONS", "/users/7", 204, None, "root users one"),
    ("DELETE", "/users/7/", 308, None, "root users one"),
    ("FOO", "/users/7", 405, None, "root users one"),
    ("HEAD", "/users/me", 200, "GET", "root users me"),
    ("GET", "/users/7/posts/8", 200, "GET", "root users one"),
    ("GET", "/a/b", 200, "GET", "root g ga"),
    ("GET", "/a/c", 200, "GET", "root"),
    ("GET", "/docs/a/b", 200, "GET", "root docs"),
    ("GET", "/de/about", 200, "GET", "root"),
    # misses
    ("GET", "/nope", 404, None, "root"),
    ("OPTIONS", "/nope", 404, None, "root"),
    ("GET", "/users/me/nope", 404, None, "root users me"),
    ("GET", "/users/7/nope", 404, None, "root users one"),
    ("GET", "/users/me/posts", 404, None, "root users one"),
    ("GET", "/a", 404, None, "root"),
    ("GET", "/a/b/nope", 404, None, "root g ga"),
    ("GET", "/docs", 404, None, "root"),
    ("GET", "/alone", 404, None, "root alone"),
    ("GET", "/alone//", 404, None, "root alone"),
    ("GET", "//", 404, None, "root"),
    # what is no path of ours
    ("GET", "/users/%FF", 400, None, "root"),
    ("GET", "/users/%00", 400, None, "root"),
    ("GET", "users", 400, None, "root"),
    ("OPTIONS", "*", 204, None, "root"),
    ("GET", "*", 400, None, "root"),
])
@pytest.mark.parametrize("lazy", [False, True])
def test_it_names_the_middleware_that_then_runs(
    make: Make, method: str, target: str, status: int, handler: str | None,
    chain: str, lazy: bool
) -> None:
    app = make(FILES, lazy=lazy)
    told = app.match(method, target)
    assert (told.status, told.handler, " ".join(told.chain)) == (status, handler, chain)
    for _ in range(2):
        assert asked(app, method, target) == (404 if target == "/users/x" else status, chain.split())


@pytest.mark.parametrize(("slash", "status", "chain"), [
    ("redirect", 308, "root users one"), ("ignore", 200, "root users one owner staff owner"),
    ("strict", 404, "root users one")])
def test_a_final_slash_is_told_as_it_is_treated(
    make: Make, slash: str, status: int, chain: str
) -> None:
    app = make(FILES, trailing_slash=slash)
    told = app.match("DELETE", "/users/7/")
    assert (told.status, " ".join(told.chain), told.params) == (status, chain, {"id": "7"})
    assert asked(app, "DELETE", "/users/7/") == (status, chain.split())


def test_a_miss_tells_the_values_of_the_folder_that_speaks_for_it(make: Make) -> None:
    app = make(FILES)
    for target, params in (("/users/7/nope", {"id": "7"}), ("/de/nope", {"lang": "de"}), ("/a/nope", {}),
                           ("/users/7/posts/8/9", {"id": "7", "post": "8"}),
                           ("/nope/../x", {"lang": "nope"})):
        told = app.match("GET", target)
        assert (told.status, told.route, told.params) == (404, None, params)


SEGMENTS = st.sampled_from(["users", "me", "7", "posts", "a", "b", "c", "docs", "alone", "about",
                            "", ".", "%2e."])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> App:
    root = tmp_path_factory.mktemp("explained") / "explained_site"
    return App(write_files(root, FILES))


@settings(max_examples=300, deadline=None)
@given(method=st.sampled_from(["GET", "HEAD", "DELETE", "OPTIONS", "PATCH"]),
       parts=st.lists(SEGMENTS, max_size=6))
def test_it_agrees_with_what_happens_on_any_path(site: App, method: str, parts: list[str]) -> None:
    target = "/" + "/".join(parts)
    told = site.match(method, target)
    status, ran = asked(site, method, target)
    assert ran == [*told.chain]
    assert status == told.status or (told.handler == "DELETE" and status == 404)


def test_it_reads_well(make: Make) -> None:
    app = make(FILES)
    told = app.match("DELETE", "/users/me%0A")
    assert re.fullmatch(
        r"200 /users/\[id\]\n"
        r"  DELETE in /.*/users/\[id\]/route\.py\n"
        r"  through root, users, one, owner, staff, owner\n"
        r"  id = 'me\\n'\n"
        r"(  not /.*\n)+  not /.*", str(told))
    assert repr(told) == "<Explanation 200 /users/[id]>"
    refused = app.match("PUT", "/users/7")
    assert refused.route is not None
    assert str(refused).splitlines()[1:3] == [f"  no handler in {refused.route.file}",
                                              "  through root, users, one"]
    missed = app.match("GET", "/alone/x")
    assert str(missed).splitlines()[:2] == ["404", "  through root, alone"]
    assert repr(missed) == "<Explanation 404 None>"


def test_without_middleware_nothing_is_said_of_it(make: Make) -> None:
    app = make({"route.py": ROUTE, "a/error.py": "def error(request, exception): return None\n"})
    for method, target in product(("GET", "PUT", "OPTIONS"), ("/", "/a", "/nope", "/%FF")):
        told = app.match(method, target)
        assert told.chain == ()
        assert "through" not in str(told)


def test_a_file_that_cannot_be_imported_is_raised_to_whoever_asks(make: Make) -> None:
    app = make({"a/route.py": "1 / 0\n", "b/route.py": ROUTE}, lazy=True)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            app.match("GET", "/a")
    assert app.match("GET", "/b").status == 200
    assert app.match("GET", "/c").status == 404


def test_the_chain_of_a_callable_is_called_by_the_name_of_its_type_or_factory(make: Make) -> None:
    source = """
from functools import partial

def factory(option):
    def middleware(request, call_next): return call_next(request)
    return middleware

class Keeper:
    def __call__(self, request, call_next): return call_next(request)
    def method(self, request, call_next): return call_next(request)

def with_option(option, request, call_next): return call_next(request)

middleware = [factory(1), Keeper(), Keeper().method, partial(with_option, 1),
              lambda request, call_next: call_next(request)]
"""
    app = make({"route.py": ROUTE, "middleware.py": source})
    named, own = app.match("GET", "/").chain[:-1], app.match("GET", "/").chain[-1]
    assert named == ("factory", "Keeper", "method", "with_option")
    assert re.fullmatch(r"site\d+/middleware.py", own)      # a lambda has no name
    assert exchange(app, environ_of("GET", "/")).status == 200


def test_a_function_called_middleware_goes_by_its_file(make: Make) -> None:
    """Each folder may have one: under one name an audit could not tell them apart."""
    plain = "def middleware(request, call_next): return call_next(request)\n"
    app = make({"middleware.py": plain, "in/middleware.py": plain, "in/route.py": ROUTE,
                "other/middleware.py": "from ..middleware import middleware\n", "other/route.py": ROUTE})
    outer, inner = app.match("GET", "/in").chain
    assert (outer.partition("/")[2], inner.partition("/")[2]) == ("middleware.py", "in/middleware.py")
    assert app.match("GET", "/other").chain == (outer, outer)


def test_a_decorated_middleware_and_one_of_a_single_method_go_by_their_file_too(make: Make) -> None:
    timed = "import functools\ndef timed(of):\n    return functools.wraps(of)(lambda *given: of(*given))\n"
    plain = "def middleware(request, call_next): return call_next(request)\n"
    app = make({"_lib.py": timed, "middleware.py": f"from ._lib import timed\n@timed\n{plain}",
                "in/middleware.py": f"from .._lib import timed\n@timed\n{plain}",
                "in/route.py": f"from fsroute import use\n{plain}@use(middleware)\n{ROUTE}"})
    chain = [name.partition("/")[2] for name in app.match("GET", "/in").chain]
    assert chain == ["middleware.py", "in/middleware.py", "in/route.py"]
