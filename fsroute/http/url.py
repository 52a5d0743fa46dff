"""The parts of a URL, checked and quoted (RFC 3986; RFC 9110, 7.2 and 10.2.2).

Rules this module keeps
-----------------------
1. A Host is a name or an address: `x/admin?` would move the path of a URL that is built from it.
2. A URL is joined from checked parts, never from what a client wrote as one.
3. Paths are quoted anew from their decoded form, so that what we send is ASCII and says what we matched.
"""

from __future__ import annotations

import re

# uri-host [ ":" port ]: a bracketed IPv6 address or a name; DNS has no "_", but container networks do
_is_host = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?").fullmatch

# path-absolute without a backslash, which browsers read as a slash: "//" and "/\" lead to another host
_is_local = re.compile(r"/(?!/)[^\\\x00-\x20\x7f\ud800-\udfff]{0,2000}").fullmatch

# scheme ":" (RFC 3986, 3.1); what a browser runs, such as javascript:, is one of them
_has_scheme = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):").match


def valid_host(host: str) -> bool:
    """Whether a Host header is a name or an address, with a port or without."""
    found = _is_host(host)
    return found is not None and int(found[1] or 0) <= 65_535


def quoted_path(path: str) -> str:
    """A decoded path as it goes on the wire, from exactly one slash on.

    A browser reads "//x" and "/\\x" as the start of another host: leading slashes are folded
    into one, and a backslash is quoted.
    """
    from urllib.parse import quote

    return "/" + quote(path.lstrip("/"), safe="/!$&'()*+,;=:@~", errors="surrogatepass")


def quoted_query(query: str) -> str:
    """A query string as it came, with what does not belong on the wire quoted; "" or "?..."."""
    if not query:
        return ""
    from urllib.parse import quote

    return "?" + quote(query, safe="%/!$&'()*+,;=:@?~[]", encoding="latin-1", errors="replace")


def checked_location(location: str) -> str:
    """A redirect's target, ASCII (RFC 9110, 10.2.2).

    Raises ValueError for a scheme other than http and https, white space, or a control character.
    """
    if not location or not all(" " < char != "\x7f" for char in location):
        raise ValueError("a redirect's target is a URL without white space or control characters, "
                         f"not {location[:80]!a}")
    scheme = _has_scheme(location)
    if scheme and scheme[1].lower() not in ("http", "https"):
        raise ValueError(f"a redirect goes to http, https or a path, not to {scheme[1][:40]}:")
    if location.isascii():
        return location
    from urllib.parse import quote

    return quote(location, safe="%/!#$&'()*+,;=:@?~[]")


def is_local(url: str) -> bool:
    """Whether browsers take it for a path on the site that they are on."""
    return isinstance(url, str) and _is_local(url) is not None
