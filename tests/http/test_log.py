import contextlib
import logging
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsroute.http.log import escaped, log_exception
from fsroute.http.request import Request

MakeRequest = Callable[..., Request]
AnyError = TypeVar("AnyError", bound=BaseException)


class Mute(Exception):
    """It cannot even say what it is."""

    def __str__(self) -> str:
        raise ValueError("no text")

    __repr__ = __str__


class MuteTypeError(TypeError):
    def __str__(self) -> str:
        raise ValueError("no text")


def raised(error: AnyError, cause: BaseException | None = None) -> AnyError:
    """The exception, with a traceback."""
    if cause is not None:
        error.__cause__ = cause
    with contextlib.suppress(BaseException):
        raise error
    return error


def text_of(record: logging.LogRecord) -> str:
    return logging.Formatter("%(levelname)s %(message)s").format(record)


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture, make_request: MakeRequest) -> Callable[..., str]:
    """Logs an exception; gives back the one record as an operator reads it."""
    def logged(error: BaseException, **request: Any) -> str:
        caplog.clear()
        log_exception(error, make_request(**request))
        [record] = caplog.records
        assert (record.name, record.levelno) == ("fsroute", logging.ERROR)
        return text_of(record)
    return logged


def test_a_record_says_method_path_route_and_what_was_raised(log: Callable[..., str]) -> None:
    text = log(raised(KeyError("x")), REQUEST_METHOD="PUT", path="/a/1", route="/a/[id]")
    lines = text.splitlines()
    assert lines[0] == "ERROR PUT /a/1 (route /a/[id]): KeyError"
    assert lines[1] == "Traceback (most recent call last):"
    assert any(line.startswith('  File "') and line.endswith(", in raised") for line in lines)
    assert "    raise error" in lines
    assert lines[-1] == "KeyError: 'x'"


def test_a_miss_has_no_route(log: Callable[..., str]) -> None:
    assert log(ValueError(), route=None).startswith("ERROR GET / (route None): ValueError")


def test_the_record_keeps_the_exception_for_tools_that_collect_them(
    caplog: pytest.LogCaptureFixture, make_request: MakeRequest
) -> None:
    error, request = raised(ValueError("x")), make_request()
    log_exception(error, request)
    [record] = caplog.records
    assert record.exc_info == (ValueError, error, error.__traceback__)
    assert request.environ["fsroute.exception"] is error


def test_one_exception_is_one_record_however_many_layers_see_it(
    caplog: pytest.LogCaptureFixture, make_request: MakeRequest
) -> None:
    request = make_request()
    first, second = raised(ValueError("same")), raised(ValueError("same"))
    for error in (first, first, second, first, second):
        log_exception(error, request)
    assert [record.exc_info[1] for record in caplog.records if record.exc_info] == [first, second]


def test_the_next_request_logs_the_same_object_again_and_the_environ_has_the_last(
    caplog: pytest.LogCaptureFixture, make_request: MakeRequest
) -> None:
    error, other, request = ValueError("kept by its module"), ValueError("x"), make_request()
    log_exception(error, make_request())
    log_exception(error, request)
    log_exception(other, request)
    assert len(caplog.records) == 3
    assert request.environ["fsroute.exception"] is other


def test_nothing_is_made_for_a_log_that_is_off(
    caplog: pytest.LogCaptureFixture, make_request: MakeRequest
) -> None:
    error, request = ValueError("x"), make_request()
    with caplog.at_level(logging.CRITICAL, "fsroute"):
        log_exception(error, request)
    assert caplog.records == []
    assert request.environ["fsroute.exception"] is error


@pytest.mark.parametrize(
    ("error", "mend"),
    [
        (TypeError("object dict can't be used in 'await' expression"), "without await"),
        (TypeError("'method' object is not subscriptable"), 'request.json()["name"]'),
        (TypeError("'method' object is not subscriptable"), "request.form: it is a method"),
    ],
)
def test_a_well_known_cause_comes_with_its_mend(log: Callable[..., str], error: Exception, mend: str) -> None:
    assert mend in log(error).splitlines()[0]
    assert mend not in log(ValueError(str(error))).splitlines()[0]
    assert mend not in log(TypeError("another")).splitlines()[0]


def test_the_well_known_causes_are_said_as_python_says_them(
    log: Callable[..., str], make_request: MakeRequest
) -> None:
    async def awaiting() -> None:
        await make_request(b"{}", CONTENT_TYPE="application/json").json()

    with pytest.raises(TypeError) as caught:
        awaiting().send(None)
    assert "without await" in log(caught.value)
    with pytest.raises(TypeError) as caught:
        make_request().json["x"]        # type: ignore[index]
    assert 'request.json()["name"]' in log(caught.value)


# what a client sent

EVIL = [
    "a\nb", "a\rb", "a\r\nCRITICAL forged", "\x1b[2Jx", "\0", "\x7f", "\x85", "\x9b31m", "\u2028x\u2029",
    "\u202egnp", "\ud800", "\x0b\x0c\x1c"
]


def lines_are_ours(text: str) -> bool:
    return all(line.isprintable() for line in text.split("\n")) and "\n".join(text.splitlines()) == text


@pytest.mark.parametrize("evil", EVIL)
def test_nothing_a_client_sent_writes_a_line_of_its_own(log: Callable[..., str], evil: str) -> None:
    plain = log(raised(ValueError("x")), path="/x", REQUEST_METHOD="X")
    text = log(raised(ValueError(evil)), path=f"/{evil}", REQUEST_METHOD=evil)
    assert text.count("\n") == plain.count("\n")
    assert lines_are_ours(text)
    assert escaped(evil) in text.splitlines()[0]
    assert text.splitlines()[-1] == f"ValueError: {escaped(evil)}"


def with_note(evil: str) -> ValueError:
    error = ValueError("x")
    error.add_note(f"{evil}\nCRITICAL forged\n  File forged")
    return raised(error)


def in_a_group(evil: str) -> BaseException:
    return raised(
        ExceptionGroup(evil, [raised(ValueError(f"{evil}\nCRITICAL forged")), raised(with_note(evil))])
    )


@pytest.mark.parametrize("evil", EVIL)
@pytest.mark.parametrize(
    "make",
    [
        lambda evil: raised(ValueError(f"x{evil}\nCRITICAL forged")),
        lambda evil: raised(KeyError(f"{evil}\nCRITICAL forged")),
        lambda evil: raised(OSError(2, evil, f"{evil}\nCRITICAL forged")),
        lambda evil: raised(ValueError("outer"), ValueError(f"{evil}\nCRITICAL forged")),
        lambda evil: raised(SyntaxError(f"{evil}\nCRITICAL forged")),
        lambda evil: raised(SyntaxError("x", (f"{evil}\nCRITICAL forged", 1, 1, f"{evil}\nCRITICAL forged"))),
        lambda evil: raised(SyntaxError("x", ("f", 1, 1, f"\nCRITICAL forged{evil}"))),
        lambda evil: raised(type("E", (ValueError,), {"__module__": f"{evil}\nCRITICAL forged"})("x")),
        with_note,
        in_a_group,
    ],
)
def test_no_kind_of_exception_forges_a_line(
    log: Callable[..., str], make: Callable[[str], BaseException], evil: str
) -> None:
    text = log(make(evil))
    assert lines_are_ours(text)
    assert not any(line.startswith("CRITICAL") for line in text.splitlines())


@pytest.mark.parametrize("evil", ["\x1b[2Jx", "\x9b31m", "\u2028x\u2029", "\ud800"])
def test_no_name_in_a_traceback_moves_a_terminal(log: Callable[..., str], evil: str) -> None:
    """Tools that write code may give its functions any name, and folders have any."""
    named = compile("raise ValueError('x')", "code", "exec").replace(co_name=f"called_{evil}")
    with pytest.raises(ValueError, match="x") as caught:
        exec(named)
    text = log(caught.value)
    assert lines_are_ours(text)
    assert f"in called_{escaped(evil)}" in text


def test_a_note_is_told(log: Callable[..., str]) -> None:
    assert "look here" in log(with_note("look here"))


def test_a_note_stands_under_its_exception_and_not_for_a_record(log: Callable[..., str]) -> None:
    error = ValueError("x")
    error.add_note("CRITICAL forged")
    [line] = [line for line in log(error).splitlines() if "forged" in line]
    assert not line.startswith("CRITICAL")


def test_a_cause_that_is_false_is_a_cause(log: Callable[..., str]) -> None:
    assert "EmptyList" in log(raised(ValueError("outer"), raised(EmptyList())))


def test_a_chain_is_told_to_its_root(log: Callable[..., str]) -> None:
    text = log(raised(ValueError("outer"), raised(KeyError("root"))))
    assert "KeyError: 'root'" in text.splitlines()
    assert "The above exception was the direct cause of the following exception:" in text.splitlines()
    assert text.splitlines()[-1] == "ValueError: outer"


def test_a_group_is_told_with_its_members_and_their_frames(log: Callable[..., str]) -> None:
    lines = log(in_a_group("x")).splitlines()
    assert any("ExceptionGroup" in line for line in lines)
    assert len([line for line in lines if "File \"" in line]) >= 3
    assert not any("\\n" in line for line in lines if "File \"" in line)        # a frame has lines of its own


def weird_syntax_error() -> BaseException:
    error = SyntaxError("x", ("f", 1, 1, "text"))
    error.offset = "one"        # type: ignore[assignment]
    return error


class EmptyList(Exception):
    """False, where somebody asks "is there a cause?" by its truth."""

    def __len__(self) -> int:
        return 0


def with_notes(notes: Any) -> BaseException:
    error = ValueError("x")
    error.__notes__ = notes
    return error


def after_many(count: int) -> BaseException:
    error = ValueError("first")
    for _ in range(count):
        following = ValueError("again")
        following.__context__ = error
        error = following
    return error


@pytest.mark.parametrize("make", [
    Mute, MuteTypeError, weird_syntax_error, lambda: ValueError(Mute()),
    lambda: ExceptionGroup("g", [Mute()]), lambda: with_notes(5), lambda: with_notes([Mute(), 5, None]),
    lambda: after_many(5_000),
])
def test_an_exception_that_cannot_be_told_is_logged_all_the_same(
    log: Callable[..., str], make: Callable[[], BaseException]
) -> None:
    error = make()
    text = log(error)
    assert text.startswith(f"ERROR GET / (route /): {type(error).__name__}")
    assert "no text" not in text.splitlines()[0]


@pytest.mark.parametrize(
    "make",
    [
        lambda: with_notes(5), lambda: with_notes([Mute(), 5, None]), lambda: after_many(5_000),
        lambda: ValueError(Mute())
    ]
)
def test_what_cannot_be_told_costs_the_rest_nothing(
    log: Callable[..., str], make: Callable[[], BaseException]
) -> None:
    lines = log(raised(make())).splitlines()
    assert any(line.endswith(", in raised") for line in lines)
    assert any(line.startswith("ValueError: ") for line in lines)


def test_groups_in_groups_end(log: Callable[..., str]) -> None:
    error: Exception = ValueError("innermost")
    for _ in range(3_000):
        error = ExceptionGroup("g", [error])
    text = log(error)
    assert "ExceptionGroup: g" in text
    assert len(text) < 100_000


def test_a_wide_group_fills_no_log(log: Callable[..., str]) -> None:
    text = log(ExceptionGroup("g", [ValueError("x" * 50) for _ in range(10_000)]))
    assert len(text) < 100_000


def test_the_cause_of_a_member_of_a_group_is_told(log: Callable[..., str]) -> None:
    member = raised(ValueError("member"), raised(KeyError("its root")))
    assert "its root" in log(ExceptionGroup("g", [member]))


def test_a_cycle_of_causes_ends(log: Callable[..., str]) -> None:
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    assert "second" in log(first)


def test_a_deep_recursion_is_logged(log: Callable[..., str]) -> None:
    def down() -> None:
        down()

    with pytest.raises(RecursionError) as caught:
        down()
    text = log(caught.value)
    assert "RecursionError" in text.splitlines()[0]
    assert len(text) < 100_000


# escaped

@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", ""), ("/a b/é/日本/😀", "/a b/é/日本/😀"), ("a\nb", "a\\nb"), ("\r\t\0", "\\r\\t\\x00"),
        ("\x1b[31m", "\\x1b[31m"), ("\x7f\x9b", "\\x7f\\x9b"),
        ("\u2028", "\\u2028"), ("\u202e", "\\u202e"), ("\ud800", "\\ud800"), ("é\ud800\n", "é\\ud800\\n"),
        ("\U000e0001", "\\U000e0001"),
    ],
)
def test_text_is_escaped_onto_one_line(text: str, line: str) -> None:
    assert escaped(text) == line


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Z", "C"])))
def test_no_text_leaves_its_line_or_the_log_files_encoding(text: str) -> None:
    line = escaped(text)
    assert line.isprintable()
    assert line.encode().decode() == line
    assert escaped(line) == line


def test_a_record_is_bounded_whatever_an_exception_says(log: Callable[..., str]) -> None:
    assert len(log(ValueError("x" * 2**20))) < 5_000
    assert "more characters" in log(ValueError("x" * 2**20))


def test_an_exception_that_cannot_even_be_named_is_logged_all_the_same(log: Callable[..., str]) -> None:
    class Nameless(type):
        @property
        def __name__(cls) -> str:  # type: ignore[override]
            raise LookupError

    assert "cannot be described: its description raised LookupError" in log(Nameless("E", (Exception,), {})())
