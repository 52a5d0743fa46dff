"""Folders: the tree as it lies on disk, before anybody judges its names.

Rules this module keeps
-----------------------
1. Each folder is read once, in the order of names: one tree gives one answer, everywhere. Nothing recurses.
2. Private folders (_x), hidden ones (but .well-known) and __pycache__ are not read.
3. Special files are known by their name in any case, and by the likely slips: what was meant as a handler
   must not be ignored in silence.
4. Links are followed, for deployments are made of them. A real folder has one name in the tree: a second
   one, or a loop, is a fault if routes are in it.
"""

from __future__ import annotations

import os
from operator import attrgetter

from .faults import Fault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .route import RouteKind, Segment

HANDLERS: dict[str, RouteKind] = {"route.py": "route", "page.html": "page"}
INHERITED = ("middleware.py", "error.py")
"""What holds for a folder and all below it."""
SPECIAL = (*HANDLERS, *INHERITED)
# Slips besides those of case. None is a likely name for a helper, as errors.py or router.py would be.
_SLIPS = {
    "routes.py": "route.py",
    "page.htm": "page.html",
    "pages.html": "page.html",
    "middlewares.py": "middleware.py",
}
_MEND_LINK = "mend or remove the link"


class Folder:
    """A folder that was read, and what a scan then finds out about it.

    path, real: absolute, as reached and with all links resolved. shown: as faults name it.
    special: the special files by the name they have: the name they should have, and whether they are files.
    inherited: the paths of its middleware.py and error.py, by these names, where nothing is wrong with them.
    beside: the module names that .py files and private folders have already, and whose name that is.
    routed: whether a special file lies in it or below.
    misnamed: whether its own name has a fault.
    segments: its URL, None if unknown. spellings: the folder of each segment right below.
    named: the folders of its path that have a name in brackets, by that name.
    catch_all: the folder of its path that takes all that is left of a URL.
    module: relative to the root; None if Python alone decides which module that is.
    """

    __slots__ = (
        "beside", "catch_all", "children", "inherited", "misnamed", "module", "name", "named", "parent",
        "path", "real", "routed", "segments", "shown", "special", "spellings",
    )  # fmt: skip

    def __init__(self, name: str, path: str, real: str, shown: str, parent: Folder | None) -> None:
        self.name = name
        self.path = path
        self.real = real
        self.shown = shown
        self.parent = parent
        self.children: list[Folder] = []
        self.special: dict[str, tuple[str, bool]] = {}
        self.inherited: dict[str, str] = {}
        self.beside: dict[str, str] = {}
        self.routed = False
        self.misnamed = False
        self.segments: tuple[Segment, ...] | None = ()
        self.spellings: dict[tuple[str, str], Folder] = {}
        self.named: dict[str, Folder] = {}
        self.catch_all: Folder | None = None
        self.module: str | None = ""

    def module_of(self, name: str) -> str:
        """The module of a file in this folder, relative to the root. name: without its ".py"."""
        return f"{self.module}.{name}" if self.module else name


def read_folders(root: str, shown: str) -> tuple[list[Folder], list[Fault]]:
    """The root and all folders below it, each before those in it, and what stood in the way of reading them.

    root: an absolute path. shown: the root as faults name it.
    """
    reader = _Reader(Folder("", root, os.path.realpath(root), shown, None))
    return reader.read(), reader.faults


class _Reader:
    def __init__(self, root: Folder) -> None:
        self.root = root
        self.faults: list[Fault] = []

    def read(self) -> list[Folder]:
        found: dict[str, Folder] = {}
        twins = []
        pending = [self.root]
        while pending:
            folder = pending.pop()
            first = found.setdefault(folder.real, folder)
            if first is not folder:
                twins.append((first, folder))
                continue
            try:
                with os.scandir(folder.path) as entries:
                    for entry in sorted(entries, key=attrgetter("name")):
                        self._add(entry, folder)
            except OSError as error:
                mend = "let the server's user read it, or take it out of the tree"
                self._fault(folder.shown, f"the folder cannot be read ({error.strerror})", mend)
            pending += reversed(folder.children)
        folders = list(found.values())
        for folder in reversed(folders):
            if folder.routed and folder.parent is not None:
                folder.parent.routed = True
        for first, second in twins:
            if first.routed:
                self._refuse_twin(first, second)
        return folders

    def _add(self, entry: os.DirEntry[str], above: Folder) -> None:
        name = entry.name
        if name == "__pycache__" or (name[0] == "." and name != ".well-known"):
            return
        try:
            is_folder = entry.is_dir()
        except OSError as error:
            if name[0] != "_":
                problem = f"the link cannot be followed ({error.strerror})"
                self._fault(f"{above.shown}/{name}", problem, _MEND_LINK)
            return
        if is_folder and name[0] == "_":
            above.beside.setdefault(name, name)
        elif is_folder:
            self._add_folder(entry, above)
        else:
            self._add_file(entry, above)

    def _add_folder(self, entry: os.DirEntry[str], above: Folder) -> None:
        name = entry.name
        linked = entry.is_symlink()
        real = os.path.realpath(entry.path) if linked else os.path.join(above.real, name)
        folder = Folder(name, entry.path, real, f"{above.shown}/{name}", above)
        if linked and self.root.real.startswith(os.path.join(real, "")):
            problem = "the link leads to a folder that holds the whole tree"
            self._fault(folder.shown, problem, "remove the link")
            return
        above.children.append(folder)
        if name in SPECIAL:
            folder.misnamed = True
            mend = f"make it a file, or rename it to {name.replace('.', '%2E')} for a URL of that name"
            self._fault(folder.shown, f"{name} is a folder", mend)

    def _add_file(self, entry: os.DirEntry[str], above: Folder) -> None:
        name = entry.name
        is_file = entry.is_file()
        lower = name.lower()
        right = lower if lower in SPECIAL else _SLIPS.get(lower)
        if right is not None:
            above.special[name] = right, is_file
            above.routed = True
        elif not is_file and entry.is_symlink() and name[0] != "_" and not os.path.exists(entry.path):
            # It may have been a folder of routes, and a route must not vanish in silence.
            self._fault(f"{above.shown}/{name}", "the link leads nowhere", _MEND_LINK)
        if name.endswith(".py"):
            above.beside[name.removesuffix(".py")] = name

    def _refuse_twin(self, first: Folder, second: Folder) -> None:
        if second.path.startswith(os.path.join(first.path, "")):
            self._fault(second.shown, "the link leads back to a folder that holds it", "remove the link")
            return
        link = second if os.path.islink(second.path) else first
        mend = f"remove the link {link.shown}, or make it a copy"
        self.faults.append(Fault([first.shown, second.shown], "both are the same folder", mend))

    def _fault(self, file: str, problem: str, mend: str) -> None:
        self.faults.append(Fault([file], problem, mend))
