"""The public folder: files that are served as they are.

Rules this module keeps
-----------------------
1. Each regular file is a route, made at start: its URL is its path, names verbatim. A request looks that URL
   up like any other and never becomes a file name.
2. What is hidden (but .well-known) is left out, and so is what is neither file nor folder.
3. A file beside another under its name and .gz or .br is that one, compressed, and no route of its own.
4. A link that leaves the folder would publish what lies elsewhere: a fault. A real folder has one name here,
   as in the tree.
"""

from __future__ import annotations

import os
from operator import attrgetter

from .route import Route, Segment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .tree import Tree


class PublicFile:
    """A file that was found.

    root: the public folder, all links resolved. parts: the names below it that lead to the real file.
    compressed: the same for its compressed forms, by suffix.
    """

    __slots__ = ("compressed", "parts", "root")

    def __init__(self, root: str, parts: list[str], compressed: dict[str, list[str]]) -> None:
        self.root = root
        self.parts = parts
        self.compressed = compressed


def read_public(folder: str, suffixes: Sequence[str], tree: Tree) -> dict[Route, PublicFile]:
    """The routes of a folder's files, in the order of their names.

    folder: absolute. suffixes: of compressed forms. tree: gets the faults, and shows paths.
    """
    root = os.path.realpath(folder)
    places = sorted([os.path.join(root, ""), os.path.join(os.path.realpath(tree.root), "")])
    if places[1].startswith(places[0]):             # the source of the app would be served
        tree.fault([folder], "the public folder and the app lie one in the other", "put it beside the app")
        return {}
    files = _files(folder, root, tree)
    compressed = {(*above, name + suffix) for *above, name in files for suffix in suffixes}
    found = {}
    for names in sorted(files.keys() - compressed):
        *above, name = names
        beside = {suffix: _parts(files[*above, name + suffix], root) for suffix in suffixes
                  if (*above, name + suffix) in files}
        route = Route([Segment("literal", part) for part in names], file=files[names], kind="public")
        found[route] = PublicFile(root, _parts(files[names], root), beside)
    return found


def _parts(path: str, root: str) -> list[str]:
    return os.path.relpath(os.path.realpath(path), root).split(os.sep)


def _files(folder: str, root: str, tree: Tree) -> dict[tuple[str, ...], str]:
    """The path of each file in the folder and below it, by the names that lead there."""
    files: dict[tuple[str, ...], str] = {}
    inside = os.path.join(root, "")
    known = {root: folder}
    pending: list[tuple[str, tuple[str, ...]]] = [(folder, ())]
    while pending:
        path, names = pending.pop()
        try:
            with os.scandir(path) as entries:
                found = sorted(entries, key=attrgetter("name"), reverse=True)
        except OSError as error:
            problem = f"the folder cannot be read ({error.strerror})"
            tree.fault([path], problem, "let the server's user read it, or take it out")
            continue
        for entry in found:
            if entry.name[0] == "." and entry.name != ".well-known":
                continue
            kind = _kind(entry, inside, tree)
            if kind == "file":
                files[*names, entry.name] = entry.path
            elif kind == "folder":
                first = known.setdefault(os.path.realpath(entry.path), entry.path)
                if first == entry.path:
                    pending.append((entry.path, (*names, entry.name)))
                else:
                    tree.fault([first, entry.path], "both are the same folder", "remove one of them")
    return files


def _kind(entry: os.DirEntry[str], inside: str, tree: Tree) -> str:
    """"file" or "folder"; "" for what is left out. inside: what the path of all that stays begins with."""
    if entry.name.encode("utf-8", "replace").decode() != entry.name:
        tree.fault([entry.path], "the name is not UTF-8, so no URL can spell it", "rename it")
        return ""
    if entry.is_symlink() and not os.path.join(os.path.realpath(entry.path), "").startswith(inside):
        tree.fault([entry.path], "the link leads out of the public folder", "put a copy in its place")
        return ""
    try:
        found = "file" if entry.is_file() else "folder" if entry.is_dir() else ""
    except OSError as error:
        tree.fault([entry.path], f"it cannot be read ({error.strerror})", "mend it or take it out")
        return ""
    if entry.is_symlink() and not os.path.exists(entry.path):
        tree.fault([entry.path], "the link leads nowhere", "mend or remove the link")
    return found
