"""CSRF: no page of another site acts in a user's name (CWE-352; Fetch Metadata; RFC 6454, 7).

    middleware = csrf(trusted=["https://admin.shop.example"])

The attack: a page of any site has the user's browser send a form here, or a fetch, and the browser adds the
user's cookies or password, or it stands in a network that is trusted: the request is the attacker's, the name
is the user's. Browsers say where such a request comes from, in headers that no page can write. So no token is
needed, and nothing has to be put into forms.

Rules this module keeps
-----------------------
1. GET, HEAD and OPTIONS pass: they are for reading (RFC 9110, 9.2.1). A handler of GET that changes something
   is open to every link on the web. Every other method is judged, also those that App(methods=) adds.
2. Sec-Fetch-Site counts first. "same-origin" passes, and "none", which is the user's own doing. "same-site"
   does not: a site is all names below one domain, and some of them are other people's. It, "cross-site" and
   whatever else need an Origin that is trusted.
3. Browsers leave Sec-Fetch-Site out on plain http, old ones always. Then Origin must name the host that the
   request was sent to, or be trusted. A page that came by http is none of ours once we are on https; the
   other way round only shows that a proxy was not told of (App(proxies=)). Which hosts we are is said by
   App(hosts=): without it, any name that somebody makes lead here is ours (DNS rebinding).
4. "null" is what every sandboxed frame says: it is nobody, and cannot be trusted. Where Sec-Fetch-Site is
   left out, `Referrer-Policy: no-referrer` makes one's own pages say it too.
5. A request with neither header passes. No browser of these years sends one with a method that is judged
   here, so it is a program's: curl, an app, another server. It acts on its own, and is nobody's victim.
6. What the client wrote is compared, never repeated.
"""

from __future__ import annotations

from ..http.errors import HTTPError
from .origin import DEFAULT_PORTS, checked_origins

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..handlers.chain import CallNext, Layer
    from ..http.request import Request
    from ..http.response import Response

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def csrf(trusted: Iterable[str] = ()) -> Layer:
    """Refuses, with a 403, requests that change something and were sent by a page of another site.

    trusted: the origins of other sites whose pages may send them, such as "https://admin.shop.example". What
    may read the answers is said by cors, apart from this.
    Raises TypeError for what is no list of str, ValueError for "null" and an origin that no browser sends.
    """
    others = checked_origins("trusted", trusted)
    if "null" in others:
        raise ValueError('trusted: "null" is what any page can make itself: it cannot be trusted')

    def middleware(request: Request, call_next: CallNext) -> Response:
        if request.method not in SAFE and not _is_welcome(request, others):
            raise HTTPError(403, "A page of another site sent this, and may not change anything here")
        return call_next(request)
    return middleware


def _is_welcome(request: Request, trusted: frozenset[str]) -> bool:
    site: str | None = request.environ.get("HTTP_SEC_FETCH_SITE")
    origin: str | None = request.environ.get("HTTP_ORIGIN")
    if site in ("same-origin", "none") or origin in trusted:
        return True
    if site is not None:
        return False
    return origin is None or _is_own(origin, request)


def _is_own(origin: str, request: Request) -> bool:
    """Whether the origin is that of the host which the request was sent to."""
    scheme, _, host = origin.partition("://")
    if scheme not in DEFAULT_PORTS or (scheme == "http" and request.scheme == "https"):
        return False
    default = f":{DEFAULT_PORTS[scheme]}"
    return host.removesuffix(default) == request.host.removesuffix(default)
