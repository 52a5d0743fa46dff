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
    from .request import Request

_HINTS = (
    ("can't be used in 'await' expression", "the request's readers are plain methods: no await"),
    ("'method' object is not subscriptable", 'the request\'s readers are methods: request.json()["name"]'),
)


def log_exception(error: BaseException, request: Request) -> None:
    """Logs what a handler raised, and leaves it in environ["fsroute.exception"]."""
    logged = request.environ.setdefault("fsroute.logged", [])
    request.environ["fsroute.exception"] = error
    if any(known is error for known in logged):
        return
    logged.append(error)
    import logging  # a tenth of the start-up time, for what a sound service never needs

    logger = logging.getLogger("fsroute")
    if not logger.isEnabledFor(logging.ERROR):
        return
    line = f"{request.method} {request.path} (route {request.route}): {type(error).__name__}{_hint(error)}"
    record = logger.makeRecord("fsroute", logging.ERROR, __file__, 0, "%s", (escaped(line),),
                               (type(error), error, error.__traceback__), "log_exception")
    try:
        description = _described(error, set())
    except Exception as fault:      # an exception's own code may do anything, and the reporter must not fail
        description = [f"its traceback cannot be had: {type(fault).__name__}"]
    record.exc_text = "\n".join(description)       # a Formatter takes this text when it is there
    logger.handle(record)


def escaped(text: str) -> str:
    """The text on one line: control characters, line ends and lone surrogates as their escapes."""
    printable = text.encode("utf-8", "backslashreplace").decode()
    if printable.isprintable():
        return printable
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode()
                   for char in printable)


def _hint(error: BaseException) -> str:
    if not isinstance(error, TypeError):
        return ""
    return next((f"; {mend}" for sign, mend in _HINTS if sign in _text(error)), "")


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as fault:      # as above
        return f"<its text cannot be had: {type(fault).__name__}>"


def _described(error: BaseException, seen: set[int]) -> list[str]:
    """The lines of a traceback, as Python words them, each escaped by itself: what the exception says is one line.

    seen: the exceptions described already, by id: a chain may be a circle.
    """
    from traceback import format_tb

    seen.add(id(error))
    lines = []
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and id(before) not in seen:
        direct = "was the direct cause of the following exception" if error.__cause__ else \
            "was raised; during its handling, another exception occurred"
        lines += [*_described(before, seen), "", f"The above exception {direct}:", ""]
    lines.append("Traceback (most recent call last):")
    for frame in format_tb(error.__traceback__):
        lines += map(escaped, frame.rstrip("\n").split("\n"))
    lines.append(escaped(f"{type(error).__module__}.{type(error).__qualname__}: {_text(error)}".removeprefix("builtins.")))
    lines += [escaped(str(note)) for note in getattr(error, "__notes__", ())]
    if isinstance(error, BaseExceptionGroup):
        for part in error.exceptions:
            lines += [f"  | {line}" for line in _described(part, seen)]
    return lines
