"""What people type, checked: functions for Annotated, which give the clean text or say what is wrong with it.

A message continues the name of a field and never repeats the value.
"""

import re
import unicodedata
from typing import Annotated

from fsroute import Length

# What <input type="email"> of HTML takes, and a dot in the domain. ASCII only; the length is bounded before.
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL = re.compile(rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]+@{_LABEL}(?:\.{_LABEL})+")


def text(value: str) -> str:
    """One line that shows something, without the white space around it."""
    return _shown(value, breaks="", kept="must be one line without control characters")


def prose(value: str) -> str:
    """Text of several lines, which are told apart by a line feed; forms send CR LF."""
    return _shown(value.replace("\r\n", "\n"), breaks="\n\t", kept="must not hold control characters")


def email(value: str) -> str:
    """An email address."""
    address = text(value)
    if not _EMAIL.fullmatch(address):
        raise ValueError("must be an email address such as alice@example.com")
    return address


def _shown(value: str, breaks: str, kept: str) -> str:
    """breaks: the control characters that are allowed. kept: the message for all others."""
    value = value.strip()
    categories = {unicodedata.category(character) for character in value if character not in breaks}
    if categories & {"Cc", "Cs", "Zl", "Zp"}:
        raise ValueError(kept)
    if all(category[0] in "CZ" for category in categories):
        raise ValueError("must not be blank")
    return value


Name = Annotated[str, Length(max=80), text]
Email = Annotated[str, Length(max=254), email]
