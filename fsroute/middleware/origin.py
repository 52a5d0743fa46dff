"""Origins: how browsers write where a page comes from (RFC 6454, 6.2; HTML, "origin").

Rules this module keeps
-----------------------
1. An origin that is listed is compared as a whole with what browsers send. One in a form that no browser
   writes would never match, and nobody would know: it is an error at start that names the right form.
2. "null" may be listed: it is for the caller to say whether that makes sense.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

DEFAULT_PORTS = {"http": "80", "https": "443"}

# serialized-origin = scheme "://" host [ ":" port ] (RFC 6454, 6.2), which browsers write in small letters.
# They let hosts hold other signs too, "shop.example,.evil.example": such have misled many a check of origins.
is_origin = re.compile(
    r"([a-z][a-z0-9+.-]{0,30})://([a-z0-9._-]{1,253}|\[[0-9a-f:]{2,39}\])(?::([1-9][0-9]{0,4}))?").fullmatch
# what a browser reads as an IPv4 address, whatever its form: the last label is a number
_is_numeric = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?").fullmatch


def checked_origins(option: str, origins: Iterable[str]) -> frozenset[str]:
    """The origins that were listed as that option, each as browsers write it; "null" may be among them.

    Raises TypeError for what is no list of str, ValueError for an origin that no browser sends.
    """
    if isinstance(origins, str) or not hasattr(origins, "__iter__"):
        raise TypeError(f'{option} is a list of origins, such as {option}=["https://shop.example"], '
                        f"not {origins!r:.80}")
    listed = list(origins)
    for origin in listed:
        if not isinstance(origin, str):
            raise TypeError(f"{option} is a list of str, of which {origin!r:.80} is none")
        if origin != "null" and not _is_sent(origin):
            raise ValueError(f"{option}: {origin[:300]!r} matches no request: {_mend(option, origin)}")
    return frozenset(listed)


def _is_sent(origin: str) -> bool:
    """Whether browsers write an origin so: host and port in their one form, a default port left out."""
    found = is_origin(origin)
    if found is None:
        return False
    scheme, host, port = found.groups()
    if port is not None and (port == DEFAULT_PORTS.get(scheme) or int(port) > 65_535):
        return False
    if host[0] == "[" or _is_numeric(host):
        return host == _address(host)
    return True


def _address(host: str) -> str | None:
    """An IP address in the one form that browsers write; None for what is none."""
    import ipaddress

    try:
        if host[0] != "[":
            return str(ipaddress.IPv4Address(host))
        address = ipaddress.IPv6Address(host[1:-1])
    except ValueError:
        return None
    inner = address.ipv4_mapped     # newer Pythons write it with dots, browsers do not
    low = int(inner) if inner is not None else 0
    return f"[{address}]" if inner is None else f"[::ffff:{low >> 16:x}:{low & 0xffff:x}]"


def _mend(option: str, origin: str) -> str:
    """What to write in place of an origin that no browser sends."""
    from urllib.parse import urlsplit

    if origin == "*":
        return 'write origins="*", not in a list' if option == "origins" else "name each origin"
    if "*" in origin:
        instead = ", or give a function that says True or False" if option == "origins" else ""
        return f"origins are compared as a whole; name each one{instead}"
    try:
        parts = urlsplit(origin)
        host, port = parts.hostname or "", parts.port
        if ":" in host:
            host = _address(f"[{host}]") or ""
        is_default = port is None or str(port) == DEFAULT_PORTS.get(parts.scheme)
        written = f"{parts.scheme}://{host}" + ("" if is_default else f":{port}")
    except ValueError:
        written = ""
    if _is_sent(written):
        return f"browsers send {written!r}"
    return ("browsers send scheme://host or scheme://host:port, in lower case and ASCII (xn--...), without a "
            "default port, a path or a final slash")
