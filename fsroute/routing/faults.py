"""Fault and TreeError: everything that is wrong with a tree, in one report.

Rules this module keeps
-----------------------
1. A fault names the file or files, the problem and the mend; as text it is one line.
2. A report is never about the first fault only: the heading says how many there are, then each has its
   line, sorted by file.
3. No file name can break a line or repaint a terminal: whatever is not printable is shown escaped.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


class Fault:
    """One thing that is wrong with the tree.

    files: paths relative to the root's parent, with "/", such as "app/api/users/[id]/route.py".
    problem: what is wrong, without naming the files again.
    mend: what to do about it, in the imperative.
    """

    __slots__ = ("files", "mend", "problem")

    def __init__(self, files: Iterable[str], problem: str, mend: str) -> None:
        self.files = tuple(files)
        self.problem = problem
        self.mend = mend

    def __str__(self) -> str:
        return _printable(f"{', '.join(self.files)}: {self.problem}; {self.mend}")

    def __repr__(self) -> str:
        return f"Fault({self.files!r}, {self.problem!r}, {self.mend!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Fault):
            return NotImplemented
        return (self.files, self.problem, self.mend) == (other.files, other.problem, other.mend)

    def __hash__(self) -> int:
        return hash((self.files, self.problem, self.mend))

    def __lt__(self, other: Fault) -> bool:
        """The order of a report: by file."""
        return (self.files, self.problem, self.mend) < (other.files, other.problem, other.mend)


class TreeError(Exception):
    """The tree cannot be served. Holds every fault that was found, not only the first.

    root: the absolute path of the tree's root folder.
    """

    def __init__(self, root: str, faults: list[Fault]) -> None:
        super().__init__(root, faults)
        self.root = root
        self.faults = faults

    def __str__(self) -> str:
        count = len(self.faults)
        heading = f"{count} {'fault' if count == 1 else 'faults'} in {_printable(self.root)}"
        return "\n  ".join([heading, *map(str, sorted(self.faults))])


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(
        # The round trip also takes lone surrogates, which stand for the bytes of an undecodable file name.
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in text
    )
