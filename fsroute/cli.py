"""The command line: python -m fsroute.

Rules this module keeps
-----------------------
1. APP is a folder of route files, or `module:attribute` for an App made elsewhere. The folder's parent,
   or the current folder, stands first on sys.path, so that route files can say `from app._lib.db import ...`.
2. A mistake is one message on stderr that says what to do, and exit status 1; wrong usage is 2.
"""

from __future__ import annotations

import argparse
import errno
import importlib
import os
import sys
from contextlib import contextmanager
from operator import attrgetter

from . import App, TreeError, __version__
from .http.log import escaped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command. Returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.command(options)
        sys.stdout.flush()
    except (TreeError, _Mistake) as error:
        print(f"fsroute: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    except BrokenPipeError:         # `fsroute routes | head`: nobody reads what is still buffered either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return status


class _Mistake(Exception):
    """What the person at the terminal can mend."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="fsroute", description="The folder tree is the router.")
    parser.add_argument("--version", action="version", version=f"fsroute {__version__}")
    commands = parser.add_subparsers(required=True, metavar="{dev,routes}")
    what = {"metavar": "APP", "nargs": "?", "default": "app",
            "help": "a folder of route files, or module:attribute (default: app)"}

    dev = commands.add_parser("dev", help="serve it for local work")
    dev.add_argument("app", **what)     # type: ignore[arg-type]
    dev.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    dev.add_argument("--port", default=8000, type=int, help="0 takes a free one (default: %(default)s)")
    dev.set_defaults(command=_dev)

    routes = commands.add_parser("routes", help="list what answers")
    routes.add_argument("app", **what)  # type: ignore[arg-type]
    routes.set_defaults(command=_routes)
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


def _routes(options: argparse.Namespace) -> int:
    app = _app(options.app)
    with _own_code(options.app):        # of a lazy app, the route files are imported now
        routes = sorted(app.routes, key=attrgetter("pattern"))
    rows = [(" ".join(route.methods), escaped(route.pattern), escaped(os.path.relpath(route.file)))
            for route in routes]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    for methods, pattern, file in rows:
        print(f"{methods:{widths[0]}}  {pattern:{widths[1]}}  {file}")
    return 0


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
