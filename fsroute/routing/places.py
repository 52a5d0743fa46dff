"""Places: which folder speaks for a URL that no route answers.

Rules this module keeps
-----------------------
1. A place is where folders lead in URLs: literals and single segments one below the other. Groups lead no
   further, and catch-alls are no places: what is below one is answered by it.
2. Several folders can spell one place: (a)/x and (b)/x. The nearest folder that holds all of them speaks for
   it, so that nothing which only one of them asked for happens to the others.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from .folders import Folder
    from .route import Segment

    Shape = tuple[str | None, ...]      # the text of each literal, None for a value


class Place:
    """Where one or more folders lead.

    segments: the way there, with the names that the first of the folders gives. folders: all that spell it.
    """

    __slots__ = ("folders", "segments")

    def __init__(self, segments: Sequence[Segment]) -> None:
        self.segments = segments
        self.folders: list[Folder] = []

    @property
    def speaker(self) -> Folder:
        """The nearest folder that is, or holds, every folder of this place."""
        nearest, *others = self.folders
        for other in others:
            holding = {folder.path for folder in upwards(nearest)}
            nearest = next(folder for folder in upwards(other) if folder.path in holding)
        return nearest


class Places:
    """The places of a tree, in the order of its folders; each comes before those behind it.

    folders: the routed ones, each before those in it.
    """

    def __init__(self, folders: Iterable[Folder]) -> None:
        self._by_shape: dict[Shape, Place] = {}
        for folder in folders:
            if folder.segments is not None and folder.catch_all is None:
                place = self._by_shape.setdefault(_shape(folder.segments), Place(folder.segments))
                place.folders.append(folder)

    def __iter__(self) -> Iterator[Place]:
        return iter(self._by_shape.values())

    def before(self, place: Place) -> Place:
        """The place right before another one; the root's is before itself."""
        return self._by_shape[_shape(place.segments[:-1])]

    def above(self, segments: Sequence[Segment]) -> Place:
        """The deepest place that is spelt as the literals lead: /a/b, else /a, else the root's."""
        shape = _shape(segments)
        return next(self._by_shape[shape[:end]] for end in range(len(shape), -1, -1)
                    if shape[:end] in self._by_shape)


def covers(segments: Sequence[Segment], path: Sequence[Segment]) -> bool:
    """Whether a path, or what its values may make of it, lies at or below the URL of these segments."""
    for at, segment in enumerate(segments):
        if segment.kind == "optional":
            return True
        if at == len(path):
            return False
        if segment.kind == "rest":
            return True
        if segment.kind == path[at].kind == "literal" and segment.name != path[at].name:
            return False
    return True


def upwards(folder: Folder | None) -> Iterator[Folder]:
    """A folder and all that hold it, the nearest first."""
    while folder is not None:
        yield folder
        folder = folder.parent


def _shape(segments: Sequence[Segment]) -> Shape:
    return tuple([segment.name if segment.kind == "literal" else None for segment in segments])
