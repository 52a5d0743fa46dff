"""Files to modules: all of them at start, or each on its first use.

Rules this module keeps
-----------------------
1. Every file that cannot be imported is reported, by what stopped it: the files that one broken helper or
   one missing module stops are one fault.
2. The place to mend is the innermost line of the tree that had a part in it, never one of the import system.
   Where a module outside the tree broke while it was being imported, its line is named too.
3. What is lazy is made once, under one reentrant lock; so is what it needs in turn. A failure is raised to
   everyone who asks, and kept for a while: a broken file is not run again by every request.
4. A module is whole or it is not handed out: no handler is read from one that is still being imported.
"""

from __future__ import annotations

import importlib
import os
import sys
from threading import RLock
from time import monotonic

from ..http.log import said
from ..routing.faults import Fault
from .finder import NotMounted, forget, look_again, mount

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import ModuleType, TracebackType
    from typing import TypeVar

    from ..routing.tree import Tree

    T = TypeVar("T")
    Place = tuple[str, int]         # a file and a line, 0 if unknown; in the tree as faults show it

_FEW = 3                            # what a fault names before it counts the others
_LONGEST_WAIT = 60.0


def modules_of(tree: Tree, package: str | None) -> Modules | None:
    """The tree's modules; None if their name is somebody else's, which is then a fault of the tree."""
    try:
        return Modules(tree, mount(tree, package))
    except NotMounted as refusal:
        tree.faults.append(Fault([tree.shown(tree.root)], *refusal.args))
        return None


class Modules:
    """The modules of a mounted tree. A file's name is relative to the root, as a Route has it.

    package: the root's module name.
    """

    def __init__(self, tree: Tree, package: str) -> None:
        self.package = package
        self.root = tree.root
        self._tree = tree
        self._files: dict[str, str] = {}
        self._causes: dict[tuple[object, ...], _Cause] = {}

    def load(self, name: str, file: str) -> ModuleType:
        """The module of a file. Raises whatever its import raises."""
        full = f"{self.package}.{name}"
        try:
            module = importlib.import_module(full)
        except SystemExit as end:           # the file's fault, and not the end of the server
            raise ImportError(f"it ends the process, with {end.code!r}", name=full, path=file) from end
        if getattr(module.__spec__, "_initializing", False):
            # An import in another thread would have been waited for, so this one is further up the stack.
            raise ImportError(f"{self._tree.shown(file)} needs itself: its import calls or makes an app, "
                              "which imports it; do that in a function", name=full, path=file)
        found = getattr(module, "__file__", None) or ""        # a folder without any has none
        if found != file and os.path.realpath(found) != os.path.realpath(file):
            raise ImportError(f"the module name {full!r} is that of {found} already", name=full, path=file)
        return module

    def forget(self, name: str) -> None:
        """Has the module of a file imported anew when it is loaded next."""
        full = f"{self.package}.{name}"
        forget(full, getattr(sys.modules.get(full), "__file__", ""))

    def get(self, name: str, file: str) -> ModuleType | None:
        """The module of a file; None if it cannot be imported, which `report` tells."""
        if self._files.setdefault(name, file) != file:
            return None                     # of two files of one name, a fault already, the first has it
        try:
            return self.load(name, file)
        except Exception as error:
            error.__traceback__ = _without_import_system(error.__traceback__)
            inside, outside = _places(error, file, self._tree)
            # The lines that miss one module are many, and their cause is still one.
            key = type(error), said(error) if isinstance(error, ImportError) else outside or inside
            cause = self._causes.setdefault(key, _Cause(error, outside))
            cause.files.append(self._tree.shown(file))
            cause.places[inside] = None
            return None

    def report(self) -> None:
        """Adds what could not be imported to the tree's faults."""
        self._tree.faults += [cause.fault(self._tree, self.package) for cause in self._causes.values()]
        self._causes.clear()


class ImportFault(Fault):
    """Files that cannot be imported, for one cause.

    error: as the first of them met it. stopped: all of them, as faults name files.
    """

    __slots__ = ("error", "stopped")

    def __init__(self, files: Iterable[str], problem: str, mend: str, error: Exception,
                 stopped: Iterable[str]) -> None:
        super().__init__(files, problem, mend)
        self.error = error
        self.stopped = tuple(stopped)


def lazy(make: Callable[[], T], clock: Callable[[], float] = monotonic) -> Callable[[], T]:
    """A function that returns what `make` makes, which is called when that is first asked for.

    A failure is raised again for 1 s, then `make` is called again; each further one lasts twice as long, up
    to a minute.
    """
    made: list[T] = []
    failure: Exception | None = None
    trace: TracebackType | None = None
    wait = until = 0.0

    def get() -> T:
        nonlocal failure, trace, wait, until
        if made:
            return made[0]
        with _lock:
            if made:
                return made[0]
            if failure is not None and clock() < until:
                raise failure.with_traceback(trace)     # or it would grow by some lines each time
            look_again()                                # the mend may be a new file
            try:
                made.append(make())
            except Exception as error:
                failure, trace = error, error.__traceback__
                wait = min(wait * 2 or 1.0, _LONGEST_WAIT)
                until = clock() + wait
                raise
            failure = trace = None
            return made[0]

    return get


def _new_lock() -> None:
    global _lock
    _lock = RLock()


_lock = RLock()
if hasattr(os, "register_at_fork"):         # a thread that holds it is not there in the child
    os.register_at_fork(after_in_child=_new_lock)


class _Cause:
    """What stopped the import of a file, or of several.

    error: as the first file met it. outside: the line outside the tree that broke, if one did.
    files: all that could not be imported. places: the innermost lines of the tree, each once, in order.
    """

    def __init__(self, error: Exception, outside: Place | None) -> None:
        self.error = error
        self.outside = outside
        self.files: list[str] = []
        self.places: dict[Place, None] = {}

    def fault(self, tree: Tree, package: str) -> ImportFault:
        """The cause as a fault of the tree."""
        what = f"{type(self.error).__name__}: {' '.join(said(self.error).split()) or 'no message'}"
        if len(self.places) == 1:
            named = [file for file, _ in self.places]
            others = [file for file in self.files if file not in named]
            problem = f"stops the import of {_few(others)}" if others else "cannot be imported"
        else:
            named, more = self.files[:_FEW], len(self.files) - _FEW
            problem = f"these and {more} more cannot be imported" if more > 0 else "cannot be imported"
        places = _few(f"{file}:{line}" if line else file for file, line in self.places)
        mend = f"mend {places}"
        if isinstance(self.error, ModuleNotFoundError) and self.error.name:
            mend = _mend_missing(self.error.name, package, tree, places)
        elif self.outside is not None:
            mend = f"mend {':'.join(map(str, self.outside))}, imported by {places}"
        return ImportFault(named, f"{problem}: {what}", mend, self.error, self.files)


def _mend_missing(name: str, package: str, tree: Tree, places: str) -> str:
    """What to do about a module that is not there, or not under that name."""
    above, _, own_name = package.rpartition(".")
    if (above and name == own_name) or name == os.path.basename(tree.root) != package:
        return f"call it {package}, which is the name of this tree, in {places}"
    modules = [route.module for route in tree.routes if route.module]
    inside, beside = os.path.join(tree.root, name), os.path.join(os.path.dirname(tree.root), name)
    if os.path.isdir(inside) and all(module.startswith(f"{name}.") for module in modules):
        return f"did you mean the folder {name}/ in it? Then point the app at {tree.shown(inside)}"
    if _is_module(inside):
        return f"call it {package}.{name} in {places}"
    if _is_module(beside):
        return f"put {os.path.dirname(tree.root)} on sys.path, or mend {places}"
    return f"mend {places}" if "." in name else f"install {name}, or mend {places}"


def _is_module(path: str) -> bool:
    return os.path.isdir(path) or os.path.isfile(f"{path}.py")


def _places(error: Exception, file: str, tree: Tree) -> tuple[Place, Place | None]:
    """The innermost line of the tree that had a part in the error, and the one further in, outside the tree,
    where a module broke while it was being imported, if that is what happened."""
    from traceback import walk_tb

    inside, outside = (tree.shown(file), 0), None
    steps = [(frame.f_code.co_filename, line, frame.f_code.co_name)
             for frame, line in walk_tb(error.__traceback__)]
    if isinstance(error, SyntaxError):      # the line that could not be read is in no traceback
        steps.append((error.filename or "<unknown>", error.lineno or 0, "<module>"))
    for path, line, function in steps:
        shown = _shown_in(tree, path)
        if shown is not None:
            inside, outside = (shown, line), None
        elif function == "<module>" and path[:1] != "<":
            outside = path, line
    return inside, outside


_OUR_OWN = (__file__, importlib.__file__)


def _without_import_system(traceback: TracebackType | None) -> TracebackType | None:
    """From the first line of the file that was imported."""
    while traceback is not None:
        file = traceback.tb_frame.f_code.co_filename
        if file not in _OUR_OWN and not file.startswith("<frozen "):
            break
        traceback = traceback.tb_next
    return traceback


def _shown_in(tree: Tree, path: str) -> str | None:
    """The path as faults name it; None if it is not in the tree."""
    for root in (tree.root, os.path.realpath(tree.root)):
        if path.startswith(os.path.join(root, "")):
            return tree.shown(tree.root + path[len(root):])
    return None


def _few(names: Iterable[str]) -> str:
    names = list(names)
    more = len(names) - _FEW
    return ", ".join(names[:_FEW]) + (f" and {more} more" if more > 0 else "")
