"""Conditional and range requests: has the client got this already, and which part does it want?
(RFC 9110, 8.8, 13 and 14)

Rules this module keeps
-----------------------
1. The order is the RFC's (13.2.2): If-Match, If-Unmodified-Since, If-None-Match, If-Modified-Since, and only
   then If-Range and Range. A tag beats a date.
2. If-Match and If-Range compare strongly (W/"x" equals nothing), If-None-Match weakly.
3. What is malformed is as if it were not there, except in If-Match: whoever makes a condition must not be
   served without it. Everything is linear.
4. One range is served. Several are a client's way to ask for more than the file: it gets the whole file.
"""

from __future__ import annotations

import re
import time

from .errors import HTTPError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Any

# entity-tag = [ "W/" ] DQUOTE *etagc DQUOTE; etagc has no DQUOTE, so the scan never steps back
_tags = re.compile(r'(W/)?("[^"]*")').findall
_is_tag = re.compile(r'(?:W/)?"[!#-~\x80-\xff]*"').fullmatch

# one int-range or suffix-range (RFC 9110, 14.1.1)
_range = re.compile(r"bytes=[ \t]*([0-9]*)-([0-9]*)[ \t]*", re.IGNORECASE).fullmatch

_FIRST, _LAST = -62_135_596_800, 253_402_300_799       # of the years 1 to 9999

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_CLOCK = "([0-9]{2}):([0-9]{2}):([0-9]{2})"
# IMF-fixdate and the form of RFC 850; asctime's
_date = re.compile(
    rf"[A-Z][a-z]+, ([0-9]{{2}})[ -]([A-Z][a-z]{{2}})[ -]([0-9]{{4}}|[0-9]{{2}}) {_CLOCK} GMT").fullmatch
_asctime = re.compile(rf"[A-Z][a-z]{{2}} ([A-Z][a-z]{{2}}) ([ 0-9][0-9]) {_CLOCK} ([0-9]{{4}})").fullmatch


def http_date(moment: float) -> str:
    """Seconds since 1970 as an IMF-fixdate (RFC 9110, 5.6.7), whatever the locale."""
    at = time.gmtime(moment)
    return (f"{_DAYS[at.tm_wday]}, {at.tm_mday:02} {_MONTHS[at.tm_mon - 1]} {at.tm_year:04} "
            f"{at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02} GMT")


def seconds(moment: datetime | float) -> int:
    """Whole seconds since 1970.

    Raises ValueError for a datetime without a time zone and for years that no HTTP-date can say, TypeError
    for what is no time.
    """
    if isinstance(moment, int | float):
        since = moment
    elif not hasattr(moment, "timestamp"):
        raise TypeError(f"a moment is a datetime or seconds since 1970, not {type(moment).__name__}")
    elif moment.tzinfo is None:
        raise ValueError("a datetime needs a time zone here: datetime.now(UTC), not datetime.now()")
    else:
        since = moment.timestamp()
    if not _FIRST <= since < _LAST + 1:     # not a number is not in between either
        raise ValueError(f"a moment lies in the years 1 to 9999, not at {since} seconds from 1970")
    return int(since // 1)


def entity_tag(text: str) -> str:
    """A tag as it is sent: in quotes, which may be left out. Raises ValueError for what cannot be one."""
    tag = text if text.startswith(('"', 'W/"')) else f'"{text}"'
    if not _is_tag(tag):
        raise ValueError(f"an ETag is visible text without quotes or blanks, not {text[:80]!a}")
    return tag


def unchanged(method: str, environ: Mapping[str, Any], etag: str | None, modified: int | None) -> bool:
    """True: the client has it, so 304. False: go on.

    etag: ours, as it is sent. modified: seconds since 1970. Both None: there is no such thing yet.
    Raises HTTPError 412 when the request holds under a condition that is not met.
    """
    reads = method in ("GET", "HEAD")
    exists = etag is not None or modified is not None
    match, none_match = environ.get("HTTP_IF_MATCH"), environ.get("HTTP_IF_NONE_MATCH")
    if match is not None:
        strong = [tag for weak, tag in _tags(match) if not weak]
        if not (exists if match.strip(" \t") == "*" else etag in strong):
            raise HTTPError(412, "If-Match names another version than the current one")
    elif _moved_on(environ.get("HTTP_IF_UNMODIFIED_SINCE"), modified):
        raise HTTPError(412, "It was modified after the date in If-Unmodified-Since")
    if none_match is None:
        since = environ.get("HTTP_IF_MODIFIED_SINCE") if reads else None
        return _moved_on(since, modified) is False
    named = [tag for _, tag in _tags(none_match)]
    if not (exists if none_match.strip(" \t") == "*" else etag and etag.removeprefix("W/") in named):
        return False
    if not reads:
        raise HTTPError(412, "If-None-Match names the current version")
    return True


def _moved_on(date: str | None, modified: int | None) -> bool | None:
    """Whether it was modified after that date; None when nothing can be said."""
    since = parsed(date) if date and modified is not None else None
    return None if since is None or modified is None else modified > since


def parsed(date: str) -> int | None:
    """Seconds since 1970 of an HTTP-date in any of its three forms (RFC 9110, 5.6.7); None for all else."""
    from datetime import UTC, datetime  # clients send tags: few need it

    if found := _date(date):
        day, month, year, *clock = found.groups()
    elif found := _asctime(date):
        month, day, *clock, year = found.groups()
    else:
        return None
    century = 0 if len(year) == 4 else 1_900 if year >= "70" else 2_000
    hour, minute, second = map(int, clock)
    try:
        at = datetime(int(year) + century, _MONTHS.index(month) + 1, int(day), hour, minute, second,
                      tzinfo=UTC)
    except ValueError:                  # the 32nd; 25 o'clock
        return None
    return int(at.timestamp())


def span(environ: Mapping[str, Any], etag: str, modified: str, size: int) -> tuple[int, int] | None:
    """The part that a GET asks for: first byte and the one after the last; None for the whole.

    etag, modified: as they are sent. size: of the whole, in bytes.
    Raises HTTPError 416, with the size, for a range that lies outside.
    """
    condition = environ.get("HTTP_IF_RANGE")
    found = _range(environ.get("HTTP_RANGE", ""))
    if found is None or (condition is not None and not _is_current(condition.strip(" \t"), etag, modified)):
        return None
    first, last = found[1], found[2]
    if first:
        start, stop = _number(first), min(_number(last) + 1, size) if last else size
        if last and _number(last) < start:
            return None
    elif last and size:                     # of nothing, the last bytes are nothing: 200
        start, stop = max(size - _number(last), 0), size
    else:
        return None
    if start >= size:
        raise HTTPError(416, f"The range lies outside of the {size} bytes there are",
                        headers={"Content-Range": f"bytes */{size}"})
    return start, stop


def _is_current(condition: str, etag: str, modified: str) -> bool:
    return condition == modified or (condition == etag and not etag.startswith("W/"))


def _number(digits: str) -> int:
    return int(digits.lstrip("0")[:20] or "0")      # int() refuses thousands of digits; no file is that long
