"""Route and Segment: one URL of the tree, and the parts it is made of.

Rules this module keeps
-----------------------
1. A pattern is the URL as its folders spell it, without groups: "/", "/api/users/[id]", "/files/[...path]".
2. A pattern is unambiguous: a bracket that is meant literally is written %5B or %5D, a percent sign %25.
3. Pattern and names follow from the segments; nobody hands them in.
"""

from __future__ import annotations

from types import MappingProxyType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any, Literal

    SegmentKind = Literal["literal", "param", "rest", "optional"]
    RouteKind = Literal["route", "page", "public", "document"]

_NOTHING: Mapping[str, Any] = MappingProxyType({})     # one for all the routes that use nothing


class Segment:
    """One part of a URL between two slashes.

    kind: "literal", "param" for [x], "rest" for [...x], "optional" for [[...x]].
    name: the decoded text of a literal, else the name in the brackets.
    """

    __slots__ = ("kind", "name")

    def __init__(self, kind: SegmentKind, name: str) -> None:
        self.kind: SegmentKind = kind
        self.name = name

    def __str__(self) -> str:
        """The segment as a pattern writes it."""
        if self.kind == "literal":
            if self.name.isalnum():                 # most are, and a tree may hold 100,000
                return self.name
            return self.name.replace("%", "%25").replace("[", "%5B").replace("]", "%5D")
        if self.kind == "param":
            return f"[{self.name}]"
        return f"[...{self.name}]" if self.kind == "rest" else f"[[...{self.name}]]"

    def __repr__(self) -> str:
        return f"Segment({self.kind!r}, {self.name!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Segment):
            return NotImplemented
        return self.kind == other.kind and self.name == other.name

    def __hash__(self) -> int:
        return hash((self.kind, self.name))


class Route:
    """One file that answers one URL pattern.

    pattern: "/api/users/[id]", groups left out.
    segments: the same in parts; () for the root.
    names: the dynamic names in order, ("id",).
    file: the absolute path of the route.py, the page.html or the public file; of a document that is made, the
    root's.
    kind: "route", "page", "public" or "document".
    module: the module's dotted name relative to the root, made of the folder names on disk, groups too, with
        every "." written "_": "api.files.[___path].route". Other files are no modules and have "".
    methods: the exported methods; empty until the file has been imported.
    chain: the names of the middleware around it, outermost first. used: those of @use, by method.
    left_out: the paths of folders (ten at most) for which it answers, by a value that is their name, without
    their middleware; none where the route file says `below = True`, as below does here.
    handlers: the functions that answer, by method; empty until the file has been imported. errors: those that
    shape its error answers, innermost first. hidden: whether the file says `hidden = True`.
    """

    __slots__ = ("below", "chain", "errors", "file", "handlers", "hidden", "kind", "left_out", "methods",
                 "module", "names", "pattern", "segments", "used")

    def __init__(
        self, segments: Iterable[Segment], *, file: str, kind: RouteKind = "route", module: str = ""
    ) -> None:
        self.segments = tuple(segments)
        self.pattern = pattern(self.segments)
        self.names = tuple(segment.name for segment in self.segments if segment.kind != "literal")
        self.file = file
        self.kind: RouteKind = kind
        self.module = module
        self.methods: tuple[str, ...] = ()
        self.chain: tuple[str, ...] = ()
        self.used: Mapping[str, tuple[str, ...]] = _NOTHING
        self.left_out: tuple[str, ...] = ()
        self.below = False
        self.handlers: Mapping[str, Callable[..., Any]] = _NOTHING
        self.errors: tuple[Callable[..., Any], ...] = ()
        self.hidden = False

    def path(self, values: Mapping[str, Any]) -> str:
        """The decoded path of this route with those values in it.

        values: by name; anything with a text for one segment, a list or tuple of such for a catch-all.
        Raises TypeError for names that are missing, too many or of the wrong kind, ValueError for a value
        that would not come back: an empty one, ".", "..", or one with a "/" or NUL in it.
        """
        may_lack = {segment.name for segment in self.segments if segment.kind == "optional"}
        wrong = sorted(({*self.names} ^ {*values}) - (may_lack - {*values}))
        if wrong:
            takes = ", ".join(self.names) or "no values"
            raise TypeError(f"{self.pattern} takes {takes}; see to {', '.join(wrong)}")
        parts: list[str] = []
        for segment in self.segments:
            if segment.kind == "literal":
                parts.append(segment.name)
            elif segment.kind == "param":
                parts.append(_part(segment, values[segment.name]))
            else:
                parts += _parts(segment, values.get(segment.name, ()))
        return "/" + "/".join(parts)

    def __repr__(self) -> str:
        methods = f" {','.join(self.methods)}" if self.methods else ""
        return f"<Route {self.pattern}{methods} {self.file}>"


def _part(segment: Segment, value: Any) -> str:
    if isinstance(value, list | tuple):
        raise TypeError(f"{segment} takes one value, not a {type(value).__name__}")
    text = _spelt(value)
    if text in ("", ".", "..") or "/" in text or "\0" in text or not _is_utf8(text):
        raise ValueError(f'{segment} takes a value that is not empty, "." or ".." and is text without "/", '
                         f"not {text[:40]!r}")
    return text


def _spelt(value: Any) -> str:
    """The text from which a handler's annotation makes that value again; "" for None."""
    if type(value) in (str, int):       # nearly always
        return str(value)
    from decimal import Decimal
    from enum import Enum

    if isinstance(value, Enum):
        return _spelt(value.value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float | Decimal):
        number = Decimal(str(value))
        if abs(number.adjusted()) > 64:             # nobody reads it back, and 1E+999999999 fills the memory
            raise ValueError(f"a number of more than 64 digits has no place in a URL: {number!r:.80}")
        return format(number, "f")                  # without an exponent
    if hasattr(value, "isoformat"):                 # date, datetime
        return str(value.isoformat())
    return "" if value is None else str(value)


def _is_utf8(text: str) -> bool:
    return text.encode("utf-8", "replace").decode() == text     # a lone surrogate is not


def _parts(segment: Segment, values: Any) -> list[str]:
    if not isinstance(values, list | tuple):
        raise TypeError(f"{segment} takes a list, not {type(values).__name__}")
    if not values and segment.kind == "rest":
        raise ValueError(f"{segment} takes a list of at least one value")
    return [_part(segment, value) for value in values]


def pattern(segments: Sequence[Segment]) -> str:
    """The URL pattern that the segments spell."""
    return "/" + "/".join(map(str, segments))
