"""The header fields of an answer, and the one gate they pass (RFC 9110, 5; PEP 3333).

Rules this module keeps
-----------------------
1. Nothing is stored that did not pass the gate, so nothing is checked again when it is sent.
2. A name is letters, digits, "-" and "_": all that is registered, and all that PEP 3333's validator lets
   through. A value is Latin-1 without ASCII's control characters: hosts write it as it comes, and a CR or LF
   in it would start a header, or an answer, of the client's choosing.
3. What belongs to the connection or to the framing is the host's or ours, never the handler's:
   hop-by-hop names, Content-Length, and CGI's Status are refused by name.
4. One Content-Type, always: a second one is a mistake in the handler, not a list, and none leaves a browser
   to guess.
5. Names keep the case they were given and are compared without it.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import TypeAlias

    Field = tuple[str, str]
    Given: TypeAlias = "Mapping[str, str] | Iterable[Field] | Headers | None"   # what people pass as headers=

# of token (RFC 9110, 5.6.2) what hosts take: it starts with a letter and ends in no punctuation
_is_name = re.compile(r"[A-Za-z](?:[A-Za-z0-9_-]*[A-Za-z0-9])?").fullmatch
# of field-value (RFC 9110, 5.5) all but HTAB, which the validator refuses
_is_value = re.compile(r"[ -~\x80-\xff]*").fullmatch

_NOT_YOURS = {
    **dict.fromkeys(
        ("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection",
         "te", "trailer", "trailers", "transfer-encoding", "upgrade"),
        "belongs to the connection between client and host (hop-by-hop)",
    ),
    "content-length": "is worked out from the body; a stream's is given as length=",
    "status": "is CGI's; pass status= instead",
}


def checked_field(name: str, value: str) -> Field:
    """The pair, once it passed the gate.

    Raises ValueError saying what is wrong with the name or the value (which it does not repeat whole),
    TypeError when one of them is no str.
    """
    if not isinstance(name, str) or not isinstance(value, str):
        what = f" ({name[:40]!a})" if isinstance(name, str) else ""
        kinds = f"({type(name).__name__}, {type(value).__name__})"
        raise TypeError(f"a header{what} is a pair of str, not {kinds}")
    name, value = str.__str__(name), str.__str__(value)     # a StrEnum's member too: hosts check the type
    if not _is_name(name):
        raise ValueError(f'{name[:40]!r} is no header name: letters, digits, "-" and "_", a letter first')
    reason = _NOT_YOURS.get(name.lower())
    if reason is not None:
        raise ValueError(f"the header {name} {reason}")
    if not _is_value(value):
        culprit = next(char for char in value if not _is_value(char))
        raise ValueError(f"the value of the header {name} holds {culprit!a}: "
                         "only Latin-1 without control characters can be sent")
    return name, value


def pairs(given: Given) -> Iterable[Field]:
    """headers= as people write it, a mapping or pairs or None, as pairs; not checked yet."""
    if given is None:
        return ()
    items = getattr(given, "items", None)
    return items() if items is not None else given  # type: ignore[return-value]


class Headers:
    """The fields of one answer: a mapping whose names ignore case and may repeat.

    `headers[name]` is the first value (KeyError when there is none), `headers[name] = value` replaces
    every field of that name, `add` keeps those that stand. Every way in passes the gate:
    ValueError at the point of setting.
    """

    __slots__ = ("_fields",)

    def __init__(self, fields: list[Field]) -> None:
        """fields: passed already; the list is shared with the answer, not copied."""
        self._fields = fields

    def __repr__(self) -> str:
        return f"Headers({self._fields!r})"

    def __iter__(self) -> Iterator[str]:
        """Distinct names, as first written."""
        return iter({name.lower(): name for name, _ in reversed(self._fields)}.values())

    def keys(self) -> list[str]:
        """Distinct names, as first written."""
        return list(self)

    def __len__(self) -> int:
        """How many distinct names there are."""
        return len({name.lower() for name, _ in self._fields})

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(self.getall(name))

    def __getitem__(self, name: str) -> str:
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def get(self, name: str, default: str | None = None) -> str | None:
        """The first value of that name, or the default."""
        wanted = name.lower()
        for field, value in self._fields:
            if field.lower() == wanted:
                return value
        return default

    def getall(self, name: str) -> list[str]:
        """Every value of that name, in order; [] when there is none."""
        wanted = name.lower()
        return [value for field, value in self._fields if field.lower() == wanted]

    def items(self) -> list[Field]:
        """Every field, in the order in which they are sent."""
        return list(self._fields)

    def __setitem__(self, name: str, value: str) -> None:
        field, wanted = checked_field(name, value), name.lower()
        places = [place for place, (known, _) in enumerate(self._fields) if known.lower() == wanted]
        if not places:
            self._fields.append(field)
            return
        self._fields[places[0]] = field
        for place in reversed(places[1:]):
            del self._fields[place]

    def __delitem__(self, name: str) -> None:
        """Drops every field of that name; none is no error. Raises ValueError for Content-Type."""
        wanted = name.lower()
        if wanted == "content-type":
            raise ValueError("every answer has a Content-Type; assign another to replace it")
        self._fields[:] = [field for field in self._fields if field[0].lower() != wanted]

    def add(self, name: str, value: str) -> None:
        """One more field of that name, after those that stand."""
        field = checked_field(name, value)
        if name.lower() == "content-type" and name in self:
            raise ValueError(f"an answer has one Content-Type, here {self[name]!r}; assign to replace it")
        self._fields.append(field)

    def setdefault(self, name: str, value: str) -> str:
        """The value that stands, or this one, set now."""
        found = self.get(name)
        if found is None:
            self._fields.append(checked_field(name, value))
            return value
        return found

    def update(self, given: Given) -> None:
        """Fields as people pass them in headers=: each name replaces what stood, repeats among them stay."""
        replaced = set()
        for name, value in pairs(given):
            if name.lower() in replaced:
                self.add(name, value)
            else:
                self[name] = value
                replaced.add(name.lower())

    def vary(self, name: str) -> None:
        """Says that this answer depends on that request header (RFC 9110, 12.5.5); once is enough."""
        known = [part.strip() for value in self.getall("Vary") for part in value.split(",") if part.strip()]
        if "*" not in known and name.lower() not in [part.lower() for part in known]:
            self["Vary"] = ", ".join([*known, name])
