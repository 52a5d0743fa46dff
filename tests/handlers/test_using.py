"""@use: middleware for one method."""

import asyncio
import inspect
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fsroute import App, Request, Response, TreeError, use
from fsroute.handlers.using import used
from tests.conftest import Make, Tree
from tests.exchange import environ_of, exchange
from tests.sources import Source

CallNext = Callable[[Request], Response]

# what every tree here may import: middleware that notes that it ran, and decorators of two kinds
_NOTES = """
import functools
from fsroute import HTTPError, Response, use

def noting(name):
    def middleware(request, call_next):
        request.environ["test.ran"].append(name)
        return call_next(request)
    return middleware

def guard(request, call_next):
    if "HTTP_COOKIE" not in request.environ:
        raise HTTPError(401, "Log in first")
    return call_next(request)

def wrapped(handler):
    @functools.wraps(handler)
    def wrapper(*args, **kwargs):
        return handler(*args, **kwargs)
    return wrapper

def bare(handler):
    def wrapper(request):
        return handler(request)
    return wrapper

class Bare:
    def __init__(self, handler):
        self.handler = handler
    def __call__(self, request):
        return self.handler(request)
    def method(self, request):
        return self.handler(request)

@use(guard)
def guarded(request):
    return "secret"
"""
HEAD = "import functools\nfrom fsroute import *\nfrom fsroute import use\nfrom ._notes import *\n"


def files_of(source: str, **more: str) -> dict[str, str]:
    return {"_notes.py": _NOTES, "route.py": HEAD + source, **more}


def ran(app: App, method: str = "GET", target: str = "/", **environ: Any) -> list[str]:
    """Which middleware ran for that request."""
    names: list[str] = []
    exchange(app, environ_of(method, target, **environ) | {"test.ran": names}, shaped=True)
    return names


def faults(root: str) -> list[str]:
    with pytest.raises(TreeError) as caught:
        App(root)
    return [line.strip().replace(f"{Path(root).name}/", "") for line in str(caught.value).splitlines()[1:]]


# order

@pytest.mark.parametrize(("source", "order"), [
    ("@use(noting('a'))\n", "a"),
    ("@use(noting('a'), noting('b'), noting('c'))\n", "abc"),
    ("@use(noting('a'))\n@use(noting('b'))\n", "ab"),
    ("@use(noting('a'), noting('b'))\n@use(noting('c'), noting('d'))\n@use(noting('e'))\n", "abcde"),
    ("_one = noting('a')\n@use(_one, _one)\n@use(_one)\n", "aaa"),
    ("@use(noting('a'))\n@wrapped\n@use(noting('b'))\n", "ab"),
    ("@wrapped\n@wrapped\n@use(noting('a'))\n@wrapped\n", "a"),
    ("@use(noting('a'))\n@bare\n", "a"),
    ("@use(noting('a'))\n@use(noting('b'))\n@bare\n", "ab"),
])
def test_the_top_decorator_is_outermost_and_in_one_the_first(make: Make, source: str, order: str) -> None:
    app = make(files_of(f"{source}def GET(request): return 'text'\n"))
    for _ in range(2):
        assert ran(app) == [*order]


def test_what_is_used_runs_inside_every_middleware_of_the_folders(make: Make) -> None:
    app = make(files_of("@use(noting('used'))\ndef GET(): return 'text'\n", **{
        "middleware.py": "from ._notes import noting\nmiddleware = [noting('a'), noting('b')]\n",
        "in/middleware.py": "from .._notes import noting\nmiddleware = noting('in')\n",
        "in/route.py": "from .._notes import noting, use\n@use(noting('used'))\ndef GET(): return 'text'\n",
        "out/middleware.py": "inherit = False\n",
        "out/route.py": "from .._notes import noting, use\n@use(noting('used'))\ndef GET(): return 'text'\n",
    }))
    assert ran(app) == ["a", "b", "used"]
    assert ran(app, target="/in") == ["a", "b", "in", "used"]
    assert ran(app, target="/out") == ["used"]


# for one method

def test_it_is_for_its_method_alone(make: Make) -> None:
    app = make(files_of("@use(noting('get'))\ndef GET(): return 'text'\n"
                        "@use(noting('put'))\ndef PUT(): return 'text'\ndef POST(): return 'text'\n"))
    assert ran(app, "GET") == ["get"]
    assert ran(app, "HEAD") == ["get"]
    assert ran(app, "PUT") == ["put"]
    for method, target in (("POST", "/"), ("DELETE", "/"), ("OPTIONS", "/"), ("GET", "/nope"),
                           ("HEAD", "/nope")):
        assert ran(app, method, target) == []
    assert [route.used for route in app.routes] == [{"GET": ("noting",), "PUT": ("noting",)}]


def test_a_redirect_of_a_final_slash_is_not_the_methods(make: Make) -> None:
    files = {"_notes.py": _NOTES,
             "a/route.py": "from .._notes import *\n@use(noting('get'))\ndef GET(): return 'text'\n"}
    app = make(files)
    assert ran(app, "GET", "/a/") == []
    assert ran(app, "GET", "/a") == ["get"]
    assert ran(make(files, trailing_slash="ignore"), "GET", "/a/") == ["get"]


def test_a_head_or_options_that_was_written_has_its_own(make: Make) -> None:
    app = make(files_of("@use(noting('get'))\ndef GET(): return 'text'\ndef HEAD(): return ''\n"
                        "@use(noting('options'))\ndef OPTIONS(): return ''\n"))
    assert (ran(app, "GET"), ran(app, "HEAD"), ran(app, "OPTIONS")) == (["get"], [], ["options"])


@pytest.mark.parametrize("source", [
    "def save(request): return 'text'\nPUT = use(noting('put'))(save)\nPOST = save\n",
    "def save(request): return 'text'\nPOST = save\nPUT = use(noting('put'))(save)\n",
    "def POST(request): return 'text'\nPUT = use(noting('put'))(POST)\n",
    "def POST(request): return 'text'\n"
    "PUT = use(noting('put'))(use(lambda request, call_next: call_next(request))(POST))\n",
    "def _save(x, request): return 'text'\nPOST = functools.partial(_save, 1)\n"
    "PUT = use(noting('put'))(POST)\n",
    "class Save:\n    def __call__(self, request): return 'text'\nPOST = Save()\n"
    "PUT = use(noting('put'))(POST)\n",
])
def test_a_function_that_two_methods_share_is_guarded_in_the_one_that_says_so(
    make: Make, source: str
) -> None:
    app = make(files_of(source))
    for _ in range(2):
        assert (ran(app, "PUT"), ran(app, "POST")) == (["put"], [])


def test_a_decorated_function_that_two_methods_share_is_guarded_in_both(make: Make) -> None:
    app = make(files_of("@use(noting('save'))\ndef save(request): return 'text'\nPUT = POST = save\n"))
    assert (ran(app, "PUT"), ran(app, "POST")) == (["save"], ["save"])


# on any handler

@pytest.mark.parametrize(("source", "body"), [
    ("@use(noting('a'))\ndef GET(): return 'text'\n", b"text"),
    ("@use(noting('a'))\ndef GET():\n    yield 'te'\n    yield 'xt'\n", b"text"),
    ("@use(noting('a'))\nasync def GET(): return 'text'\n", b"text"),
    ("@use(noting('a'))\nasync def GET(request):\n    import asyncio\n    await asyncio.sleep(0)\n"
     "    return {'path': request.path}\n", b'{"path":"/"}'),
    ("GET = use(noting('a'))(lambda request: 'text')\n", b"text"),
    ("def _get(one, request, *, two): return one + two\n"
     "GET = use(noting('a'))(functools.partial(_get, 'te', two='xt'))\n", b"text"),
    ("class Get:\n    def __call__(self, request): return 'text'\nGET = use(noting('a'))(Get())\n", b"text"),
    ("class Get:\n    async def __call__(self): return 'text'\nGET = use(noting('a'))(Get())\n", b"text"),
    ("class Get:\n    def get(self, request): return 'text'\nGET = use(noting('a'))(Get().get)\n", b"text"),
    ("class Get:\n    @classmethod\n    def get(cls): return 'text'\nGET = use(noting('a'))(Get.get)\n",
     b"text"),
    ("def _made(text):\n    @use(noting('a'))\n    def GET(request): return text\n    return GET\n"
     "GET = _made('text')\n", b"text"),
    ("KEPT = Response('text')\n@use(noting('a'))\ndef GET(): return KEPT\n", b"text"),
])
def test_any_handler_can_be_decorated(make: Make, source: str, body: bytes) -> None:
    app = make(files_of(source))
    for _ in range(2):
        names: list[str] = []
        answer = exchange(app, environ_of("GET", "/") | {"test.ran": names})
        assert (answer.status, answer.body, names) == (200, body, ["a"])


def test_the_values_of_a_path_are_converted_inside_what_is_used(make: Make) -> None:
    app = make({"_notes.py": _NOTES, "[id]/route.py": "from .._notes import *\n@use(noting('a'))\n"
                "def GET(request, id: int): return [id, request.params]\n"})
    names: list[str] = []
    answer = exchange(app, environ_of("GET", "/7") | {"test.ran": names})
    assert answer.body == b'[7,{"id":"7"}]'
    assert exchange(app, environ_of("GET", "/x") | {"test.ran": names}).status == 404
    assert names == ["a", "a"]


def test_what_it_raises_is_shaped_by_the_folders_and_seen_by_their_middleware(make: Make) -> None:
    app = make(files_of("@use(guard)\ndef DELETE(): return 'gone'\ndef GET(): return 'text'\n", **{
        "error.py": "def error(request, exception): return f'shaped {exception.status}'\n",
        "middleware.py": "def middleware(request, call_next):\n    response = call_next(request)\n"
                         "    response.headers['X-Seen'] = str(response.exception)\n    return response\n"}))
    for _ in range(2):
        answer = exchange(app, environ_of("DELETE", "/"), shaped=True)
        assert (answer.status, answer.text) == (401, "shaped 401")
        assert answer.headers["x-seen"] == "401 Unauthorized: Log in first"
        assert exchange(app, environ_of("DELETE", "/", HTTP_COOKIE="a=1")).text == "gone"
        assert exchange(app, environ_of("GET", "/")).text == "text"


def test_the_log_names_what_was_used_and_where(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    root = make(files_of("def forgets(request, call_next): call_next(request)\n"
                         "@use(forgets)\ndef DELETE(): return 'gone'\n"))
    assert exchange(root, environ_of("DELETE", "/")).status == 500
    text = caplog.records[0].exc_text or ""
    site = Path(root.routes[0].file).parent.name
    assert f"middleware forgets of DELETE in {site}/route.py returned None" in text


def test_an_endpoint_without_it_is_the_plain_one(make: Make) -> None:
    """Nobody pays for the @use of another method."""
    app = make(files_of("@use(noting('a'))\ndef PUT(): return 'text'\ndef GET(): return 'text'\n"))
    plain = make(files_of("def GET(): return 'text'\n"))
    names = [made._table.resources[made.routes[0]].endpoints["GET"].__qualname__ for made in (app, plain)]
    assert names[0] == names[1]


# the decorated function

def passes(request: Request, call_next: CallNext) -> Response:
    return call_next(request)


def test_a_decorated_handler_is_called_as_it_always_was() -> None:
    @use(passes)
    def handler(request: Request, id: int = 1, *, more: str = "x") -> list[Any]:
        """What it does."""
        return [request, id, more]

    request = Request.build()
    assert handler(request) == [request, 1, "x"]
    assert handler(request, 2, more="y") == [request, 2, "y"]
    assert (handler.__name__, handler.__doc__) == ("handler", "What it does.")
    assert handler.__qualname__.endswith("<locals>.handler")
    assert handler.__module__ == __name__
    assert list(inspect.signature(handler).parameters) == ["request", "id", "more"]
    assert handler.__annotations__["id"] is int
    assert used(handler) == (passes,)


def test_decorating_leaves_what_is_decorated_as_it_was() -> None:
    def handler(request: Request) -> str:
        return "text"

    handler.mark = "kept"   # type: ignore[attr-defined]
    handler.__doc__, handler.__qualname__, handler.__name__ = "Said later.", "Named.later", "later"
    handler.__module__ = "elsewhere"        # as functools.wraps sets it in a module of decorators
    made = use(passes)(handler)
    assert (made.__doc__, made.__qualname__, made.__name__) == ("Said later.", "Named.later", "later")
    assert made.__module__ == "elsewhere"
    again = use(passes, passes)(made)
    assert (used(handler), used(made), used(again)) == ((), (passes,), (passes,) * 3)
    assert made.mark == "kept"      # type: ignore[attr-defined]
    assert made is not handler
    whole = partial(handler)
    assert used(use(passes)(whole)) == (passes,)
    assert used(whole) == ()


def test_generators_and_coroutines_stay_what_they_are() -> None:
    @use(passes)
    def generates() -> Iterator[str]:
        yield "x"

    @use(passes)
    async def waits() -> str:
        return "x"

    assert inspect.isgeneratorfunction(generates)
    assert inspect.iscoroutinefunction(waits)
    assert [*generates()] == ["x"]
    assert asyncio.run(waits()) == "x"


def test_a_closure_is_the_same_one() -> None:
    kept = SimpleNamespace(times=0)

    @use(passes)
    def counts() -> int:
        kept.times += 1
        return int(kept.times)

    assert [counts(), counts()] == [1, 2]


class NoMiddleware:
    pass


async def async_middleware(request: Request, call_next: CallNext) -> Response:
    return call_next(request)


@pytest.mark.parametrize(("given", "says"), [
    ([], r"^use\(\) takes the middleware to use$"),
    ([None], "use() takes middleware, and None is NoneType, no function; "
             "name a function (request, call_next)"),
    (["login"], "and 'login' is str, no function"),
    ([[passes]], "is list, no function"),
    ([passes, None], "and None is NoneType, no function"),
    ([NoMiddleware], "is a class; name an instance of it, or a function"),
    ([async_middleware], "is a coroutine function; write def async_middleware(request, call_next) that"),
    ([lambda request: None],
     "cannot be called with (request, call_next); write a function (request, call_next)"),
    ([lambda: passes], "cannot be called with (request, call_next)"),
])
def test_what_is_no_middleware_is_refused_where_it_is_used(given: list[Any], says: str) -> None:
    with pytest.raises(TypeError, match=says if says[0] == "^" else re.escape(says)):
        use(*given)


@pytest.mark.parametrize("thing", [None, 5, "text", NoMiddleware, []])
def test_what_is_no_handler_is_refused_where_it_is_decorated(thing: Any) -> None:
    with pytest.raises(TypeError, match="@use stands above a handler, not above "):
        use(passes)(thing)


def test_use_without_brackets_is_refused_at_once() -> None:
    says = r"@use takes the middleware for GET: @use\(require_login\)"
    with pytest.raises(TypeError, match=says):
        @use
        def GET(request: Request) -> str:
            return "text"
    with pytest.raises(TypeError, match=says):      # it could be called as a middleware is
        @use
        def GET(request: Request, id: str) -> str:
            return "text"


# a guard that is lost

LOST = "loses its @use to a decorator above it; put @use on top, or give the other one functools.wraps"


@pytest.mark.parametrize("source", [
    "@bare\n@use(guard)\ndef GET(request): return 'secret'\n",
    "@wrapped\n@bare\n@use(guard)\ndef GET(request): return 'secret'\n",
    "@bare\n@wrapped\n@use(guard)\ndef GET(request): return 'secret'\n",
    "@bare\n@use(guard)\n@wrapped\ndef GET(request): return 'secret'\n",
    "@bare\n@use(guard)\n@bare\ndef GET(request): return 'secret'\n",
    "@bare\n@bare\n@use(guard)\n@bare\ndef GET(request): return 'secret'\n",
    "@bare\n@use(guard)\nasync def GET(request): return 'secret'\n",
    "@Bare\n@use(guard)\ndef GET(request): return 'secret'\n",
    "@Bare\n@use(guard)\n@bare\ndef GET(request): return 'secret'\n",
    "GET = Bare(use(guard)(lambda request: 'secret')).method\n",
    "GET = bare(use(guard)(lambda request: 'secret'))\n",
    "GET = bare(guarded)\n",
    "GET = bare(bare(wrapped(bare(guarded))))\n",
    "GET = functools.partial(lambda handler, request: handler(request), guarded)\n",
    "GET = functools.partial(lambda request, handler: handler(request), handler=guarded)\n",
    "GET = bare(functools.partial(guarded))\n",
    "@use(guard)\ndef GET(request): return 'secret'\nGET = lambda request: 'secret'\n",
    "GET = bare(use(guard)(functools.partial(lambda one, request: one, 'secret')))\n",
    "class Get:\n    def __call__(self, request): return 'secret'\nGET = bare(use(guard)(Get()))\n",
])
def test_a_decorator_that_hides_it_is_a_fault_at_start(tree: Tree, source: str) -> None:
    assert faults(tree(files_of(source))) == [f"route.py: GET {LOST}"]


@pytest.mark.parametrize("source", [
    "@wrapped\n@use(guard)\ndef GET(request): return 'secret'\n",
    "@use(guard)\n@bare\ndef GET(request): return 'secret'\n",
    "@use(guard)\n@Bare\ndef GET(request): return 'secret'\n",
    "@use(guard)\n@bare\n@use(guard)\ndef GET(request): return 'secret'\n",
    "GET = use(guard)(bare(guarded))\n",
    "GET = wrapped(wrapped(guarded))\n",
    "GET = guarded\n",
])
def test_a_decorator_that_shows_it_is_none(make: Make, source: str) -> None:
    app = make(files_of(source))
    assert exchange(app, environ_of("GET", "/")).status == 401
    assert exchange(app, environ_of("GET", "/", HTTP_COOKIE="a=1")).text == "secret"


@pytest.mark.parametrize("source", [
    "@bare\ndef GET(request): return 'open'\n",
    "@use(guard)\ndef PUT(request): return 'secret'\n@bare\ndef GET(request): return 'open'\n",
    "def _made():\n    if False:\n        late = None\n"
    "    def GET(request):\n        return late if False else 'open'\n    return GET\nGET = _made()\n",
    "def _made():\n    def again(): return again\n    def GET(request): return again and 'open'\n"
    "    return GET\nGET = _made()\n",
    "GET = functools.partial(lambda one, request: 'open', [guarded])\n",
    "def _made():\n    @use(guard)\n    def GET(request): return 'secret'\n    return GET\n"
    "PUT = _made()\ndef GET(request): return 'open'\n",
])
def test_what_never_used_anything_loses_nothing(make: Make, source: str) -> None:
    assert exchange(make(files_of(source)), environ_of("GET", "/")).text == "open"


def test_above_what_a_handler_calls_it_guards_nothing_and_says_so(tree: Tree) -> None:
    helper = "@use(guard)\ndef _helper(request): return 'x'\n"
    assert faults(tree(files_of(f"{helper}def GET(request): return _helper(request)\n"))) == [
        "route.py: @use stands above _helper(), which is no handler; put it above the handler that calls it"]
    shared = App(tree(files_of(f"{helper}GET = POST = _helper\n")))
    assert shared.routes[0].used == {"GET": ("guard",), "POST": ("guard",)}
    for harmless in ("def GET(request): return 'open'\n",
                     "def GET(request): return 'open'\nif not __debug__: POST = _helper\n"):
        assert exchange(App(tree(files_of(helper + harmless))), environ_of("GET", "/")).text == "open"


@pytest.mark.parametrize("lazy", [False, True])
def test_a_decorator_that_another_route_file_lends_is_no_fault_of_that_file(make: Make, lazy: bool) -> None:
    timed = ("def timed(handler):\n    @functools.wraps(handler)\n    def wrapper(*args, **named):\n"
             "        return handler(*args, **named)\n    return wrapper\n")
    app = make({**files_of("def GET(): return 'root'\n"),
                "z/route.py": f"import functools\n{timed}def GET(): return 'z'\n",
                "a/route.py": "from ..z.route import timed\nfrom .._notes import noting, use\n"
                              "@use(noting('a'))\n@timed\ndef GET(): return 'a'\n"}, lazy=lazy)
    for target in ("/a", "/z", "/a", "/z"):
        assert exchange(app, environ_of("GET", target) | {"test.ran": []}).text == target[1:]


def test_every_method_that_lost_it_is_named_and_a_lazy_app_serves_none_of_them(
    tree: Tree, caplog: pytest.LogCaptureFixture
) -> None:
    lost = "@bare\n@use(guard)\ndef {}(request): return 'secret'\n"
    root = tree(files_of(lost.format("PUT") + lost.format("GET") + "def POST(): return 'open'\n"))
    assert faults(root) == [f"route.py: GET {LOST}", f"route.py: PUT {LOST}"]
    app = App(root, lazy=True)
    for method in ("GET", "PUT", "POST"):
        assert exchange(app, environ_of(method, "/")).status == 500
    assert LOST in caplog.text


def test_a_used_middleware_that_fails_closes_what_the_handler_opened(make: Make) -> None:
    app = make(files_of("def fails(request, call_next):\n    call_next(request)\n    raise HTTPError(409)\n"
                        "@use(fails)\ndef GET(request): return request.environ['test.source']\n"))
    source = Source(b"a")
    assert exchange(app, environ_of("GET", "/") | {"test.source": source}).status == 409
    assert source.closed == 1
