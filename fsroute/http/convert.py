"""Text to values: what `int` means in a path or a query.

Rules this module keeps
-----------------------
1. ASCII only, one spelling: `int()` also takes "1_0", " 5", "+5" and "٣", which a URL must not.
2. Bounded before it is converted: a number's text is at most 64 characters, its value 64 bits,
   so that it fits the column it is looked up in.
3. A text that does not convert raises ValueError, whose message completes "must be ...".
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# int = [ "-" ] ( "0" / nonzero *DIGIT ), and 19 digits hold every value of 64 bits
_is_int = re.compile(r"-?(?:0|[1-9][0-9]{0,18})").fullmatch


def to_int(text: str) -> int:
    """A whole number of 64 bits. Raises ValueError otherwise."""
    if _is_int(text) and -(2**63) <= (number := int(text)) < 2**63:
        return number
    raise ValueError("a whole number of at most 64 bits")


_CONVERTERS: dict[Any, Callable[[str], Any]] = {str: str, int: to_int}


def converter(kind: Any) -> Callable[[str], Any] | None:
    """The function that turns text into that type, or None when there is none."""
    try:
        return _CONVERTERS.get(kind)
    except TypeError:               # an annotation that cannot be hashed has no converter either
        return None
