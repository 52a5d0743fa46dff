"""What the operator reads when a handler fails: one record an exception, on the logger "fsroute".

Rules this module keeps
-----------------------
1. Nothing a client sent can write to the log in its own words: control characters, line ends and lone
   surrogates in paths and exception texts are escaped, so that no line can be forged and no terminal moved.
2. One exception is logged once, however many layers see it.
3. The record keeps `exc_info` for tools that collect exceptions; its text is the escaped one.
4. A fault that has a well-known cause says what to do about it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import logging

    from .request import Request

_HINTS = (
    ("can't be used in 'await' expression", "if it is a reader, request.json() and so on: without await"),
    ("'method' object is not subscriptable",
     'if it is request.json or request.form: it is a method, request.json()["name"]'),
    ("call_next() missing 1 required", "call_next takes the request that the middleware was given"),
    ("has no attribute '_reached'", "call_next takes the request that the middleware was given"),
)

# A record stays readable whatever is raised. Of exceptions that led to one another the last ones tell; groups
# are cut where Python cuts them.
_LONGEST_TEXT = 2_000
_LONGEST_CHAIN, _DEEPEST_GROUP, _LARGEST_GROUP = 20, 10, 15


def log_exception(error: BaseException, request: Request) -> None:
    """Logs what a handler raised, and leaves it in environ["fsroute.exception"]."""
    import logging  # a tenth of the start-up time, for what a sound service never needs

    logger = logging.getLogger("fsroute")
    request.environ["fsroute.exception"] = error
    try:
        logged = request.environ.setdefault("fsroute.logged", [])
        if not any(known is error for known in logged):
            logged.append(error)
            if logger.isEnabledFor(logging.ERROR):
                _log(error, request, logger)
    except Exception as fault:      # an exception's own code may do anything, and the reporter must not fail
        logger.error("an exception was raised that cannot be described: its description raised %s",
                     type(fault).__name__)


def _log(error: BaseException, request: Request, logger: logging.Logger) -> None:
    import logging

    asked = f"{request.method} {request.path[:500]} (route {request.route})"
    line = f"{asked}: {type(error).__name__}{_hint(error)}"
    record = logger.makeRecord("fsroute", logging.ERROR, __file__, 0, "%s", (escaped(line),),
                               (type(error), error, error.__traceback__), "log_exception")
    record.exc_text = "\n".join(_described(error))     # a Formatter takes this text when it is there
    logger.handle(record)


def escaped(text: str) -> str:
    """The text on one line: control characters, line ends and lone surrogates as their escapes."""
    printable = text.encode("utf-8", "backslashreplace").decode()
    if printable.isprintable():
        return printable
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode()
                   for char in printable)


def _hint(error: BaseException) -> str:
    if not isinstance(error, TypeError | AttributeError):
        return ""
    return next((f"; {mend}" for sign, mend in _HINTS if sign in said(error)), "")


def said(thing: object) -> str:
    """What an exception says, cut to a bearable length, whatever its own code does."""
    try:
        text = str(thing)
        cut = len(text) - _LONGEST_TEXT
        return text if cut <= 0 else f"{text[:_LONGEST_TEXT]}... and {cut} more characters"
    except Exception as fault:      # as above
        return f"<its text cannot be had: {type(fault).__name__}>"


def _described(error: BaseException, level: int = 0) -> list[str]:
    """The lines of a traceback, as Python words them, each escaped by itself.

    What an exception says is one line; so is each of its notes, set in from the left where no record begins.
    """
    try:
        chain = _chain(error)
    except Exception:               # as above
        chain = [error]
    lines = _alone(chain[-1], level)
    for led, one in zip(chain[:0:-1], chain[-2::-1], strict=True):
        joint = "During handling of the above exception, another exception occurred:"
        if one.__cause__ is led:
            joint = "The above exception was the direct cause of the following exception:"
        lines += ["", joint, "", *_alone(one, level)]
    return lines


def _chain(error: BaseException) -> list[BaseException]:
    """The exception, what it came from, what that came from, and so on; not in circles, and not for ever."""
    chain = [error]
    while len(chain) < _LONGEST_CHAIN:
        last = chain[-1]
        before = last.__cause__
        if before is None and not last.__suppress_context__:
            before = last.__context__
        if before is None or any(known is before for known in chain):
            break
        chain.append(before)
    return chain


def _alone(error: BaseException, level: int) -> list[str]:
    from traceback import format_tb

    lines = ["Traceback (most recent call last):"]
    for frame in format_tb(error.__traceback__):
        lines += map(escaped, frame.rstrip("\n").split("\n"))
    kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    lines.append(escaped(f"{kind}: {said(error)}"))
    notes = getattr(error, "__notes__", ())
    for note in notes if isinstance(notes, list | tuple) else [notes]:
        lines.append(escaped(f"  note: {said(note)}"))
    if isinstance(error, BaseExceptionGroup) and level < _DEEPEST_GROUP:
        for part in error.exceptions[:_LARGEST_GROUP]:
            lines += [f"  | {line}" for line in _described(part, level + 1)]
    return lines
