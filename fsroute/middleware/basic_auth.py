"""HTTP Basic authentication: a name and a password with every request (RFC 7617).

    middleware = basic_auth({"eve": os.environ["EVE_PASSWORD"]})

The need: a folder for a few people or programs, such as an admin page or metrics, without login pages and
sessions. The attacks: to learn names and passwords from how long an answer takes; to send a header upon which
the guard itself fails.

The password comes with every request, hardly hidden: use it on https only. The browser adds it whichever page
makes the request, as it does with cookies: put csrf beside it. Guesses are not counted: let the passwords be
long and random. Apache's mod_wsgi keeps the header to itself until `WSGIPassAuthorization On`.

Rules this module keeps
-----------------------
1. A name that is unknown costs the comparison that a known one costs, and no comparison takes longer for
   being right further on.
2. Whatever is sent that is no name and password is a 401 like any other: no header, another scheme, base64
   that is none, bytes that are no UTF-8, no colon, a control character. It never becomes a 500.
3. Text is UTF-8, which the challenge says (RFC 7617, 2.1), and is compared as it is, byte by byte.
4. What is wrong with the users is said at start, and no message holds a password.
"""

from __future__ import annotations

import hmac
import re
from binascii import a2b_base64
from hashlib import sha256

from ..http.errors import HTTPError
from .verdict import judging

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..handlers.chain import CallNext, Layer
    from ..http.request import Request
    from ..http.response import Response

    IsRight = Callable[..., bool]       # of a name and a password

_LONGEST = 8_000        # characters of the header's value: about what hosts take

# credentials = auth-scheme 1*SP token68, of which Basic's is base64 (RFC 9110, 11.4; RFC 7617, 2)
_basic = re.compile(r"basic +([A-Za-z0-9+/]+={0,2}) *", re.ASCII | re.IGNORECASE).fullmatch
# "The user-id and password MUST NOT contain any control characters" (RFC 7617, 2)
_has_control = re.compile(r"[\x00-\x1f\x7f]").search
# what needs no escaping between quotes (RFC 9110, 5.6.4)
_is_realm = re.compile(r"[ !#-\[\]-~]*").fullmatch


def basic_auth(users: Mapping[str, str] | IsRight, *, realm: str = "Restricted") -> Layer:
    """Lets in who sends a right name and password; request.state.user is the name. All others get a 401.

    users: passwords by name, read once, now; or, where they are kept elsewhere and as hashes (hashlib.scrypt
    makes them), a function of name and password that says True or False. Let an unknown name cost it as much.
    realm: what the browser tells the user that the password is for; visible ASCII without quotes.
    Raises ValueError, or TypeError, naming the option that may not be so: no users, an empty password, a name
    with a colon.
    """
    if not isinstance(realm, str) or not _is_realm(realm):
        raise ValueError(f"realm is visible ASCII without quotes and backslashes, not {realm!r:.80}")
    is_right = judging("users", users) if callable(users) else _comparing(users)
    challenge = f'Basic realm="{realm}", charset="UTF-8"'

    def middleware(request: Request, call_next: CallNext) -> Response:
        sent = _credentials(request.environ.get("HTTP_AUTHORIZATION", ""))
        if sent is None or not is_right(*sent):
            raise HTTPError(401, "A name and a password are needed",
                            headers={"WWW-Authenticate": challenge})
        request.state.user, _ = sent
        return call_next(request)
    return middleware


def _credentials(value: str) -> tuple[str, str] | None:
    """The name and the password in the value of Authorization; None when it holds none."""
    found = _basic(value) if len(value) <= _LONGEST else None
    if found is None:
        return None
    try:
        text = a2b_base64(found[1], strict_mode=True).decode()
    except ValueError:          # binascii.Error and UnicodeDecodeError are such
        return None
    name, colon, password = text.partition(":")     # a password may hold colons, a name may not
    return (name, password) if colon and not _has_control(text) else None


def _comparing(users: Mapping[str, str]) -> IsRight:
    marks = _marks(users)
    nobody = bytes(sha256().digest_size)        # compared with where no user has the name; it lets nobody in

    def is_right(name: str, password: str) -> bool:
        mark = marks.get(name)
        same = hmac.compare_digest(mark or nobody, _mark(password))
        return same and mark is not None
    return is_right


def _mark(password: str) -> bytes:
    """What is compared: of one length, so that no time tells how long a password is."""
    return sha256(password.encode()).digest()


def _marks(users: Mapping[str, str]) -> dict[str, bytes]:
    if not hasattr(users, "items"):
        raise TypeError("users is a mapping of names to passwords, or a function of a name and a password, "
                        f"not {type(users).__name__}")
    marks: dict[str, bytes] = {}
    for name, password in users.items():
        if not isinstance(name, str) or not isinstance(password, str):
            raise TypeError("users: names and passwords are str, "
                            f"not {type(name).__name__} and {type(password).__name__}")
        if not name or ":" in name or not _can_be_sent(name):
            raise ValueError(f"users: {name[:80]!r} cannot be sent as a name: one is not empty, and holds "
                             "neither a colon nor a control character")
        if not password or not _can_be_sent(password):
            raise ValueError(f"users: the password of {name[:80]!r} is empty or holds a control character")
        marks[name] = _mark(password)
    if not marks:
        raise ValueError("users is empty, so that nobody could come in: name one, or leave basic_auth out")
    return marks


def _can_be_sent(text: str) -> bool:
    """Whether a client can send it: no control characters, no lone surrogates, which UTF-8 cannot hold."""
    return not _has_control(text) and text == text.encode("utf-8", "replace").decode()
