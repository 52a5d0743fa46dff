"""Server-sent events: what a source yields as the lines of text/event-stream (WHATWG HTML, 9.2).

Rules this module keeps
-----------------------
1. An event is its `data` and, where given, `event`, `id` and `retry`; a bare str is data. Data that is no str
   is JSON.
2. No value can begin a field or an event of its own: data is split where a client splits lines (CR, LF,
   CRLF); in the other fields these are refused, and NUL, which makes clients ignore an id.
3. "Nothing yet" is a comment. It is also how the host finds out that the client has left: no thread waits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from .jsontext import dumps
from .stream import encoded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NOTHING_YET = b":\n\n"

_lines = re.compile("\r\n|\r|\n").split
_breaks = re.compile("[\r\n\0]").search
_FIELDS = ("event", "id", "retry", "data")


def event(value: Any) -> bytes:
    """One event as it is sent; of None a comment.

    value: a str, or a mapping of data, event, id and retry (milliseconds), each of which may be left out.
    Raises TypeError for another kind of value, ValueError for another field or one that cannot be sent.
    """
    if value is None:
        return NOTHING_YET
    if isinstance(value, str):
        value = {"data": value}
    if not isinstance(value, Mapping):
        raise TypeError(f"an event is a str, a mapping with {', '.join(_FIELDS)}, or None for nothing yet, "
                        f"not {type(value).__name__}")
    unknown = [name for name in value if name not in _FIELDS]
    if unknown:
        raise ValueError(f"an event has the fields {', '.join(_FIELDS)}, not {unknown[0]!r:.80}")
    lines = [f"{name}: {_text(name, value[name])}\n" for name in _FIELDS[:3] if name in value]
    if "data" in value:
        data = value["data"]
        text = data if isinstance(data, str) else dumps(data).decode()
        lines += [f"data: {line}\n" for line in _lines(text)]
    return encoded("".join([*lines, "\n"]))


def _text(name: str, value: Any) -> str:
    if name == "retry" and (type(value) is not int or value < 0):
        raise ValueError(f"an event's retry is a number of milliseconds, not {value!r:.80}")
    if name != "retry" and not isinstance(value, str) and type(value) is not int:
        raise TypeError(f"an event's {name} is a str, not {type(value).__name__}")
    text = str.__str__(value) if isinstance(value, str) else str(value)     # an enum's member too
    if _breaks(text):
        raise ValueError(f"an event's {name} holds a line end or NUL")
    return text
