"""Docstrings: a summary, a description, and the errors that a handler says it raises.

Rules this module keeps
-----------------------
1. The first line is the summary, without its full stop; the rest is the description, but for its sections
   "Raises:" (as Google writes them).
2. Of those, what is said of an HTTPError with a status counts: "HTTPError 404: ...", "HTTPError(404): ...",
   "HTTPError: 404 ...". Deeper lines, and lines that begin nothing, belong to the entry before them.
"""

from __future__ import annotations

import re
from functools import partial
from inspect import cleandoc
from typing import NamedTuple

from ..handlers.signature import namespace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ..routing.route import Route

# an exception with a name, a status or none, and a colon
_is_entry = re.compile(r"[A-Za-z_][\w.]*(?:\s*\(\s*[0-9]{3}\s*\)|\s+[0-9]{3})?\s*:(?:\s|\Z)").match
_is_http_error = re.compile(
    r"(?:[\w.]+\.)?HTTPError(?:\s*\(\s*([0-9]{3})\s*\)|\s+([0-9]{3}))?\s*:\s*(.*)").match
_begins_with_status = re.compile(r"([0-9]{3})\b[\s:,-]*(.*)").match
_is_error = re.compile(r"[45][0-9]{2}").fullmatch


class Doc(NamedTuple):
    """A docstring in parts. errors: by status, what is said of them."""

    summary: str
    description: str
    errors: dict[str, str]

    def heading(self) -> dict[str, Any]:
        """What there is of summary and description."""
        parts = {"summary": self.summary, "description": self.description}
        return {name: text for name, text in parts.items() if text}


def parsed(text: str | None) -> Doc:
    """The parts of a docstring; all are empty where there is none."""
    first, *lines = cleandoc(text or "").splitlines() or [""]
    if first.rstrip() == "Raises:":             # there is nothing but that
        first, lines = "", [first, *lines]
    kept: list[str] = []
    section: list[str] = []
    is_within = False
    for line in lines:
        is_within = line.rstrip() == "Raises:" or (is_within and line[:1] in ("", " ", "\t"))
        (section if is_within else kept).append(line)
    description = re.sub(r"\n{3,}", "\n\n", "\n".join(kept).strip())
    summary = first.strip()
    if not summary.endswith(".."):
        summary = summary.removesuffix(".")
    return Doc(summary, description, _errors(section))


def _errors(section: Iterable[str]) -> dict[str, str]:
    errors: dict[str, str] = {}
    for entry in _entries(section):
        found = _is_http_error(entry)
        status, text = (found[1] or found[2], found[3]) if found else (None, "")
        if found and status is None and (within := _begins_with_status(text)):
            status, text = within[1], within[2]
        if status and _is_error(status):
            errors[status] = "\n\n".join(filter(None, [errors.get(status), text]))
    return errors


def _entries(section: Iterable[str]) -> list[str]:
    """The entries of the sections, each in one line."""
    entries: list[str] = []
    margin = None               # the indentation of the section's first entry
    for line in section:
        text, indent = line.strip(), len(line) - len(line.lstrip())
        if text == "Raises:" and not indent:
            margin = None
        elif text and (margin is None or indent <= margin) and _is_entry(text):
            entries.append(text)
            margin = indent if margin is None else margin
        elif text and margin is not None:
            entries[-1] += f" {text}"
    return entries


def of_handler(handler: Any) -> Doc:
    """What a handler's docstring says."""
    while isinstance(handler, partial):
        handler = handler.func
    return parsed(_text(handler.__doc__))


def of_file(route: Route) -> Doc:
    """What the docstring of a route's file says, if one of its handlers was made there."""
    for handler in route.handlers.values():
        names = namespace(handler)
        if names.get("__file__") == route.file:
            return parsed(_text(names.get("__doc__")))
    return parsed(None)


def of_class(kind: type) -> str:
    """A class's own docstring, unless dataclass made it: "User(name: str)"."""
    doc = cleandoc(_text(kind.__doc__))
    return "" if doc.startswith(f"{kind.__name__}(") and doc.endswith(")") and "\n" not in doc else doc


def _text(doc: object) -> str:
    return doc if isinstance(doc, str) else ""
