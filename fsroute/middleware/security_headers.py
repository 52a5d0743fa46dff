"""Security headers: what a browser is told not to do with an answer.

A browser does much that a page did not ask for: it guesses types, lets other sites frame a page, tells them
where a visitor came from. Each header here takes one such thing away; to a client that is no browser they are
a few bytes.

Header                      The attack it answers
--------------------------  ----------------------------------------------------------------------------------
X-Content-Type-Options      a file somebody uploaded as an image is run as a script, since it looks like one
Referrer-Policy             a secret in a URL (a reset link, a search) is told to the next site
X-Frame-Options,            clickjacking: the page lies, unseen, in another site's frame, over or under what
CSP frame-ancestors         the visitor believes to click on
Cross-Origin-Opener-Policy  a site that opened this one in a window keeps a hand on that window
Content-Security-Policy     text that gets into a page as markup (XSS) loads code, and sends data, elsewhere
Strict-Transport-Security   whoever holds the line takes the first http:// request before it becomes https
Permissions-Policy          a script or frame of others asks for camera, place or payment in this site's name

Rules this module keeps
-----------------------
1. What the handler, or middleware inside, has set is left as it is: the default is for all else.
2. Both headers about frames say the same. Where a handler set X-Frame-Options itself, nothing is said of
   frames in Content-Security-Policy, which would beat it.
3. Strict-Transport-Security is sent only where it was asked for, and over https: nothing else that is set
   here outlives a mistake for months.
4. A browser passes over what it does not know, without a word: so a wrong name, value or quote is an error
   at start.
"""

from __future__ import annotations

import re

from ..http.headers import checked_field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..handlers.chain import CallNext, Layer
    from ..http.headers import Field
    from ..http.request import Request
    from ..http.response import Response

OWN_SITE = "default-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'self'"
"""The policy of a page whose scripts, styles and pictures are its own, inline or from this site.

It does not stop a script that gets into the page inline: only a policy without 'unsafe-inline' does.
"""

_CONTENT_TYPE_OPTIONS = ("nosniff",)
_REFERRERS = ("no-referrer", "no-referrer-when-downgrade", "origin", "origin-when-cross-origin",
              "same-origin", "strict-origin", "strict-origin-when-cross-origin", "unsafe-url")
_OPENERS = ("same-origin", "same-origin-allow-popups", "noopener-allow-popups", "unsafe-none")

# what the two headers about frames have in common; a list of sites is beyond X-Frame-Options
_FRAME_OPTIONS = {"'none'": "DENY", "'self'": "SAMEORIGIN"}

# the directives of CSP 3 and of Trusted Types: those that list sources, and the others
_SOURCES = frozenset({
    "base-uri", "child-src", "connect-src", "default-src", "fenced-frame-src", "font-src", "form-action",
    "frame-src", "img-src", "manifest-src", "media-src", "object-src", "script-src", "script-src-attr",
    "script-src-elem", "style-src", "style-src-attr", "style-src-elem", "worker-src"})
_OTHERS = frozenset({"report-to", "report-uri", "require-trusted-types-for", "sandbox", "trusted-types",
                     "upgrade-insecure-requests"})

# keyword-source, nonce-source and hash-source (CSP 3, 2.3.1) without the single quotes around them
_is_keyword = re.compile(
    r"self|none|unsafe-inline|unsafe-eval|unsafe-hashes|unsafe-allow-redirects|wasm-unsafe-eval|strict-dynamic|"
    r"report-sample|inline-speculation-rules|trusted-types-eval|"
    r"report-sha(?:256|384|512)|(?:nonce|sha256|sha384|sha512)-[A-Za-z0-9+/_-]+={0,2}").fullmatch

# feature "=" ( "*" | "self" | "(" sources ")" ), with commas between (Permissions Policy, 5.2)
_permission = r'[a-z][a-z0-9-]*=(?:\*|self|\((?: *(?:\*|self|src|"[^" ]+")(?=[ )]))* *\))'
_are_permissions = re.compile(rf"{_permission}(?: *, *{_permission})*").fullmatch


def security_headers(
    *, content_type_options: str | None = "nosniff",
    referrer_policy: str | None = "strict-origin-when-cross-origin",
    frame_ancestors: str | None = "'self'",
    opener_policy: str | None = "same-origin",
    content_security_policy: str | None = OWN_SITE,
    hsts: int | None = None, hsts_subdomains: bool = False,
    permissions_policy: str | None = None,
) -> Layer:
    """Middleware that sets headers for browsers, where the handler set none. None turns one off.

    content_type_options: "nosniff". referrer_policy: one policy, or several for older browsers, the last
    known one counts. opener_policy: "same-origin-allow-popups" where a sign-in of another site is a popup.
    frame_ancestors: who may show the answer in a frame: "'none'", "'self'", or sites with blanks between.
    content_security_policy: all else of that header. The default, OWN_SITE, lets a page have what lies on its
    own site and inline scripts and styles; stricter, for pages without any inline: "default-src 'self'".
    A policy with a nonce differs from answer to answer: set it in the handler.
    hsts: seconds for which browsers use https only, sent over https (behind a proxy: App(proxies=)); begin
    with 300. hsts_subdomains: for all names below this host too.
    permissions_policy: such as "camera=(), geolocation=(self)".
    Raises ValueError for what browsers would pass over, TypeError for options of another type.
    """
    _one_of("content_type_options", content_type_options, _CONTENT_TYPE_OPTIONS)
    _one_of("opener_policy", opener_policy, _OPENERS)
    for one in [] if referrer_policy is None else _text("referrer_policy", referrer_policy).split(","):
        _one_of("referrer_policy", one.strip(" "), _REFERRERS)
    policy, framers = _directives(content_security_policy), _ancestors(frame_ancestors)
    framing = [f"frame-ancestors {framers}"] if framers else []
    always = [
        ("X-Content-Type-Options", content_type_options), ("Referrer-Policy", referrer_policy),
        ("Cross-Origin-Opener-Policy", opener_policy),
        ("Permissions-Policy", _permissions(permissions_policy)),
    ]
    free = _fields([*always, ("Content-Security-Policy", "; ".join(policy))])
    framed = _fields([*always, ("Content-Security-Policy", "; ".join([*policy, *framing])),
                      ("X-Frame-Options", _FRAME_OPTIONS.get(framers))])
    secure = _fields([("Strict-Transport-Security", _transport(hsts, hsts_subdomains))])

    def middleware(request: Request, call_next: CallNext) -> Response:
        response = call_next(request)
        headers = response.headers
        for name, value in free if "X-Frame-Options" in headers else framed:
            headers.setdefault(name, value)
        if secure and request.scheme == "https":
            headers.setdefault(*secure[0])
        return response
    return middleware


def _fields(given: Iterable[tuple[str, str | None]]) -> list[Field]:
    return [checked_field(name, value) for name, value in given if value]


def _refusal(option: str, what: str) -> ValueError:
    return ValueError(f"security_headers({option}=): {what}")


def _text(option: str, value: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"security_headers({option}=) is a str, or None for none, not {type(value).__name__}")
    if not value.strip():
        raise _refusal(option, "there is nothing in it; to turn the header off, pass None")
    return value


def _one_of(option: str, value: str | None, known: tuple[str, ...]) -> None:
    if value is not None and _text(option, value) not in known:
        raise _refusal(option, f"{value!r} is none of {', '.join(known)}")


def _directives(policy: str | None) -> list[str]:
    """The directives of a Content-Security-Policy. Raises ValueError for those that browsers pass over."""
    option = "content_security_policy"
    parts = [] if policy is None else [part.split() for part in _text(option, policy).split(";")]
    if policy is not None and not any(parts):
        raise _refusal(option, "there is no directive in it; to turn the header off, pass None")
    names: set[str] = set()
    for written, *values in filter(None, parts):
        name = written.lower()
        if name == "frame-ancestors":
            raise _refusal(option, "frame-ancestors has an option of its own, frame_ancestors=, which sets "
                           "X-Frame-Options too")
        if name not in _SOURCES | _OTHERS:
            raise _refusal(option, f"{written!r} is no directive; browsers know "
                           f"{', '.join(sorted(_SOURCES | _OTHERS))}")
        if name in names:
            raise _refusal(option, f"{name} stands there twice; browsers read the first one only")
        names.add(name)
        _check_values(option, values, sources=name in _SOURCES)
    return [" ".join(part) for part in parts if part]


def _ancestors(sources: str | None) -> str:
    if sources is None:
        return ""
    option = "frame_ancestors"
    values = _text(option, sources).split()
    _check_values(option, values, sources=True)
    strange = [value for value in values if ";" in value or (value[0] == "'" and value not in _FRAME_OPTIONS)]
    if strange:
        raise _refusal(option, f"{strange[0]!r} is neither 'self' nor a site; such as "
                       "\"'self' https://partner.example\"")
    return " ".join(values)


def _check_values(option: str, values: Sequence[str], sources: bool) -> None:
    """sources: whether they are sources, or a directive's own words."""
    for value in values:
        if "," in value:
            raise _refusal(option, f"{value!r} holds a comma, which ends a policy; blanks go between sources")
        if sources and _is_keyword(value.lower()):
            raise _refusal(option, f"{value} needs its quotes, \"'{value}'\": else it is the name of a host")
        if sources and value[0] == "'" and not (value[-1] == "'" and _is_keyword(value[1:-1].lower())):
            raise _refusal(option, f"{value} is no keyword that browsers know, such as 'self'")
    if "'none'" in values and len(values) > 1:
        raise _refusal(option, "'none' stands alone: beside other sources browsers pass over it")


def _permissions(policy: str | None) -> str | None:
    if policy is not None and not _are_permissions(_text("permissions_policy", policy)):
        raise _refusal("permissions_policy", f"{policy!r} is not of the form "
                       "'camera=(), geolocation=(self \"https://maps.example\")'")
    return policy


def _transport(seconds: int | None, subdomains: bool) -> str | None:
    if not isinstance(subdomains, bool):
        raise TypeError("security_headers(hsts_subdomains=) is True or False, "
                        f"not {type(subdomains).__name__}")
    if seconds is None:
        if subdomains:
            raise _refusal("hsts_subdomains", "it says nothing without hsts=, a number of seconds")
        return None
    if not isinstance(seconds, int) or isinstance(seconds, bool):
        raise TypeError(f"security_headers(hsts=) is a number of seconds, not {type(seconds).__name__}")
    if seconds < 0:
        raise _refusal("hsts", f"it is a number of seconds, 0 for \"forget it\", not {seconds}")
    return f"max-age={seconds}" + ("; includeSubDomains" if subdomains else "")
