"""Files to modules: real ones, by the import system, under names it can spell.

Facts
-----
- importlib imports `app.api.users.[id].route` as it imports anything; only a dot in a folder's name breaks
  it, since the dot ends the name: `[...path]`.
- A folder called `app` anywhere on sys.path, or a file `app.py`, can win over the tree.

Rules this module keeps
-----------------------
1. A module's name is its folders' names with every "." written "_": app/files/[...path]/route.py is
   `app.files.[___path].route`, the name that pytest's importlib mode gives it too. Relative imports, pickle,
   tracebacks, breakpoints and reloaders work, because nothing about the modules is special.
2. One finder, first on sys.meta_path, answers for the folders of the trees and nothing else.
3. A tree owns its package name or does not start: a name that is somebody else's is a fault.
4. Every file that cannot be imported is reported, with the line that stopped it; none is left out.
"""

from __future__ import annotations

import importlib
import os
import sys
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, spec_from_file_location

from ..routing.faults import Fault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType
    from typing import Any

    from ..routing.route import Route
    from ..routing.tree import Tree


class TreeFinder:
    """Finds the packages that folders of mounted trees are; what lies in them, Python's own finders find."""

    def __init__(self) -> None:
        self.roots: dict[str, str] = {}         # package name -> root folder
        self._folders: dict[str, str] = {}      # package name -> folder, of every folder of every tree

    def mount(self, package: str, root: str, folders: dict[str, str]) -> None:
        """From now on `package` is that root and the packages below it are those folders (relative names)."""
        self.roots[package] = root
        for name, folder in folders.items():
            self._folders[f"{package}.{name}" if name else package] = folder
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)
        importlib.invalidate_caches()           # files made a moment ago are files too

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """importlib's question; None for what is no folder of a tree."""
        folder = self._folders.get(name)
        if folder is None:
            return None
        init = os.path.join(folder, "__init__.py")
        if os.path.exists(init):
            return spec_from_file_location(name, init, submodule_search_locations=[folder])
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [folder]
        return spec


_finder = TreeFinder()


def load(tree: Tree, package: str) -> Iterator[tuple[Route, ModuleType]]:
    """The module of each route file of the tree; what cannot be imported joins the tree's faults.

    package: the dotted name of the root.
    """
    owner = _owner(package, tree.root)
    if owner is not None:
        tree.faults.append(Fault([tree.shown(tree.root)], f"the module name {package!r} is {owner}",
                                 'give the tree another: App(..., package="another_name")'))
        return
    _finder.mount(package, tree.root, tree.folders)
    for route in tree.routes:
        if route.kind != "route":
            continue
        try:
            yield route, importlib.import_module(f"{package}.{route.module}")
        except Exception as error:
            tree.faults.append(_import_fault(tree, route, error))


def _owner(package: str, root: str) -> str | None:
    """Who has that module name, in words; None when it is free or this very tree's."""
    mounted = _finder.roots.get(package)
    if mounted is not None:
        return None if mounted == root else f"that of the tree {mounted} already"
    module = sys.modules.get(package)
    if module is not None:
        places = list(getattr(module, "__path__", ()))
        place = getattr(module, "__file__", None) or ", ".join(places) or "the interpreter"
        return None if places == [root] else f"that of {place} already"
    try:
        spec = find_spec(package)
    except (ImportError, ValueError) as error:
        return f"below a package that cannot be imported ({error})"
    if spec is None or spec.loader is None or root in (spec.submodule_search_locations or ()):
        return None             # nobody's, or a folder without code of its own: the tree comes first
    return f"that of {spec.origin} already"


def _import_fault(tree: Tree, route: Route, error: Exception) -> Fault:
    file, line = _last_place(error)
    place = f"{tree.shown(file) if file.startswith(tree.root) else file}:{line}"
    message = " ".join(str(error).split()) or "no message"
    return Fault([tree.shown(route.file)], f"cannot be imported: {type(error).__name__}: {message}",
                 f"mend {place}")


def _last_place(error: Exception) -> tuple[str, int]:
    """File and line where the import stopped: the innermost one outside the import system itself."""
    if isinstance(error, SyntaxError) and error.filename:
        return error.filename, error.lineno or 0
    place, traceback = (__file__, 0), error.__traceback__
    while traceback is not None:
        file = traceback.tb_frame.f_code.co_filename
        if not file.startswith("<frozen ") and file not in (__file__, importlib.__file__):
            place = file, traceback.tb_lineno
        traceback = traceback.tb_next
    return place
