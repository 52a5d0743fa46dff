"""Cookies, in and out (RFC 6265, and its successor RFC 6265bis for prefixes, SameSite and sizes).

Rules this module keeps
-----------------------
1. Reading is lenient and linear: one odd pair never hides the others, quotes hide no ";", values stay as they
   came. A pair without a name is none: browsers differ on what it would be called.
2. Setting is strict, since a ";" in a value would be an attribute: what is no cookie is a ValueError.
3. What browsers drop without a word is refused too: a prefix whose promise is not kept, SameSite=None or
   Partitioned without Secure, more than 4,096 bytes.
"""

from __future__ import annotations

import re

from .conditional import http_date, seconds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime, timedelta

# token (RFC 9110, 5.6.2), cookie-octet and av-octet (RFC 6265, 4.1.1); a host name has no other characters
_is_name = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+").fullmatch
_is_value = re.compile(r"[!#-+\--:<-\[\]-~]*").fullmatch
_is_path = re.compile(r"/(?:[ -:<-~]{0,1022}[!-:<-~])?").fullmatch      # browsers ignore longer attributes
_is_domain = re.compile(r"(?=.{1,253}\Z)\.?[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*").fullmatch

_LONGEST = 4_096
_SAME_SITE = {"lax": "Lax", "strict": "Strict", "none": "None"}


def parse(header: str) -> list[tuple[str, str]]:
    """Names and values, in the order they came.

    header: the Cookie field, bytes in the clothes of Latin-1. A pair in UTF-8 is read as that.
    """
    pairs = []
    for pair in header.split(";"):
        name, separator, value = pair.partition("=")
        name = name.strip(" \t")
        if separator and name:
            pairs.append((_decoded(name), _decoded(value.strip(" \t"))))
    return pairs


def _decoded(text: str) -> str:
    try:
        return text if text.isascii() else text.encode("latin-1").decode()
    except UnicodeError:
        return text


def is_prefixed(name: str) -> bool:
    """Whether browsers take a cookie of that name with Secure only."""
    return isinstance(name, str) and name.lower().startswith(("__host-", "__secure-"))


def set_cookie(name: str, value: str, *, max_age: int | timedelta | None, expires: datetime | float | None,
               path: str | None, domain: str | None, secure: bool, httponly: bool, samesite: str | None,
               partitioned: bool) -> str:
    """The value of a Set-Cookie field. Raises ValueError or TypeError for what is no cookie."""
    name, value, path, domain = _checked(name, value, path, domain)
    parts = [
        f"{name}={value}",
        f"Max-Age={_whole_seconds(max_age)}" if max_age is not None else "",
        f"Expires={http_date(seconds(expires))}" if expires is not None else "",
        f"Domain={domain}" if domain is not None else "",
        f"Path={path}" if path is not None else "",
        "Secure" if secure else "",
        "HttpOnly" if httponly else "",
        f"SameSite={_same_site(name, samesite, secure)}" if samesite is not None else "",
        "Partitioned" if partitioned else "",
    ]
    if not secure and (partitioned or is_prefixed(name)):
        raise ValueError(f"the cookie {name} needs secure=True: browsers drop it without")
    if name.lower().startswith("__host-") and (path != "/" or domain is not None):
        raise ValueError(f'the cookie {name} needs path="/" and no domain: browsers drop it otherwise')
    return "; ".join(filter(None, parts))


def _checked(name: str, value: str, path: str | None, domain: str | None
             ) -> tuple[str, str, str | None, str | None]:
    name, value = _plain("name", name), _plain("value", value)
    path = None if path is None else _plain("path", path)
    domain = None if domain is None else _plain("domain", domain)
    if not _is_name(name):
        raise ValueError(f"{name[:40]!r} is no cookie name: letters, digits and !#$%&'*+-.^_`|~")
    if not _is_value(value):
        culprit = next(char for char in value if not _is_value(char))
        raise ValueError(f"the value of the cookie {name} holds {culprit!a}: visible ASCII without "
                         'quote, comma, semicolon and backslash can be sent; encode it (urllib.parse.quote)')
    if len(name) + len(value) > _LONGEST:
        raise ValueError(f"the cookie {name} is larger than {_LONGEST} bytes: browsers drop it")
    if path is not None and not _is_path(path):
        raise ValueError('a cookie\'s path begins with "/" and is at most 1,024 characters of ASCII without '
                         f'";", no blank at its end, not {path[:80]!a}')
    if domain is not None and not _is_domain(domain):
        raise ValueError(f"a cookie's domain is a host name in ASCII, without a port, not {domain[:80]!a}")
    return name, value, path, domain


def _plain(what: str, text: str) -> str:
    if not isinstance(text, str):
        raise TypeError(f"a cookie's {what} is a str, not {type(text).__name__}")
    return str.__str__(text)        # a (str, Enum) member would be formatted as "Class.NAME"


def _whole_seconds(age: int | timedelta) -> int:
    if hasattr(age, "total_seconds"):
        return int(-(-age.total_seconds() // 1))        # upwards: 0 would delete it
    if type(age) is not int:
        raise TypeError(f"a cookie's max_age is a number of seconds or a timedelta, not {type(age).__name__}")
    return age


def _same_site(name: str, samesite: str, secure: bool) -> str:
    spelt = _SAME_SITE.get(samesite.lower()) if isinstance(samesite, str) else None
    if spelt is None:
        raise ValueError(f'samesite is "Lax", "Strict" or "None", or None for no such attribute, '
                         f"not {samesite!r:.80}")
    if spelt == "None" and not secure:
        raise ValueError(f'the cookie {name} is samesite="None", so it needs secure=True: '
                         "browsers drop it without")
    return spelt
