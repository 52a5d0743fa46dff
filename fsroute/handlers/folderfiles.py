"""What the middleware.py and error.py of folders hold: the chain of each folder.

Rules this module keeps
-----------------------
1. `middleware` is one callable (request, call_next) or a list of them; `inherit = False` leaves out the
   middleware of outer folders. `error` is one callable (request, exception); no folder can leave out those
   of outer folders.
2. They are imported at start, always: what guards a folder is there before the first request.
3. What could not do its work is a fault: a class, a coroutine function, a generator, a function that cannot
   be called with two arguments.
"""

from __future__ import annotations

import sys
from types import FunctionType, ModuleType

from .chain import Chain, Middleware, name_of
from .errorfiles import ErrorFile
from .exports import one_edit
from .signature import ASYNC_GENERATOR, COROUTINE, GENERATOR, VARARGS, flags, is_plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..routing.folders import Folder
    from ..routing.tree import Tree
    from .loader import Modules

MIDDLEWARE = "(request, call_next)"
"""How a middleware is called."""
_ERROR = "(request, exception)"

_RUNS_LATER = {COROUTINE: "a coroutine function", GENERATOR: "a generator function",
               ASYNC_GENERATOR: "an async generator function"}

_NOTHING = Chain()


def chains_of(tree: Tree, modules: Modules | None) -> dict[str, Chain]:
    """The chain of each routed folder, by its path. What is wrong joins the faults of the tree.

    modules: None where they have no name, which is a fault already.
    """
    found: dict[str, Chain] = {}
    for folder in tree.routed:
        above = found[folder.parent.path] if folder.parent is not None else _NOTHING
        if modules is not None and folder.inherited:
            above = _chain(folder, above, tree, modules)
        found[folder.path] = above
    return found


def misfit(function: Any, takes: str) -> tuple[str, str] | None:
    """Why a function cannot be a middleware or an error file's, and the mend; None when it can.

    takes: how it is called.
    """
    name = getattr(function, "__name__", "")
    write = f"write def {name}{takes}" if str(name).isidentifier() else f"write a function {takes}"
    if isinstance(function, type):
        return "is a class", "name an instance of it, or a function"
    if isinstance(function, ModuleType):
        package, _, last = function.__name__.rpartition(".")
        example = f": from {package}.{last} import {last}" if package == "fsroute.middleware" else ""
        return "is a module", f"name the function in it{example}"
    if not callable(function):
        return f"is {type(function).__name__}, no function", f"name a function {takes}"
    for flag, what in _RUNS_LATER.items():
        if flags(function) & flag:
            return f"is {what}", f"{write} that returns the answer, without async and yield"
    if not _takes_two(function):
        makes_one = str(getattr(function, "__module__", "")).startswith("fsroute.middleware.")
        return f"cannot be called with {takes}", f"call it: {name}()" if makes_one else write
    return None


def _takes_two(function: Callable[..., Any]) -> bool:
    if is_plain(function):      # without inspect, which takes long to import
        code, defaults = function.__code__, len(function.__defaults__ or ())
        most = 2 if code.co_flags & VARARGS else code.co_argcount
        by_name = code.co_kwonlyargcount - len(function.__kwdefaults__ or ())
        return code.co_argcount - defaults <= 2 <= most and not by_name
    from inspect import signature

    try:
        signature(function).bind(None, None)
    except (TypeError, ValueError):
        return False
    return True


def _chain(folder: Folder, above: Chain, tree: Tree, modules: Modules) -> Chain:
    errors, middleware = above.errors, above.middleware
    if (module := _module("error", folder, modules)) is not None:
        path = folder.inherited["error.py"]
        error = _error(module, path, tree)
        if error is not None:
            errors = (ErrorFile(error, f"error in {tree.shown(path)}"), *errors)
    if (module := _module("middleware", folder, modules)) is not None:
        path = folder.inherited["middleware.py"]
        file = tree.shown(path)
        own = [Middleware(each, named(each, tree), f"middleware {name_of(each)} in {file}", errors)
               for each in _middleware(module, path, tree)]
        outer = middleware if vars(module).get("inherit", True) is not False else ()
        middleware = (*outer, *own)
    return Chain(middleware, errors)


def named(call: Any, tree: Tree) -> str:
    """What a middleware is called in lists. Each file may have one called middleware: it goes by its file."""
    if isinstance(call, FunctionType) and call.__qualname__ in ("middleware", "<lambda>"):
        # what functools.wraps made has the module of what it wraps
        file = getattr(sys.modules.get(call.__module__), "__file__", None)
        return tree.shown(file or call.__code__.co_filename)
    return name_of(call)


def _module(name: str, folder: Folder, modules: Modules) -> ModuleType | None:
    path = folder.inherited.get(f"{name}.py")
    if path is None or folder.module is None:
        return None
    return modules.get(folder.module_of(name), path)


def _middleware(module: ModuleType, path: str, tree: Tree) -> list[Callable[..., Any]]:
    own = vars(module)          # what stands there; a module's own __getattr__ is not asked
    for name, value in own.items():
        if type(value) is bool and name != "inherit" and one_edit(name.lower(), "inherit"):
            tree.fault([path], f"{name} is not read", "write inherit, or give it another name")
    if not isinstance(own.get("inherit", True), bool):
        tree.fault([path], f"inherit is {own['inherit']!r:.80}", "write inherit = False, or leave it out")
    if "middleware" not in own:
        if "inherit" not in own:
            mend = f"write def middleware{MIDDLEWARE}, or a list of such functions"
            tree.fault([path], "there is no middleware in it", _rename(module, "middleware") or mend)
        return []
    given = own["middleware"]
    listed = isinstance(given, list | tuple)
    good = []
    for at, each in enumerate(given if listed else [given]):
        slip = misfit(each, MIDDLEWARE)
        if slip is None:
            good.append(each)
        else:
            which = f"middleware[{at}] ({name_of(each)})" if listed else "middleware"
            tree.fault([path], f"{which} {slip[0]}", slip[1])
    return good


def _error(module: ModuleType, path: str, tree: Tree) -> Callable[..., Any] | None:
    error = vars(module).get("error")
    if error is None:
        mend = f"write def error{_ERROR}"
        tree.fault([path], "there is no error in it", _rename(module, "error") or mend)
        return None
    slip = misfit(error, _ERROR)
    if slip is not None:
        tree.fault([path], f"error {slip[0]}", slip[1])
        return None
    return error    # type: ignore[no-any-return]   # callable, as misfit found


def _rename(module: ModuleType, meant: str) -> str | None:
    """The mend where the one function in the file has another name."""
    names = [name for name, value in vars(module).items()
             if isinstance(value, FunctionType) and value.__module__ == module.__name__ and name[0] != "_"]
    return f"rename {names[0]}() to {meant}" if len(names) == 1 else None
