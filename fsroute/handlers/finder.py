"""The finder: the folders and route files of the trees as packages and modules of Python.

Facts
-----
- importlib imports `app.api.users.[id].route` as it imports anything; only a dot in a folder's name breaks
  it, since the dot ends the name: `[...path]`.
- A folder called `app` anywhere on sys.path, or a file `app.py`, can win over the tree.
- Python's own finder lists every folder that it looks into. The scan has listed them already.

Rules this module keeps
-----------------------
1. A module's name is its folders' names with every "." written "_": app/files/[...path]/route.py is
   `app.files.[___path].route`, the name that pytest's importlib mode gives it too. Relative imports, pickle,
   tracebacks, breakpoints and reloaders work, because nothing about the modules is special.
2. One finder, first on sys.meta_path, answers for the folders and route files that a scan found, from
   memory. All else that lies in them, Python's own finders find.
3. A tree owns its package name or does not start: a name that is somebody else's is refused.
4. One real folder is one package, whichever links lead to it. A name belongs to what lies on disk: what has
   vanished gives its name up, and its modules leave sys.modules.
5. Nothing is imported under the lock of this module: whoever is being imported may be mounting a tree.
"""

from __future__ import annotations

import importlib
import os
import sys
from importlib.machinery import ModuleSpec, NamespaceLoader, SourceFileLoader
from threading import RLock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType
    from typing import Any

    from ..routing.tree import Tree

_lock = RLock()


class NotMounted(Exception):
    """The tree cannot have its module name. Its args are problem and mend, as a Fault puts them."""


class TreeFinder:
    """Finds the packages and route files of mounted trees.

    roots: the real folder of each tree, by the root's module name.
    places: where each package and each route file is, by module name.
    """

    def __init__(self) -> None:
        self.roots: dict[str, str] = {}
        self.places: dict[str, str] = {}
        self._trees: dict[str, dict[str, str]] = {}     # the root's module name -> the places of its tree

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """importlib's question; None for what is no part of a tree."""
        place = self.places.get(name)
        if place is None or (name in self.roots and not os.path.isdir(place)):
            return None
        if _is_file(name, place):
            return _spec_of_file(name, place)
        init = os.path.join(place, "__init__.py")
        if os.path.isfile(init):
            spec = _spec_of_file(name, init)
        else:
            spec = ModuleSpec(name, NamespaceLoader(name, [place], self.find_spec), is_package=True)
        spec.submodule_search_locations = [place]
        return spec

    def mount(self, package: str, real: str, places: dict[str, str]) -> None:
        """From now on these are the tree's folders and files; what it had before and has no more is not.

        package, real: the root's module name and real folder. places: by full module name.
        """
        before = self._trees.get(package, {})
        self._trees[package], self.roots[package] = places, real
        self.places |= places                   # first, for other threads go on importing
        for name, place in before.items():
            if places.get(name) != place:
                self._drop(name, place)
        for name, place in places.items():
            if name in sys.modules and not _is_file(name, place):
                _adopt(sys.modules[name], place)
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)

    def unmount_vanished(self, package: str) -> None:
        """Frees the name, and each above it, that belongs to a root which is no more."""
        for name, real in list(self.roots.items()):
            if f"{package}.".startswith(f"{name}.") and not os.path.isdir(real):
                del self.roots[name]
                forget(name, self.places[name])         # whatever the link to it leads to by now
                for below, place in self._trees.pop(name).items():
                    self._drop(below, place)

    def _drop(self, name: str, place: str) -> None:
        if self.places.get(name) == place:
            del self.places[name]
        if not os.path.lexists(place):
            forget(name, place)


_finder = TreeFinder()


def mount(tree: Tree, package: str | None) -> str:
    """Makes the tree's folders and route files importable. Returns the root's module name.

    package: that name, which may be dotted; None for the root folder's own.
    Raises NotMounted if the name is not to be had.
    """
    real = os.path.realpath(tree.root)
    with _lock:
        if package is None:
            package = _name_of(tree.root, real)
        _finder.unmount_vanished(package)
    if not all(package.split(".")):
        raise NotMounted(f"{package!r} is no name for a module", _ANOTHER_NAME)
    _import_parent(package)
    with _lock:
        owner = _owner(package, real)
        if owner is not None:
            beside = os.path.dirname(owner) == os.path.dirname(tree.root)
            mend = f"rename {owner}, or {_ANOTHER_NAME}" if beside else _ANOTHER_NAME
            raise NotMounted(f"the module name {package!r} is that of {owner} already", mend)
        places = {f"{package}.{name}" if name else package: place for name, place in tree.folders.items()}
        for route in reversed(tree.routes):     # of two files of one name, a fault, the first has it
            if route.module:
                places[f"{package}.{route.module}"] = route.file
        _finder.mount(package, real, places)
    look_again()
    return package


def look_again() -> None:
    """Makes Python list the folders that it has listed already: files made a moment ago are files too.

    importlib.invalidate_caches() does that as well, and on Python 3.13 loads importlib.metadata for it, which
    costs as much as fsroute.
    """
    for finder in list(sys.path_importer_cache.values()):
        if finder is not None and hasattr(finder, "invalidate_caches"):
            finder.invalidate_caches()


_ANOTHER_NAME = 'give the tree another: App(..., package="another_name")'


def _name_of(root: str, real: str) -> str:
    """The name that a folder has by itself: the one that its modules have already, or its own."""
    own = os.path.basename(root).replace(".", "_")
    if _finder.roots.get(own) == real:
        return own
    return next((package for package, folder in _finder.roots.items() if folder == real), own)


def _import_parent(package: str) -> None:
    """A root nested in a package is imported after it, as any module is."""
    parent = package.rpartition(".")[0]
    if not parent:
        return
    try:
        above = importlib.import_module(parent)
    except Exception as error:
        problem = f"{package!r} lies below a package that cannot be imported: {type(error).__name__}: {error}"
        raise NotMounted(problem, f"mend {parent}, put its folder on sys.path, or {_ANOTHER_NAME}") from error
    if not hasattr(above, "__path__"):
        raise NotMounted(f"{package!r} lies below {parent}, which is a module and no package", _ANOTHER_NAME)


def _owner(package: str, real: str) -> str | None:
    """Who else has that module name, in words; None when it is free or this very folder's."""
    mounted = _finder.roots.get(package) or _finder.places.get(package)
    module = sys.modules.get(package)
    places: Iterable[str]
    if mounted is not None:
        places, owner = [mounted], f"the tree {mounted}"
    elif module is not None:
        places = [str(place) for place in getattr(module, "__path__", ())]
        owner = getattr(module, "__file__", None) or ", ".join(places) or "the interpreter"
    else:
        spec = _find_spec(package)
        if spec is None or spec.loader is None:     # nobody's, or a folder without code: the tree comes first
            return None
        places, owner = spec.submodule_search_locations or (), spec.origin or "another package"
    return None if any(_is_at(place, real) for place in places) else owner


def _find_spec(package: str) -> ModuleSpec | None:
    """What Python would import under that name: as importlib.util.find_spec, which costs more to load."""
    path = getattr(sys.modules.get(package.rpartition(".")[0]), "__path__", None)
    finders = [finder for finder in sys.meta_path if hasattr(finder, "find_spec")]     # as importlib does
    return next(filter(None, (finder.find_spec(package, path) for finder in finders)), None)


def _is_at(place: str, real: str) -> bool:
    return os.path.realpath(place) == real


def _adopt(package: ModuleType, folder: str) -> None:
    """Makes a package without code, which somebody imported before, look into its folder of the tree.

    Python gives it another folder of that name if one comes first on sys.path, and pytest the folder above
    if there is a dot in the name; that one also has the folder as its __file__.
    """
    places = list(getattr(package, "__path__", ()))
    code = getattr(package, "__file__", None)
    if folder in places or (code is not None and not os.path.isdir(code)):
        return
    real = os.path.realpath(folder)
    if not any(_is_at(place, real) for place in places):
        package.__path__ = [folder, *places]


def _is_file(name: str, place: str) -> bool:
    """Whether a place is a route file and no folder: one that has such a name too ends in "route"."""
    return name.endswith(".route") and place.endswith(".py")


def _spec_of_file(name: str, file: str) -> ModuleSpec:
    spec = ModuleSpec(name, SourceFileLoader(name, file), origin=file)
    spec.has_location = True                # which makes it the module's __file__
    return spec


def forget(name: str, place: str) -> None:
    """Takes the module of a file or folder, and all below it, out of sys.modules."""
    module = sys.modules.get(name)
    if module is None or place not in (getattr(module, "__file__", None), *getattr(module, "__path__", ())):
        return                              # somebody has put another one there
    for below in [other for other in sys.modules if other == name or other.startswith(f"{name}.")]:
        del sys.modules[below]
    parent, _, own_name = name.rpartition(".")
    above: ModuleType | None = sys.modules.get(parent)
    if above is not None and getattr(above, own_name, None) is module:
        delattr(above, own_name)
