"""Compression: text is sent as gzip to clients that take it (RFC 9110, 8.4 and 12.5.3).

JSON and HTML become five times smaller; a slow line is the larger part of what a client waits for.

**What must not be compressed.** Compression tells, by the length of an answer, whether two texts in it are
alike, and TLS hides no lengths (the attack called BREACH). Whoever makes a browser ask again and again, with
guesses that the answer repeats (a search word, a name), finds out a secret of the same answer (a CSRF token,
another's data), letter by letter. So an answer that holds both says `Cache-Control: no-transform`: it is left
as it is here, and by proxies on the way. Or give compress() only to folders that hold no such answers.

Rules this module keeps
-----------------------
1. A body is packed where that gains (text, JSON, XML, scripts, SVG, wasm), if it is not short, not packed
   already, no part of something, and not under `no-transform` or a digest of its bytes. Server-sent events
   are left alone: many are held open at once, and each would keep a window of 256 KiB to save a few bytes.
2. Whatever would be packed for another client says `Vary: Accept-Encoding`, packed or not.
3. A known body stays known. Where packing makes it no smaller it is sent as it is: no coding at all is always
   allowed but for clients that forbid it (`identity;q=0`), and those should rather have it than an error.
4. A stream stays a stream: each of its chunks goes out when it came, whole, and nothing is made ahead. That
   costs a handful of bytes a chunk, so that tiny ones do not gain. Its length is not known any more. A
   failure in its middle cuts the answer off, as it does without this.
5. The same bytes are packed to the same bytes: no time is written into them.
6. A packed answer has the ETag of the other form, but weak, since the bytes are different (8.8.1), and no
   Accept-Ranges. A 304 repeats the form that the client named, or its cache would not find it (RFC 9111,
   4.3.4).
"""

from __future__ import annotations

import re
import zlib

from ..http.accept import coding
from ..http.stream import Stream
from .conditional import cache_control

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..handlers.chain import CallNext, Layer
    from ..http.request import Request
    from ..http.response import Response

_GZIP = 31      # zlib's wbits for the largest window in gzip's clothes; it writes 0 as the time

_gains = re.compile(r"text/(?!event-stream\Z).+|.+\+(?:json|xml)|"
                    r"application/(?:json|xml|javascript|wasm|x-ndjson)").fullmatch

_UNFIT = frozenset({204, 205, 206})

# of these bytes and no others: a coding, the place of a part, what they add up to (RFC 9530 and before it)
_BOUND = frozenset({"content-encoding", "content-range", "content-digest", "repr-digest", "digest",
                    "content-md5"})


def compress(*, smallest: int = 1024, level: int = 6) -> Layer:
    """Middleware that packs answers by gzip.

    smallest: in bytes, from 1 on; what is known to be shorter is sent as it is.
    level: 1 (fast) to 9 (small).
    An ETag that clients send back in If-Match must stay strong: give its answers `no-transform`.
    Raises TypeError for what is no number, ValueError for one that is out of bounds.
    """
    _check("smallest", smallest, 1, None)
    _check("level", level, 1, 9)

    def middleware(request: Request, call_next: CallNext) -> Response:
        response = call_next(request)
        if response.status in _UNFIT or not _is_fit(response):
            return response
        takes = coding(request.environ.get("HTTP_ACCEPT_ENCODING"), "gzip") is not None
        if response.status == 304:
            response.headers.vary("Accept-Encoding")
            _name_as(request.environ.get("HTTP_IF_NONE_MATCH", ""), takes, response)
        elif not _is_short(response.body, smallest):
            response.headers.vary("Accept-Encoding")
            if takes:
                _pack(response, level)
        return response
    return middleware


def _check(option: str, value: int, least: int, most: int | None) -> None:
    bounds = f"{least} to {most}" if most is not None else f"{least} or more"
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"compress({option}=) is a number, {bounds}, not {type(value).__name__}")
    if value < least or (most is not None and value > most):
        raise ValueError(f"compress({option}=) is {bounds}, not {value}")


def _is_fit(response: Response) -> bool:
    """Whether it would be packed for some client, whatever its length."""
    headers = response.headers
    kind = headers["Content-Type"].partition(";")[0].strip(" \t").lower()
    return (_gains(kind) is not None and "no-transform" not in cache_control(response)
            and _BOUND.isdisjoint([name.lower() for name, _ in headers.items()]))


def _is_short(body: bytes | Stream, smallest: int) -> bool:
    length = len(body) if isinstance(body, bytes) else body.length
    return length is not None and length < smallest


def _pack(response: Response, level: int) -> None:
    body, headers = response.body, response.headers
    if isinstance(body, bytes):
        packed = zlib.compress(body, level, _GZIP)
        if len(packed) >= len(body):
            return
        response.body = packed
    else:
        response.body = Stream(_packed(body, level))
    headers["Content-Encoding"] = "gzip"
    del headers["Accept-Ranges"]
    etag = headers.get("ETag")
    if etag is not None and not etag.startswith("W/"):
        headers["ETag"] = f"W/{etag}"


def _name_as(none_match: str, takes: bool, response: Response) -> None:
    """Gives a 304 the weak form of its ETag, where it is that form which the client has.

    none_match: its If-None-Match. takes: whether it takes gzip; this tells when it named both forms.
    """
    strong = response.headers.get("ETag")
    if strong is None or strong.startswith("W/"):       # a client may write W/W/"x"
        return
    weak = f"W/{strong}"
    if weak in none_match and (takes or strong not in none_match.replace(weak, "")):
        response.headers["ETag"] = weak


def _packed(chunks: Stream, level: int) -> Iterator[bytes]:
    """The chunks of a stream, packed one by one. Whoever closes this closes the stream too: see chain."""
    packer = zlib.compressobj(level, zlib.DEFLATED, _GZIP)
    for chunk in chunks:
        yield packer.compress(chunk) + packer.flush(zlib.Z_SYNC_FLUSH)
    yield packer.flush()
