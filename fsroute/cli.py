"""The command line: python -m fsroute.

Rules this module keeps
-----------------------
1. APP is a folder of route files, or `module:attribute` for an App made elsewhere. The folder's parent,
   or the current folder, stands first on sys.path, so that route files can say `from app._lib.db import ...`.
2. A mistake is one message on stderr that says what to do, and exit status 1; wrong usage is 2.
3. `routes --without NAME` is an audit: what it does not find must be covered, so a name that no chain has is
   wrong usage and never "all is well".
"""

from __future__ import annotations

import argparse
import errno
import importlib
import json
import os
import sys
from contextlib import contextmanager
from operator import attrgetter

from . import App, TreeError, __version__
from .handlers.exports import METHODS
from .http.log import escaped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from .routing.route import Route

    Row = tuple[str, str, str, tuple[str, ...]]     # methods, pattern, file, chain


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command. Returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.command(options)
        sys.stdout.flush()
    except (TreeError, _Mistake) as error:
        print(f"fsroute: {error}", file=sys.stderr)
        return error.status if isinstance(error, _Mistake) else 1
    except KeyboardInterrupt:
        return 0
    except BrokenPipeError:         # `fsroute routes | head`: nobody reads what is still buffered either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return status


class _Mistake(Exception):
    """What the person at the terminal can mend."""

    status = 1


class _Misuse(_Mistake):
    """A command that cannot be meant as it stands."""

    status = 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="fsroute", description="The folder tree is the router.")
    parser.add_argument("--version", action="version", version=f"fsroute {__version__}")
    commands = parser.add_subparsers(required=True, metavar="{dev,routes,openapi}")
    what = {"metavar": "APP", "nargs": "?", "default": "app",
            "help": "a folder of route files, or module:attribute (default: app)"}

    dev = commands.add_parser("dev", help="serve it for local work")
    dev.add_argument("app", **what)     # type: ignore[arg-type]
    dev.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    dev.add_argument("--port", default=8000, type=int, help="0 takes a free one (default: %(default)s)")
    dev.set_defaults(command=_dev)

    routes = commands.add_parser("routes", help="list what answers, and through which middleware")
    routes.add_argument("app", **what)  # type: ignore[arg-type]
    routes.add_argument("--without", metavar="NAME",
                        help="only what that middleware does not run for; exit status 1 if there is any")
    routes.add_argument("--methods", metavar="GET,POST", type=_names, help="only these methods")
    routes.set_defaults(command=_routes)

    openapi = commands.add_parser("openapi", help="print the OpenAPI document of the routes")
    openapi.add_argument("app", **what)     # type: ignore[arg-type]
    openapi.set_defaults(command=_openapi)
    return parser


def _dev(options: argparse.Namespace) -> int:
    from .dev.server import make_server

    app = _app(options.app)
    try:
        server = make_server(app, options.host, options.port)
    except (OSError, OverflowError) as error:
        busy = getattr(error, "errno", None) == errno.EADDRINUSE
        hint = f"; try --port {options.port + 1}" if busy else ""
        raise _Mistake(f"cannot listen on {options.host}:{options.port}: {error}{hint}") from None
    with server:
        url = f"http://{options.host}:{server.server_port}/"
        print(f"fsroute: {options.app} on {url} (for local work; Ctrl-C stops it)", flush=True)
        server.serve_forever()
    return 0


def _openapi(options: argparse.Namespace) -> int:
    app = _app(options.app)
    with _own_code(options.app):
        made = app.openapi()
    print(json.dumps(made, indent=2))
    return 0


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip() for name in text.split(","))


def _routes(options: argparse.Namespace) -> int:
    app = _app(options.app)
    with _own_code(options.app):        # of a lazy app, the route files are imported now
        routes = sorted(app.routes, key=attrgetter("pattern"))
    _check_names(options, app, routes)
    rows = [row for route in routes for row in _rows(route, options.methods)]
    if options.without is not None:
        lacking = [row for row in rows if options.without not in row[3]]
        _print(lacking)
        return 1 if lacking else 0
    _print([*rows, *(("no route", miss.pattern, miss.folder, miss.chain) for miss in app.misses)])
    for route in routes:
        for folder in map(_shown, route.left_out):
            print(f"note: {_shown(route.file)} answers below {folder} too, without its middleware")
    return 0


def _check_names(options: argparse.Namespace, app: App, routes: Sequence[Route]) -> None:
    """Raises _Misuse for a middleware or a method that no route has."""
    chains = [miss.chain for miss in app.misses]
    chains += [chain for route in routes for chain in (route.chain, *route.used.values())]
    known = sorted({name for chain in chains for name in chain})
    if options.without is not None and options.without not in known:
        there_is = f"there is {', '.join(known)}" if known else "there is none at all"
        raise _Misuse(f"no middleware is called {options.without}: {there_is}")
    served = {*METHODS, *(method for route in routes for method in route.methods)}
    unknown = (options.methods or served) - served
    if unknown:
        raise _Misuse(f"no route has the method {', '.join(sorted(unknown))}")


def _rows(route: Route, wanted: frozenset[str] | None) -> list[Row]:
    """A row for the methods that share a chain."""
    by_chain: dict[tuple[str, ...], list[str]] = {}
    for method in route.methods:
        answers = {method, "HEAD"} if method == "GET" and "HEAD" not in route.methods else {method}
        if wanted is None or answers & wanted:
            by_chain.setdefault(route.chain + route.used.get(method, ()), []).append(method)
    return [(" ".join(methods), route.pattern, route.file, chain) for chain, methods in by_chain.items()]


def _print(rows: Iterable[Row]) -> None:
    cells = [(methods, escaped(pattern), _shown(file), escaped(", ".join(chain)))
             for methods, pattern, file, chain in rows]
    widths = [max((len(row[column]) for row in cells), default=0) for column in range(3)]
    for methods, pattern, file, chain in cells:
        line = f"{methods:{widths[0]}}  {pattern:{widths[1]}}  {file:{widths[2]}}  {chain}"
        print(line.rstrip())


def _shown(path: str) -> str:
    return escaped(os.path.relpath(path))


def _app(name: str) -> App:
    if name.endswith(".py"):
        raise _Mistake(f"{name} is a file: name the folder of routes, or an App in it as module:attribute")
    if not os.path.isdir(name) and os.path.isfile(f"{name}.py"):
        raise _Mistake(f"{name} is a module: name the App in it, such as {name}:app")
    if os.path.isdir(name) or ":" not in name:
        root = os.path.abspath(name)
        sys.path.insert(0, os.path.dirname(root))
        return App(root)
    sys.path.insert(0, os.getcwd())
    module, _, attribute = name.partition(":")
    with _own_code(name):
        app = getattr(importlib.import_module(module), attribute)
    if not isinstance(app, App):
        raise _Mistake(f"{name} is no App but {type(app).__name__}")
    return app


@contextmanager
def _own_code(name: str) -> Iterator[None]:
    """Around the import of people's own files, which may raise anything: told in one line."""
    try:
        yield
    except TreeError:
        raise
    except Exception as error:
        raise _Mistake(f"{name}: {type(error).__name__}: {error}{_place(error)}") from None


def _place(error: Exception) -> str:
    """Where in a file it was raised, as far as that is outside the import system."""
    from traceback import extract_tb

    frames = [frame for frame in extract_tb(error.__traceback__) if not frame.filename.startswith("<frozen ")]
    inner = [frame for frame in frames if frame.filename not in (__file__, importlib.__file__)]
    return f" ({os.path.relpath(inner[-1].filename)}:{inner[-1].lineno})" if inner else ""
