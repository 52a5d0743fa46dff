"""The query string as pairs (application/x-www-form-urlencoded; WHATWG URL, 5.1).

Rules this module keeps
-----------------------
1. The meaning is `urllib.parse.parse_qsl(text, keep_blank_values=True)`: "&" alone separates (";" is data),
   "+" is a space, blanks are kept, a bad "%zz" stays as it is. The shortcut below gives the same pairs.
2. UTF-8, raw or percent-encoded; anything else is a 400, never a replacement character, by which two
   different values could become one.
3. At most 1,000 fields: counted before anything is split.
"""

from __future__ import annotations

from .errors import HTTPError

MAX_FIELDS = 1_000


def parse(text: str) -> list[tuple[str, str]]:
    """Names and values in the order they came.

    text: QUERY_STRING as WSGI gives it, bytes in the clothes of Latin-1.
    Raises HTTPError 400 for more than 1,000 fields or what is not UTF-8.
    """
    if not text:
        return []
    if text.count("&") >= MAX_FIELDS:
        raise HTTPError(400, f"The query string has more than {MAX_FIELDS} fields")
    try:
        if not text.isascii():
            text = text.encode("latin-1").decode()
        if "%" in text or "+" in text:
            from urllib.parse import parse_qsl  # 8 ms of import that few services need

            return parse_qsl(text, keep_blank_values=True, errors="strict")
    except UnicodeError:
        raise HTTPError(400, "The query string is not UTF-8") from None
    pairs = []
    for field in text.split("&"):
        if field:
            name, _, value = field.partition("=")
            pairs.append((name, value))
    return pairs
