"""The folder tree: the routes it spells, and every fault in it.

Rules this module keeps
-----------------------
1. A folder is routed if a special file lies in it or below it. Only routed folders are judged: data,
   helpers and what version control leaves behind may be called anything.
2. Every fault is found, and none that only restates another: below a folder whose URL is unknown there are
   no routes, but names and spellings are judged there too.
3. A catch-all ends a URL, and a URL has each name once.
4. Each folder has one module name, its name with every "." written "_", which nothing beside it may claim.
"""

from __future__ import annotations

import os

from .conflicts import find_conflicts
from .faults import Fault
from .folders import HANDLERS, SPECIAL, read_folders
from .names import Misnamed, read
from .public import read_public
from .route import Route, Segment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .folders import Folder
    from .public import PublicFile


class Tree:
    """What a scan found.

    root: the absolute path of the root folder.
    routes: in the order of their folders; without those below a folder whose URL is unknown.
    public: what lies behind those of the routes that are public files.
    verbatim: the routes whose names are no folders': of public files, and of a document about the routes.
    faults: what is wrong with names, places and links. Whoever imports the files adds to it.
    folders: the absolute path of each folder visited, by its module name relative to the root ("" itself).
    routed: the folders whose URL is known and in or below which a special file lies, each before those in it.
    """

    __slots__ = ("faults", "folders", "public", "root", "routed", "routes", "verbatim")

    def __init__(self, root: str) -> None:
        self.root = root
        self.routes: list[Route] = []
        self.public: dict[Route, PublicFile] = {}
        self.verbatim: list[Route] = []
        self.faults: list[Fault] = []
        self.folders: dict[str, str] = {"": root}
        self.routed: list[Folder] = []

    def shown(self, path: str) -> str:
        """An absolute path as faults name it: from the root's own name or its neighbour's on, with "/"."""
        return path.removeprefix(os.path.join(os.path.dirname(self.root), "")).replace(os.sep, "/")

    def fault(self, paths: Iterable[str], problem: str, mend: str) -> None:
        """Adds what is wrong with the files or folders at these absolute paths."""
        self.faults.append(Fault(map(self.shown, paths), problem, mend))


def scan(root: str, public: str | None = None, suffixes: Sequence[str] = (),
         document: Sequence[str] | None = None) -> Tree:
    """Read the tree below root. Never raises for a fault: it is in the result.

    public: the absolute path of the public folder. suffixes: see read_public. document: the segments of the
    URL where a document about the routes is to be.
    """
    tree = Tree(os.path.abspath(root))
    if not os.path.isdir(tree.root):
        problem = "the root is not a folder" if os.path.lexists(tree.root) else "there is no such folder"
        mend = "create it with a route.py inside, or point the app at the folder that holds the routes"
        tree.fault([tree.root], problem, mend)
        return tree
    folders, tree.faults = read_folders(tree.root, tree.shown(tree.root))
    handlers = [name for folder in folders for name, _ in folder.special.values() if name in HANDLERS]
    if not handlers and not tree.faults:            # what could not be read may have held some
        mend = "add a route.py or a page.html, or point the app at the folder that holds the routes"
        tree.fault([tree.root], "the tree holds no route", mend)
    for judge in (_judge_name, _judge_modules, _judge_files):
        for folder in folders:
            judge(tree, folder)
    tree.routed = [folder for folder in folders if folder.routed and folder.segments is not None]
    if public is not None:
        tree.public = read_public(public, suffixes, tree)
        tree.verbatim += tree.public
    if document is not None:
        names = [Segment("literal", name) for name in document]
        tree.verbatim.append(Route(names, file=tree.root, kind="document"))
    tree.routes += tree.verbatim
    find_conflicts(tree)
    tree.faults.sort()
    return tree


def _judge_name(tree: Tree, folder: Folder) -> None:
    """Find the folder's place in the URL."""
    above = folder.parent
    if above is None:
        return
    folder.named = above.named
    folder.catch_all = above.catch_all
    folder.segments = None if folder.misnamed else above.segments
    if not folder.routed or folder.misnamed:
        return
    try:
        segment = read(folder.name)
    except Misnamed as slip:
        folder.misnamed = True
        folder.segments = None
        tree.fault([folder.path], slip.problem, slip.mend)
        return
    if segment is not None:
        _enter(tree, folder, above, segment)


def _enter(tree: Tree, folder: Folder, above: Folder, segment: Segment) -> None:
    """Add the segment to the folder's path, if nothing forbids it there."""
    twin = above.spellings.setdefault((segment.kind, segment.name), folder)
    if twin is not folder:
        folder.segments = None
        problem = f"both folders are the segment {segment}"
        tree.fault([twin.path, folder.path], problem, "merge them into one")
        return
    if segment.kind != "literal":
        folder.named = {**above.named, segment.name: folder}
    folder.catch_all = folder if segment.kind in ("rest", "optional") else None
    if above.catch_all is not None:                 # said once, for all that lies below
        folder.segments = None
        name = above.catch_all.name
        problem = f"nothing can follow {name}, which takes all that is left of a path"
        mend = f"move the folder up, beside {name}, or rename {name} to [{name.strip('[.]')}]"
        tree.fault([folder.path], problem, mend)
        return
    namesake = above.named.get(segment.name) if segment.kind != "literal" else None
    if namesake is not None:
        other = Segment(segment.kind, segment.name + "_2")
        mend = f"rename one of the folders, the second to {other} for example"
        tree.fault([namesake.path, folder.path], f'"{segment.name}" is used twice in one path', mend)
    if folder.segments is not None:
        folder.segments = (*folder.segments, segment)


def _judge_modules(tree: Tree, folder: Folder) -> None:
    """Name the modules of the folders in this folder."""
    claims: dict[str, list[Folder]] = {}
    for child in folder.children:
        claims.setdefault(child.name.replace(".", "_"), []).append(child)
    for module, twins in claims.items():
        beside = folder.beside.get(module)
        clash = len(twins) > 1 or beside is not None
        if clash and not any(child.misnamed for child in twins) and any(child.routed for child in twins):
            names = [child.name for child in twins]
            paths = [os.path.join(folder.path, name) for name in ([*names, beside] if beside else names)]
            tree.fault(paths, f"both are the module {module}", _mend_clash(names, beside))
        for child in twins:
            # Where nothing is routed, a clash is Python's business: it imports what it always would.
            if folder.module is None or (clash and not child.routed):
                child.module = None
            else:
                child.module = f"{folder.module}.{module}" if folder.module else module
                tree.folders.setdefault(child.module, child.path)


def _mend_clash(folders: list[str], beside: str | None) -> str:
    if beside in SPECIAL:                          # which cannot change; an escape keeps the folder's URL
        name = folders[0]
        return f"rename the folder to %{ord(name[0]):02X}{name[1:]}, which is the same URL"
    if beside is not None and beside.endswith(".py"):
        return f"give {beside} another name, such as _{beside}"
    dotted = next(name for name in folders if "." in name)
    if dotted[0] in "[(":                           # no part of a URL, so free to change
        return f"give {dotted} another name"
    return f"rename {dotted} to {dotted.replace('.', '%2E')}, which is the same URL"


def _judge_files(tree: Tree, folder: Folder) -> None:
    """Make the routes of the folder, and note what those below inherit."""
    for name, (right, is_file) in folder.special.items():
        path = os.path.join(folder.path, name)
        if not is_file:
            problem = "the link leads nowhere" if os.path.islink(path) else "it is not a regular file"
            mend = f"put a file {right} in its place"
        elif name != right:
            problem = f"the name is written {right}"
            mend = "merge the two files" if right in folder.special else f"rename the file to {right}"
        else:
            if right not in HANDLERS:
                folder.inherited[right] = path
            elif folder.segments is not None:
                module = folder.module_of("route") if right == "route.py" else ""
                tree.routes.append(Route(folder.segments, file=path, kind=HANDLERS[right], module=module))
            continue
        tree.fault([path], problem, mend)
