"""Folder names: which part of a URL a folder stands for.

Rules this module keeps
-----------------------
1. A name is a literal, [x], [...x], [[...x]] or a (group). What only resembles one of these is refused,
   together with the right spelling: a slip of the pen must not become a URL.
2. In a literal, %XX is decoded once. Any text can be written that way: "%5Bid%5D" is the literal "[id]".
3. Literals are NFC, as editors and browsers send them; some file systems hand out NFD.
4. A name in brackets can be an argument of a handler: an identifier, in the form Python reads it (NFKC), no
   keyword, and not one of the two names that handlers use already.

Private and hidden folders never get here.
"""

from __future__ import annotations

import re
from keyword import iskeyword

from .route import Segment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from .route import SegmentKind

# Not compiled here: a tree without escapes and faults needs none of them.
_ESCAPE = rb"%([0-9A-Fa-f]{2})"
_LONE_PERCENT = r"%(?![0-9A-Fa-f]{2})"
_GROUP = r"\((?!\.*\))[^()]*\)"                    # not of full stops alone
_INTERCEPTING = r"(?:\(\.{1,3}\))+"
_BRACKETED = r"\[([^\[\]]+)\]"
_LEADING_GROUP = r"(\([^()]+\))(.+)"
_FOREIGN = "{}<>"
_TAKEN = frozenset(("request", "params"))           # what a handler's first two arguments are called


class Misnamed(ValueError):
    """A folder name that stands for nothing."""

    def __init__(self, problem: str, mend: str) -> None:
        super().__init__(problem, mend)
        self.problem = problem
        self.mend = mend


def read(name: str) -> Segment | None:
    """The segment that a folder of this name stands for; None for a group.

    Raises Misnamed for every other name.
    """
    try:
        name.encode()
    except UnicodeEncodeError:                      # the file system's bytes came through as lone surrogates
        raise Misnamed("the name is not valid UTF-8", "rename the folder") from None
    if "[" in name or "]" in name:
        return _dynamic(normal("NFC", name))
    if name[0] in ":@" or any(sign in name for sign in _FOREIGN):
        raise _foreign(name)
    if name[0] in "()" or name[-1] in "()":
        if re.fullmatch(_GROUP, name):
            return None
        if name[0] in "()" or name.count("(") != name.count(")"):
            raise _half_a_group(name)               # wiki_(page) is a literal, as in Next.js
    return Segment("literal", normal("NFC", _decoded(name)))


def _dynamic(name: str) -> Segment:
    inner = name.strip("[]")
    if "[" in inner or "]" in inner:
        param = Segment("param", _identifier(" ".join(re.findall(_BRACKETED, name)) or inner))
        raise Misnamed("a parameter is a whole folder name, not a part of one",
                       f"rename the folder to {param} and take the value apart in the handler, "
                       f"or to {_literal(name)} for a literal")
    opening = len(name) - len(name.lstrip("["))
    closing = len(name) - len(name.rstrip("]"))
    bare = inner.strip(".…*")
    kind: SegmentKind = "param"
    if bare != inner:
        kind = "optional" if opening > 1 and closing > 1 else "rest"
    right = Segment(kind, _identifier(bare, "id" if kind == "param" else "path"))
    rename = f"rename the folder to {right}"
    if not bare:
        raise Misnamed("the brackets hold no name", f"{rename}, or another name for the value")
    optional = Segment("optional", right.name)
    if opening != closing or opening > 2 or name != "[" * opening + inner + "]" * closing:
        either = f", or to {optional} to match no segment too" if kind == "rest" else ""
        raise Misnamed("there are brackets too many or too few", rename + either)
    if kind != "param" and inner != f"...{bare}":
        raise Misnamed("a catch-all is written with three full stops before its name", rename)
    if kind == "param" and opening == 2:
        raise Misnamed("only a catch-all can be optional",
                       f"{rename} for one segment, or to {optional} for any number of them")
    if bare != right.name:
        raise _no_argument(bare, right, rename)
    return right


def _no_argument(name: str, right: Segment, rename: str) -> Misnamed:
    """What to say of a name that differs from the one of the right spelling."""
    if iskeyword(name):
        return Misnamed(f'"{name}" is a Python keyword', rename)
    if name in _TAKEN:
        return Misnamed(f'"{name}" is another argument of handlers already', rename)
    if name.isidentifier():
        return Misnamed(f'Python reads "{name}" as "{right.name}"', rename)
    label, sign, kind = name.replace("=", ":").partition(":")
    if sign and label == _identifier(label):        # [id=int], [id:int]: the type in the folder name
        typed = Segment(right.kind, label)
        rename = f"rename the folder to {typed} and name the type in the handler, {label}: {kind}"
    return Misnamed(f'"{name}" is not a Python identifier', rename)


def _foreign(name: str) -> Misnamed:
    """What to say of a parameter or a slot in the spelling of another framework."""
    if name[0] == "@":
        group = f"({_identifier(name, 'slot')})"
        return Misnamed("there are no parallel routes here",
                        f"rename the folder to {group} for a group, "
                        f"or to {_literal(name)} for a URL with an @")
    whole = name[0] == ":" or name[0] + name[-1] in ("{}", "<>")
    inner = name[1:] if name[0] == ":" else name[1:-1]
    if not whole or any(sign in inner for sign in _FOREIGN):
        return Misnamed("a parameter is a whole folder name in square brackets",
                        f"rename the folder to {Segment('param', _identifier(name))}, "
                        f"or to {_literal(name)} for a literal")
    left, colon, right = inner.partition(":")       # {name:converter}, <converter:name>
    label, converter = (right, left) if colon and name[0] == "<" else (left, right)
    many = converter == "path" or "*" in label or "..." in label
    segment = Segment("rest" if many else "param", _identifier(label))
    return Misnamed("a parameter is written in square brackets", f"rename the folder to {segment}")


def _half_a_group(name: str) -> Misnamed:
    marker = re.match(_INTERCEPTING, name)
    if marker is not None:
        target = name[marker.end():] or "(group)"
        return Misnamed("there are no intercepting routes here", f"rename the folder to {target}")
    bare = name.strip("().")
    if not bare:
        return Misnamed("a group needs a name", "rename the folder, to (group) for example")
    literal = f"or rename it to {_literal(name)} for a literal"
    if "(" not in bare and ")" not in bare:
        return Misnamed("a group has one pair of parentheses", f"rename the folder to ({bare}), {literal}")
    front = re.match(_LEADING_GROUP, name)
    group = f"({_identifier(bare, 'group')})"
    mend = f"make two folders, {front[1]}/{front[2]}" if front else f"rename the folder to {group}"
    return Misnamed("a group is a whole folder name", f"{mend}, {literal}")


def _decoded(name: str) -> str:
    if "%" not in name:
        return name
    if re.search(_LONE_PERCENT, name):
        mend = f"rename the folder to {re.sub(_LONE_PERCENT, '%25', name)}"
        raise Misnamed("a % needs two hexadecimal digits after it", mend)
    try:
        text = re.sub(_ESCAPE, lambda escape: bytes.fromhex(escape[1].decode()), name.encode()).decode()
    except UnicodeDecodeError:
        mend = "write each character in UTF-8, such as %C3%A9 for é"
        raise Misnamed("the escapes are not UTF-8", mend) from None
    if "/" in text:
        parts = [part for part in text.split("/") if part]
        mend = f"nest the folders {'/'.join(parts)}" if len(parts) > 1 else "take the %2F out of the name"
        raise Misnamed("a segment cannot hold a slash", mend)
    if "\0" in text:
        raise Misnamed("a segment cannot hold NUL", "take the %00 out of the name")
    if text in (".", ".."):
        raise Misnamed(f'no path has a segment "{text}"', "rename the folder")
    return text


def normal(form: Literal["NFC", "NFKC"], text: str) -> str:
    """The text in one of Unicode's forms, so that what looks alike is alike."""
    if text.isascii():
        return text
    # A megabyte that a tree of ASCII names does without.
    from unicodedata import normalize

    return normalize(form, text)


def _identifier(text: str, default: str = "id") -> str:
    """The nearest name that can stand in brackets; the default if nothing is left of the text."""
    text = normal("NFKC", text)
    name = "_".join("".join(char if f"_{char}".isidentifier() else " " for char in text).split())
    if not name:
        return default
    if not name.isidentifier():
        name = f"_{name}"                           # it began with a digit
    return f"{name}_" if iskeyword(name) or name in _TAKEN else name


def _literal(name: str) -> str:
    """How to write the name so that it stands for itself."""
    name = re.sub(_LONE_PERCENT, "%25", name)
    return "".join(f"%{ord(char):02X}" if char in "[]{}<>():@" else char for char in name)
