"""Stream: a body that is made while it is sent.

Rules this module keeps
-----------------------
1. Nothing is made ahead but the first chunk, which is pulled before the headers go out: what fails until then
   is an ordinary error. On HEAD nothing is pulled.
2. `close()` reaches the source once, on every way out: its end, its failure, HEAD, a client that left.
3. A length that was promised is kept to (RFC 9110, 8.6): what is more is cut; what is less is an error after
   the last byte, upon which the host cuts the connection.
4. A stream that is made of another one closes it too, after itself.
5. What fails after the first byte goes to the log and to the host: it can become no other answer.
"""

from __future__ import annotations

from .log import log_exception

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from .request import Request
    from .response import Response


_CHUNKS = "events go through Response.events(source); a stream yields bytes or str"


def encoded(data: Any, what: str = _CHUNKS) -> bytes:
    """A body or a chunk as hosts take it: of bytes or of a str, in UTF-8.

    Raises TypeError for all else, which begins with what.
    """
    if isinstance(data, str):
        try:
            return data.encode()
        except UnicodeEncodeError:      # a lone surrogate, which JSON can bring in: U+FFFD, as browsers do
            return data.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()
    if isinstance(data, bytes):
        return bytes(data)      # a subclass becomes what hosts check for; bytes themselves are not copied
    raise TypeError(f"{what}, not {type(data).__name__}")


def is_iterator(thing: Any) -> bool:
    """Whether it yields chunks one after the other; an open file yields lines."""
    return hasattr(type(thing), "__next__") and not hasattr(thing, "readline")


_ONE_VALUE = (str, bytes, bytearray, memoryview)        # iterable, and never meant as chunks


class Stream:
    """The body of one answer, made from an iterable: an iterator of bytes.

    source: what it and the iterator made of it hold open is closed by their close(), if they have one.
    length: in bytes; None when only the end tells. encode: makes bytes of what the source yields.
    preface: goes out first, and the source is not touched before it.
    Raises TypeError for a source or length of another kind, ValueError for a negative length.
    """

    __slots__ = ("_encode", "_first", "_inner", "_iterator", "_left", "_request", "_source", "length",
                 "was_read")

    def __init__(self, source: Iterable[Any], length: int | None = None,
                 encode: Callable[[Any], bytes] = encoded, preface: bytes = b"") -> None:
        if isinstance(source, _ONE_VALUE) or hasattr(source, "keys") or not hasattr(type(source), "__iter__"):
            raise TypeError(f"a stream takes an iterable of chunks, not {type(source).__name__}; "
                            "one of events takes an iterable of them, and neither takes an async generator")
        if length is not None and (not isinstance(length, int) or isinstance(length, bool)):
            raise TypeError(f"a stream's length is a number of bytes, not {type(length).__name__}")
        if length is not None and length < 0:
            raise ValueError(f"a stream's length is a number of bytes, not {length}")
        self.length = self._left = length
        self._source: Iterable[Any] | None = source
        self._iterator: Iterator[Any] | None = None
        self._encode = encode
        self._first = preface
        self._request: Request | None = None
        self._inner: Stream | None = None
        self.was_read = False       # begun by somebody who is not the host

    def settled(self, response: Response, request: Request) -> Response:
        """The response as this request gets it, ready to be sent. Raises what making it so raises.

        It is the one request that the stream answers: RuntimeError when it was sent before.
        """
        if self._request is not None or self._source is None:
            raise RuntimeError("this stream was sent already: make a new Response for each request")
        self._request = request
        try:
            return self._settle(response, request)
        except BaseException:
            self.close()
            raise

    def _settle(self, response: Response, request: Request) -> Response:
        request.stay()          # its source may say request.after(), or read a form, as late as it likes
        if request.method != "HEAD" and not self._first:
            self._first = self._pull()
        return response

    def for_host(self) -> Iterable[bytes]:
        """What the host iterates and closes."""
        return self

    @property
    def is_closed(self) -> bool:
        """Whether nothing more comes out of it."""
        return self._source is None

    def wraps(self, inner: Stream) -> None:
        """Has another stream closed after this one, which may be made of it."""
        self._inner = inner

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        self.was_read = True
        data, self._first = self._first, b""
        if not data and self._source is not None:
            try:
                data = self._pull()
            except Exception as error:
                if self._request is not None:
                    log_exception(error, self._request)
                if isinstance(error, StopIteration):        # for the host it would be the end
                    raise RuntimeError("the stream's source raised StopIteration") from error
                raise
        if not data:
            raise StopIteration
        return data

    def _pull(self) -> bytes:
        """The next chunk that is not empty (some hosts take an empty one for the end); b"" at the end."""
        if self._left == 0:
            return b""
        if self._iterator is None:
            self._iterator = iter(self._source or ())
        data = b""
        for value in self._iterator:
            data = self._encode(value)
            if data:
                break
        if self._left is not None:
            if not data:
                raise self.too_short()
            data = data[:self._left]
            self._left -= len(data)
        return data

    def too_short(self) -> RuntimeError:
        """For a source that ended before the length that was promised."""
        return RuntimeError(f"the stream ended {self._left} bytes before its length of {self.length}")

    def discard(self) -> None:
        """Closes a stream that nothing was sent of; one that was belongs to its request."""
        if self._request is None:
            self.close()

    def close(self) -> None:
        """Closes the source, once; hosts may call it again. What it raises is logged."""
        iterator, source, inner = self._iterator, self._source, self._inner
        self._iterator = self._source = self._inner = None
        self._first = b""
        try:
            self._close(iterator)
        finally:
            try:
                if source is not iterator:
                    self._close(source)
            finally:
                if inner is not None:
                    inner.close()

    def _close(self, opened: Any) -> None:
        try:
            if hasattr(opened, "close"):
                opened.close()
        except Exception as error:
            if self._request is None:
                raise
            log_exception(error, self._request)
