"""Site: what an app decided, once, about the world its requests come from: its names and its proxies.

Facts
-----
- Host is whatever a client writes. X-Forwarded-* is whatever a client writes too, followed by what each
  proxy added: only entries counted from the right, one a proxy we run, are ours.
- A server's own name may be no host at all: some put their product's name there.

Rules this module keeps
-----------------------
1. A Host that is none, or is not among `hosts`, is refused before anything is built from it.
2. Nothing forwarded is believed until `proxies` says how many hops are ours; a header with fewer entries than
   hops did not come through them and is ignored. X-Forwarded-Prefix and -Port are never read.
3. A forwarded host is checked as Host is, and Host is checked even then.
4. The Hosts that passed are remembered in lower case, and no more than 64: a service has a handful of names,
   and a client that invents more fills no memory.
"""

from __future__ import annotations

import re

from .url import quoted_path, valid_host
from .wsgi import script_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from .wsgi import Environ

_KNOWN = 64
_HOPS = ("for", "proto", "host")
_PORTS = {"http": "80", "https": "443"}

# a name as in `hosts`: a host without a port, with "*." before it for all its subdomains
_is_name = re.compile(r"(?:\*\.)?[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*|\[[0-9A-Fa-f:.]+\]").fullmatch
_is_loopback = re.compile(r"(?:localhost|(?:.+\.)?localhost|127\.[0-9.]+|\[::1\])(?::[0-9]+)?").fullmatch
# an address as proxies write it: IPv6 in brackets, IPv4, both with a port or without; or bare IPv6
_is_client = re.compile(
    r"\[([0-9A-Fa-f:.]{2,45})\](?::[0-9]+)?|([0-9.]{7,15})(?::[0-9]+)?|([0-9A-Fa-f:.]{2,45})").fullmatch


class Site:
    """Judges hosts and reads what proxies say.

    hosts: the names this app answers to, "*.example.com" for all below; None for any.
    proxies: how many proxies stand before the app, for client address and scheme; or a mapping of "for",
    "proto" and "host" to their numbers.
    Raises ValueError, or TypeError, for what is neither.
    """

    __slots__ = ("_exact", "_hops", "_suffixes", "passed")

    def __init__(self, hosts: Iterable[str] | None = None, proxies: int | Mapping[str, int] = 0) -> None:
        self._exact, self._suffixes = _names(hosts)
        self._hops = _hops(proxies)
        # the Hosts that need no second look; None is a request without one
        self.passed: set[str | None] = {None} if hosts is None else set(self._exact or ())
        if self._hops["host"]:
            self.passed = set()         # the forwarded host counts too, so each request is looked at

    def knows(self, environ: Environ) -> bool:
        """Whether the request names a host this app answers to."""
        host = environ.get("HTTP_HOST")
        if host is None:
            if self._exact is not None:
                return False
        elif not self._answers_to(host):
            return False
        if self._hops["host"]:
            forwarded = self._forwarded(environ, "host")
            return forwarded is None or self._answers_to(forwarded)
        if host is not None and len(self.passed) < _KNOWN and host == host.lower():
            self.passed.add(host)
        return True

    def scheme(self, environ: Environ) -> str:
        """"http" or "https", as the client used it."""
        scheme = (self._forwarded(environ, "proto") or "").lower()
        if scheme not in _PORTS:
            scheme = environ.get("wsgi.url_scheme", "")
        return "https" if scheme == "https" else "http"

    def host(self, environ: Environ) -> str:
        """The host the client named, in lower case, with its port if any; else the server's own name."""
        for host in (self._forwarded(environ, "host"), environ.get("HTTP_HOST")):
            if host and valid_host(host):
                return str(host).lower()
        name, port = str(environ.get("SERVER_NAME", "")), str(environ.get("SERVER_PORT", ""))
        if port and port != _PORTS[self.scheme(environ)]:
            name = f"{name}:{port}"
        return name.lower() if valid_host(name) else "localhost"

    def client(self, environ: Environ) -> str | None:
        """The client's address; None where there is none, as behind a unix socket."""
        found = _is_client(self._forwarded(environ, "for") or "")
        if found:
            return found[1] or found[2] or found[3]
        return environ.get("REMOTE_ADDR") or None

    def absolute(self, environ: Environ, path: str) -> str:
        """The URL of a path of this app, with its host.

        Raises RuntimeError where anybody could have named the host: without `hosts`, anywhere but on
        loopback.
        """
        host = self.host(environ)
        if self._exact is None and not _is_loopback(host):
            raise RuntimeError(f"an absolute URL on {host} would repeat what the client sent: "
                               'name your hosts, App(..., hosts=["example.com"])')
        return f"{self.scheme(environ)}://{host}{quoted_path(script_name(environ) + path)}"

    def _answers_to(self, host: str) -> bool:
        if not valid_host(host):
            return False
        if self._exact is None:
            return True
        name = host.lower()
        if not name.endswith("]"):      # an IPv6 address without a port ends in one, and holds colons
            name = name.rpartition(":")[0] or name
        name = name.removesuffix(".")   # a name that says it is whole
        return name in self._exact or (name.endswith(self._suffixes) and ".." not in f".{name}")

    def _forwarded(self, environ: Environ, what: str) -> str | None:
        hops = self._hops[what]
        if not hops:
            return None
        entries = environ.get(f"HTTP_X_FORWARDED_{what.upper()}", "").split(",")
        return entries[-hops].strip(" \t") or None if len(entries) >= hops else None


def _names(hosts: Iterable[str] | None) -> tuple[frozenset[str] | None, tuple[str, ...]]:
    """Exact names and, with the dot, suffixes."""
    if hosts is None:
        return None, ()
    if isinstance(hosts, str) or not hasattr(hosts, "__iter__"):
        raise TypeError(f"hosts is a list of names, such as hosts=[{str(hosts)!r}]")
    names = list(hosts)
    if not names:
        raise ValueError("hosts names no host, so that every request would be refused; None takes any")
    for name in names:
        if not isinstance(name, str) or not _is_name(name):
            raise ValueError(f"hosts: {name!r} is no name such as example.com or *.example.com, no port")
    lowered = [name.lower() for name in names]
    return (frozenset(name for name in lowered if not name.startswith("*")),
            tuple(name[1:] for name in lowered if name.startswith("*")))


def _hops(proxies: int | Mapping[str, int]) -> dict[str, int]:
    given: Any = proxies if not isinstance(proxies, int) else {"for": proxies, "proto": proxies}
    if isinstance(proxies, bool) or not hasattr(given, "items"):
        kind = type(proxies).__name__
        raise TypeError(f'proxies is a number, or a mapping such as {{"for": 1}}, not {kind}')
    for what, number in given.items():
        if what not in _HOPS:
            raise ValueError(f"proxies: {what!r} is none of for, proto and host")
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            raise ValueError(f"proxies: {what!r} is a number of proxies, not {number!r}")
    return {what: given.get(what, 0) for what in _HOPS}
