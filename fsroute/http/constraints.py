"""Range, Length, Pattern: what a value keeps to besides its type, as in `Annotated[int, Range(1, 100)]`.

Rules this module keeps
-----------------------
1. A constraint is a function: it returns the value it was given, or raises ValueError. Any function of a
   user's can stand in its place.
2. Its message says what is allowed and on which side the value lies, never the value.
3. A constraint that nothing or everything would pass is a mistake, raised in the line that makes it.
4. Two that say the same are equal, so that annotations which hold them are.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Constraint:
    """What the three have in common."""

    __slots__: tuple[str, ...] = ()

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self._fields() == other._fields()

    def __hash__(self) -> int:
        return hash(self._fields())

    def _fields(self) -> tuple[Any, ...]:
        """What it was made of, with the types, for 1 equals True and 1.0."""
        values = [getattr(self, name) for name in self.__slots__]
        return tuple((type(value), value) for value in values)


class _Bounded(Constraint):
    """One with a min, a max or both, which are None where there is none."""

    __slots__ = ("max", "min")

    def __init__(self, min: Any = None, max: Any = None) -> None:
        self.min = min
        self.max = max
        if min is None and max is None:
            raise ValueError(f"{type(self).__name__} needs a min, a max or both")
        pairs = [(min, min), (max, max), (min, max)]        # NaN is not even equal to itself
        try:
            holds = all(low <= high for low, high in pairs if low is not None and high is not None)
        except ArithmeticError:                 # a NaN of Decimal
            holds = False
        if not holds:
            raise ValueError(f"{self!r} holds no value")

    def __repr__(self) -> str:
        name = type(self).__name__
        if self.max is None:
            return f"{name}(min={self.min!r})"
        return f"{name}(max={self.max!r})" if self.min is None else f"{name}({self.min!r}, {self.max!r})"


class Range(_Bounded):
    """A value from min to max, both of them allowed: a number, a date, whatever has an order.

        limit: Annotated[int, Range(1, 100)]
        price: Annotated[Decimal, Range(min=0)]

    Raises ValueError for no bound, a min above the max, or NaN; TypeError for bounds that have no order.
    """

    def __call__(self, value: Any) -> Any:
        if self.min is not None and not value >= self.min:
            raise ValueError(f"must be {self._allowed()}, not less")
        if self.max is not None and not value <= self.max:
            raise ValueError(f"must be {self._allowed()}, not more")
        return value

    def _allowed(self) -> str:
        if self.max is None:
            return f"at least {_spelt(self.min)}"
        if self.min is None:
            return f"at most {_spelt(self.max)}"
        return f"from {_spelt(self.min)} to {_spelt(self.max)}"


class Length(_Bounded):
    """A text of min to max characters, or a list of so many items.

        name: Annotated[str, Length(1, 80)]
        tags: Annotated[list[str], Length(max=10)]

    Raises ValueError for no bound, a negative one, or a min above the max; TypeError for what is no int.
    """

    def __init__(self, min: int | None = None, max: int | None = None) -> None:
        for bound in (min, max):
            if bound is not None:
                _check_count("Length", bound, 0)
        super().__init__(min, max)

    def __call__(self, value: Any) -> Any:
        length = len(value)
        if (self.min is not None and length < self.min) or (self.max is not None and length > self.max):
            unit = "character" if isinstance(value, str) else "item"
            raise ValueError(f"must have {self._allowed(unit)}, not {length}")
        return value

    def _allowed(self, unit: str) -> str:
        if self.min == self.max or self.min is None or self.max is None:
            count = self.min if self.max is None else self.max
            side = "exactly" if self.min == self.max else "at least" if self.max is None else "at most"
            return f"{side} {count} {unit}{'' if count == 1 else 's'}"
        return f"{self.min} to {self.max} {unit}s"


class Pattern(Constraint):
    r"""A text that matches the regular expression from its first character to its last.

        slug: Annotated[str, Pattern(r"[a-z0-9-]+", max_length=60)]

    regex: a str, or a compiled one that keeps its flags. What is shown to a client is the expression.
    max_length: tested first, because the time that `re` takes may grow steeply with the text: "(a+)+b" does.
    `\d` and `\w` mean every alphabet, as always in Python: [0-9] is ten digits.
    Raises ValueError for an expression that does not compile or a max_length below 1; TypeError for what is
    neither an expression nor an int.
    """

    __slots__ = ("_matches", "max_length", "regex")

    def __init__(self, regex: str | re.Pattern[str], max_length: int = 256) -> None:
        text = regex.pattern if isinstance(regex, re.Pattern) else regex
        if not isinstance(text, str):
            raise TypeError(f"Pattern takes a str, not {type(text).__name__}")
        _check_count("Pattern's max_length", max_length, 1)
        try:
            self._matches = re.compile(regex).fullmatch
        except (re.error, OverflowError, RecursionError) as fault:
            raise ValueError(f"Pattern({text[:200]!r}) does not compile: {fault}") from None
        self.regex = regex
        self.max_length = max_length

    def __call__(self, value: str) -> str:
        if not isinstance(value, str):          # a str subclass of a user's is text too
            raise TypeError(f"Pattern tests a str, not {type(value).__name__}")
        if len(value) > self.max_length:
            raise ValueError(f"must have at most {self.max_length} characters, not {len(value)}")
        if self._matches(value) is None:
            text = self.regex if isinstance(self.regex, str) else self.regex.pattern
            raise ValueError(f"must match the pattern {text[:200]}")
        return value

    def __repr__(self) -> str:
        limit = "" if self.max_length == 256 else f", max_length={self.max_length}"
        return f"Pattern({self.regex!r}{limit})"


def _check_count(what: str, count: int, least: int) -> None:
    if type(count) is not int:
        raise TypeError(f"{what} takes an int, not {type(count).__name__}")
    if count < least:
        raise ValueError(f"{what} is at least {least}, not {count}")


def _spelt(bound: Any) -> str:
    """A bound as a client would write it: a datetime with its "T"."""
    return str(bound.isoformat() if hasattr(bound, "isoformat") else bound)
