"""The one read-only mapping whose names may repeat: query and headers here, later forms and cookies.

Rules this module keeps
-----------------------
1. Asking for one value gives the first. Nothing is hidden: `getall` and `items` have the rest.
2. A name the client must send is asked for with `[name]`, a value it must spell right with `type=`;
   what is missing or wrong is the client's mistake, so a 400 that names it.
"""

from __future__ import annotations

from .convert import Unconvertible, converter
from .errors import ValidationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, TypeVar, overload

    D = TypeVar("D")
    T = TypeVar("T")
else:
    def overload(function: object) -> object:
        """typing's own, whose import takes longer than all of fsroute's."""
        return function

_PLACES = {"query parameter": "query", "header": "header", "cookie": "cookie"}     # as an error names them


class MultiMapping:
    """What every such mapping can do, given `items` and `_first`."""

    __slots__ = ()
    _what = "field"     # what one entry is called in an error

    if TYPE_CHECKING:
        def items(self) -> list[tuple[str, str]]: ...
        def _first(self, name: str) -> str | None: ...

    # a class gives its own, a function what it returns, any other annotation (int | None) gives Any
    @overload
    def get(self, name: str) -> str | None: ...
    @overload
    def get(self, name: str, default: D) -> str | D: ...  # noqa: F811
    @overload
    def get(self, name: str, *, type: type[T] | Callable[[str], T]) -> T | None: ...  # noqa: F811
    @overload
    def get(self, name: str, default: D, type: type[T] | Callable[[str], T]) -> T | D: ...  # noqa: F811
    @overload
    def get(self, name: str, default: Any = None, type: object = str) -> Any: ...  # noqa: F811

    def get(self, name: str, default: Any = None, type: Any = str) -> Any:  # noqa: F811
        """The first value of that name, converted, or the default as it is.

        type: what a path's parameter may be annotated with, of one value: int, date, an Enum, int | None; or
            a function of the text that raises ValueError with the message, "must be ...".
        Raises ValidationError (400), naming the field, for a value that does not convert; TypeError for
        another type, whatever was sent.
        """
        text = self._first(name)
        if type is str:
            return text if text is not None else default
        convert = self._converter("get", name, type)
        if text is None:
            return default
        try:
            return convert(text)
        except ValueError as fault:
            raise self._refusal(name, fault) from None

    @overload
    def getall(self, name: str) -> list[str]: ...
    @overload
    def getall(self, name: str, type: type[T] | Callable[[str], T]) -> list[T]: ...  # noqa: F811
    @overload
    def getall(self, name: str, type: object) -> list[Any]: ...  # noqa: F811

    def getall(self, name: str, type: Any = str) -> list[Any]:  # noqa: F811
        """Every value of that name, in order, each converted as get() does it; [] when there is none."""
        texts = self._all(name)
        if type is str:
            return texts
        convert = self._converter("getall", name, type)
        try:
            return [convert(text) for text in texts]
        except ValueError as fault:
            raise self._refusal(name, fault) from None

    def _all(self, name: str) -> list[str]:
        return [text for known, text in self.items() if known == name]

    def _converter(self, method: str, name: str, type: Any) -> Callable[[str], Any]:
        try:
            return converter(type)
        except Unconvertible as fault:
            raise TypeError(f"{method}({name!r}, type=...): {fault}") from None

    def _refusal(self, name: str, fault: object) -> ValidationError:
        place = {"in": _PLACES.get(self._what, "form"), "name": name[:200], "message": str(fault)}
        return ValidationError([place], f"The {self._what} {name[:200]!r} {fault}")

    def lists(self) -> dict[str, list[str]]:
        """Each name with all its values."""
        lists: dict[str, list[str]] = {}
        for name, value in self.items():
            lists.setdefault(name, []).append(value)
        return lists

    def __getitem__(self, name: str) -> str:
        """The first value. Raises ValidationError (400), naming the field, when it was not sent."""
        value = self._first(name)
        if value is None:
            raise self._refusal(name, "is missing")
        return value

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._first(name) is not None

    def keys(self) -> list[str]:
        """Distinct names, in the order of their first arrival."""
        return list(self)

    def __iter__(self) -> Iterator[str]:
        return iter(dict(self.items()))

    def __len__(self) -> int:
        return len(dict(self.items()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.items()!r})"


class MultiDict(MultiMapping):
    """Pairs that were parsed already: a query string."""

    __slots__ = ("_firsts", "_pairs", "_what")

    def __init__(self, pairs: Iterable[tuple[str, str]], what: str = "field") -> None:
        """pairs: names and values in order. what: what one of them is called in an error."""
        self._pairs = list(pairs)
        self._what = what
        self._firsts = dict(reversed(self._pairs))      # the last one wins in dict(), so backwards the first

    def items(self) -> list[tuple[str, str]]:
        """Every pair, in the order of arrival."""
        return list(self._pairs)

    def counted(self) -> tuple[dict[str, str], dict[str, list[str]]]:
        """The first value of each name, and all values of those names that come more than once."""
        if len(self._firsts) == len(self._pairs):
            return self._firsts, {}
        return self._firsts, {name: values for name, values in self.lists().items() if len(values) > 1}

    def _first(self, name: str) -> str | None:
        return self._firsts.get(name)


class EnvironHeaders(MultiMapping):
    """The request's header fields, read from the environ when they are asked for.

    Names ignore case, and "-" and "_" are one: hosts join them before we see them, so nothing
    about security may hang on the difference. A host joins repeated fields with commas.
    """

    __slots__ = ("_environ",)
    _what = "header"
    _BARE = ("CONTENT_TYPE", "CONTENT_LENGTH")   # the two that CGI, and so WSGI, spells without HTTP_

    def __init__(self, environ: dict[str, Any]) -> None:
        self._environ = environ

    def items(self) -> list[tuple[str, str]]:
        """Every header, once, with its name in Title-Case."""
        found = []
        for key, value in self._environ.items():
            name = key.removeprefix("HTTP_")
            # of the bare ones some hosts give both spellings, and "" says that there was none
            is_header = (key == name and value) if name in self._BARE else key != name
            if is_header:
                found.append((name.replace("_", "-").title(), value))
        return found

    def _first(self, name: str) -> str | None:
        key = name.upper().replace("-", "_")
        if key in self._BARE:
            return self._environ.get(key) or None
        value: str | None = self._environ.get("HTTP_" + key)
        return value

    def _all(self, name: str) -> list[str]:
        value = self._first(name)
        return [] if value is None else [value]
