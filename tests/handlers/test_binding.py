"""Signature to plan."""

import contextlib
import functools
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, List, Literal, NewType, Optional  # noqa: UP035
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsroute import HTTPError, Request
from fsroute.handlers.binding import bind
from fsroute.handlers.plan import BindingError
from fsroute.http.constraints import Length, Pattern, Range
from fsroute.http.request import Settings
from fsroute.routing.route import Segment
from tests.exchange import environ_of

PATH = (Segment("literal", "x"), Segment("param", "id"), Segment("param", "slug"))
REST = (Segment("param", "id"), Segment("rest", "path"))
UserId = NewType("UserId", int)


class Colour(Enum):
    RED = "red"


def request(**params: Any) -> Request:
    return Request(environ_of("GET", "/"), "/", params, Settings())


def no_argument() -> Any:
    return ()


def just_request(request: Any) -> Any:
    return request


def any_name_annotated(req: Request) -> Any:
    return req


def annotated_in_text(req: "Request") -> Any:
    return req


def request_last(id: str, request: Request) -> Any:
    return id, request


def positional_only(request: Any, id: str, /) -> Any:
    return request, id


def text_and_number(request: Any, id: int, slug: str) -> Any:
    return id, slug


def with_a_default(id="never"):  # type: ignore[no-untyped-def]
    return id


def the_mapping(params: Any) -> Any:
    return params


def mapping_and_value(request: Any, params: Any, id: int) -> Any:
    return params, id


def catch_all(path: list[str], id: "int") -> Any:
    return path, id


def bare_list(path: list) -> Any:  # type: ignore[type-arg]
    return path


REQUEST = request(id="7", slug="s")
CALLS: list[tuple[Callable[..., Any], Any]] = [
    (no_argument, ()),
    (just_request, REQUEST),
    (any_name_annotated, REQUEST),
    (annotated_in_text, REQUEST),
    (request_last, ("7", REQUEST)),
    (positional_only, (REQUEST, "7")),
    (text_and_number, (7, "s")),
    (with_a_default, "7"),
    (the_mapping, {"id": "7", "slug": "s"}),
    (mapping_and_value, ({"id": "7", "slug": "s"}, 7)),
    (lambda slug: slug, "s"),
    (lambda request, slug: slug, "s"),
    (lambda request, slug, id: (slug, id), ("s", "7")),
]


@pytest.mark.parametrize(("handler", "result"), CALLS)
def test_arguments_are_filled_by_name(handler: Callable[..., Any], result: Any) -> None:
    assert bind(handler, PATH)(REQUEST) == result


def test_a_catch_all_is_a_list() -> None:
    asked = request(id="7", path=["a", "b"])
    assert bind(catch_all, REST)(asked) == (["a", "b"], 7)
    assert bind(bare_list, REST)(asked) == ["a", "b"]


def test_a_handler_of_just_the_request_is_called_without_a_layer() -> None:
    assert bind(just_request, PATH) is just_request


def test_an_object_with_a_call_method_is_a_handler() -> None:
    class Handler:
        def __call__(self, request: Request, id: int) -> int:
            return id

    assert bind(Handler(), PATH)(REQUEST) == 7


def test_the_signature_under_a_wrapping_decorator_counts() -> None:
    def decorated(handler: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(handler)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return args, kwargs

        return wrapper

    assert bind(decorated(text_and_number), PATH)(REQUEST) == ((REQUEST,), {"id": 7, "slug": "s"})
    assert bind(decorated(lambda request, id: None), PATH)(REQUEST) == ((REQUEST,), {"id": "7"})


def test_a_signature_that_is_set_counts() -> None:
    import inspect

    def handler(request: Request, **given: Any) -> Any:
        return given

    handler.__signature__ = inspect.Signature([  # type: ignore[attr-defined]
        inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD),
        inspect.Parameter("id", inspect.Parameter.POSITIONAL_OR_KEYWORD)])
    assert bind(handler, PATH)(REQUEST) == {"id": "7"}


@pytest.mark.parametrize("text", ["0", "7", "-7", str(2**63 - 1), str(-(2**63)), "-0"])
def test_a_whole_number_converts_and_params_keeps_the_text(text: str) -> None:
    asked = request(id=text, slug="s")
    assert bind(mapping_and_value, PATH)(asked) == ({"id": text, "slug": "s"}, int(text))


@pytest.mark.parametrize("text", [
    "", "x", "+7", "07", "00", " 7", "7 ", "7\n", "1_0", "٧", "7.0", "1e3", "0x7", "-", "--7", str(2**63),
    "9" * 5_000])
def test_what_is_no_whole_number_is_a_404_that_names_the_segment(text: str) -> None:
    with pytest.raises(HTTPError, match=r"404 Not Found: The path's \[id\] must be a whole number") as caught:
        bind(text_and_number, PATH)(request(id=text, slug="s"))
    assert caught.value.status == 404


def even_only(number: int) -> int:
    if number % 2:
        raise ValueError("must be even")
    return number


def price(id: float) -> Any: return id
def exact(id: Decimal) -> Any: return id
def flag(id: bool) -> Any: return id
def unique(id: UUID) -> Any: return id
def day(id: "date") -> Any: return id
def moment(id: datetime) -> Any: return id
def colour(id: Colour) -> Any: return id
def choice(id: Literal["1", 2]) -> Any: return id
def maybe(id: int | None) -> Any: return id
def maybe_text(id: "Optional[str]") -> Any: return id  # noqa: UP045
def limited(id: Annotated[int, Range(1, 9)]) -> Any: return id
def even(id: Annotated[int, even_only]) -> Any: return id
def named(id: UserId) -> Any: return id
def half_in_text(id: Optional["UUID"]) -> Any: return id
def anything(id: Any) -> Any: return id
def whatever(id: object) -> Any: return id
def both(request: Request, id: int, slug: Annotated[str, Pattern("[a-z]+")]) -> Any: return id, slug
def by_position_alone(request: Request, id: int, slug: bool, /) -> Any: return id, slug


PATH_VALUES: list[tuple[Callable[..., Any], str, Any]] = [
    (price, "0.5", 0.5), (exact, "0.50", Decimal("0.50")), (flag, "true", True), (flag, "0", False),
    (unique, str(UUID(int=5)), UUID(int=5)), (day, "2024-02-29", date(2024, 2, 29)),
    (moment, "2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)), (colour, "red", Colour.RED),
    (choice, "1", "1"), (choice, "2", 2), (maybe, "5", 5), (maybe_text, "5", "5"), (limited, "9", 9),
    (even, "4", 4),
    (named, "5", 5), (half_in_text, str(UUID(int=5)), UUID(int=5)), (anything, "5", "5"),
    (whatever, "5", "5"),
    (both, "5", (5, "s")),
]


@pytest.mark.parametrize(("handler", "text", "value"), PATH_VALUES)
def test_an_annotation_converts_one_segment(handler: Callable[..., Any], text: str, value: Any) -> None:
    asked = request(id=text, slug="s")
    made = bind(handler, PATH)(asked)
    assert (made, type(made)) == (value, type(value))
    assert asked.params == {"id": text, "slug": "s"}


def test_what_is_taken_by_position_alone_converts_too() -> None:
    assert bind(by_position_alone, PATH)(request(id="5", slug="1")) == (5, True)


@pytest.mark.parametrize(("handler", "text", "detail"), [
    (price, "1e3", "The path's [id] must be a plain decimal number of at most 64 characters"),
    (exact, "NaN", "The path's [id] must be a plain decimal number of at most 64 characters"),
    (flag, "yes", "The path's [id] must be true or false"),
    (unique, "5", "The path's [id] must be a UUID of 36 characters with hyphens"),
    (day, "2023-02-29", "The path's [id] must be a date that exists, as YYYY-MM-DD"),
    (moment, "2026-01-31T12:00:00",
     "The path's [id] must be a date and time with its offset, such as 2026-01-31T12:00:00Z"),
    (colour, "blue", "The path's [id] must be red"),
    (choice, "3", "The path's [id] must be one of 1, 2"),
    (maybe, "null", "The path's [id] must be a whole number of at most 64 bits"),
    (limited, "10", "The path's [id] must be from 1 to 9, not more"),
    (even, "5", "The path's [id] must be even"),
    (both, "x", "The path's [id] must be a whole number of at most 64 bits"),
    (by_position_alone, "x", "The path's [id] must be a whole number of at most 64 bits"),
])
def test_what_does_not_convert_is_a_404_that_says_why(handler: Callable[..., Any], text: str,
                                                      detail: str) -> None:
    with pytest.raises(HTTPError) as caught:
        bind(handler, PATH)(request(id=text, slug="s"))
    assert (caught.value.status, caught.value.detail) == (404, detail)


def listed(path: list[int]) -> Any: return path
def sequenced(path: Sequence[date]) -> Any: return path
def fixed(path: tuple[str, ...]) -> Any: return path
def old_names(path: "List[int]") -> Any: return path  # noqa: UP006
def maybe_list(path: list[int] | None) -> Any: return path
def counted(path: Annotated[list[str], Length(max=2)]) -> Any: return path
def joined(path: Annotated[list[str], "/".join]) -> Any: return path
def emptied(path: Annotated[list[str], lambda texts: texts.clear() or texts]) -> Any: return path
def any_path(path: Any) -> Any: return path
def object_path(path: object) -> Any: return path
def sequence_of_text(path: Sequence[str]) -> Any: return path


@pytest.mark.parametrize(("handler", "texts", "value"), [
    (listed, ["1", "2"], [1, 2]), (listed, [], []), (old_names, ["1"], [1]), (maybe_list, [], []),
    (maybe_list, ["1"], [1]), (sequenced, ["2024-02-29"], [date(2024, 2, 29)]),
    (fixed, ["a", "b"], ("a", "b")),
    (fixed, [], ()), (counted, ["a", "b"], ["a", "b"]), (joined, ["a", "b"], "a/b"), (emptied, ["a"], []),
    (any_path, ["a"], ["a"]),
    (object_path, ["a"], ["a"]), (sequence_of_text, ["a"], ["a"]),
])
def test_an_annotation_converts_each_segment_of_a_catch_all(
    handler: Callable[..., Any], texts: list[str], value: Any
) -> None:
    asked = request(id="7", path=[*texts])
    made = bind(handler, REST)(asked)
    assert (made, type(made)) == (value, type(value))
    assert asked.params["path"] == texts


@pytest.mark.parametrize(("handler", "texts", "detail"), [
    (listed, ["1", "x"], "The path's [path] item 2 must be a whole number of at most 64 bits"),
    (sequenced, ["today"], "The path's [path] item 1 must be a date that exists, as YYYY-MM-DD"),
    (counted, ["a", "b", "c"], "The path's [path] must have at most 2 items, not 3"),
])
def test_a_catch_all_that_does_not_convert_is_a_404_too(
    handler: Callable[..., Any], texts: list[str], detail: str
) -> None:
    with pytest.raises(HTTPError) as caught:
        bind(handler, REST)(request(id="7", path=texts))
    assert (caught.value.status, caught.value.detail) == (404, detail)


TYPED = [handler for handler, _, _ in PATH_VALUES]


@given(st.sampled_from(TYPED), st.text(max_size=80))
def test_any_text_is_a_value_or_a_404_for_every_type(handler: Callable[..., Any], text: str) -> None:
    call = bind(handler, PATH)
    status = None
    try:
        call(request(id=text, slug="s"))
    except HTTPError as fault:
        status = fault.status
    assert status in (None, 404)


# what a whole file may look like

def handler_of(source: str) -> Any:
    """GET of a route file with that text."""
    namespace: dict[str, Any] = {"__name__": "route"}
    exec(source, namespace)
    return namespace["GET"]


@pytest.mark.parametrize("source", [
    "from __future__ import annotations\nfrom uuid import UUID\ndef GET(request, id: UUID): return id",
    "from __future__ import annotations\nimport uuid\ndef GET(request, id: uuid.UUID): return id",
    "from __future__ import annotations\nfrom typing import Optional\nfrom uuid import UUID\n"
    "def GET(request, id: Optional[UUID]): return id",
    "from typing import Optional\nfrom uuid import UUID\ndef GET(request, id: Optional['UUID']): return id",
    "from __future__ import annotations\nfrom uuid import UUID\nId = UUID\n"
    "def GET(request, id: Id): return id",
    "from typing import TypeAlias\nfrom uuid import UUID\nId: TypeAlias = 'UUID'\n"
    "def GET(request, id: 'Id'): return id",
    "from __future__ import annotations\nfrom uuid import UUID\n"
    "class Handler:\n    def __call__(self, request, id: UUID): return id\nGET = Handler()",
    "from __future__ import annotations\nfrom uuid import UUID\n"
    "class Handler:\n    def get(self, request, id: UUID): return id\nGET = Handler().get",
    "from __future__ import annotations\nimport functools\nfrom uuid import UUID\n"
    "def get(store, request, id: UUID): return id\nGET = functools.partial(get, {})",
    "from __future__ import annotations\nTYPE_CHECKING = False\n"
    "if TYPE_CHECKING:\n    from fsroute import Request\n"
    "from uuid import UUID\ndef GET(request: Request, id: UUID) -> Nowhere: return id",
])
def test_annotations_are_found_where_the_file_has_them(source: str) -> None:
    assert bind(handler_of(source), PATH)(request(id=str(UUID(int=5)), slug="s")) == UUID(int=5)


@pytest.mark.parametrize(("source", "problem"), [
    ("from __future__ import annotations\nTYPE_CHECKING = False\n"
     "if TYPE_CHECKING:\n    from uuid import UUID\n"
     "def GET(request, id: UUID): ...", "for 'id' that cannot be resolved: name 'UUID' is not defined"),
    ("def GET(request, id: 'int | Nowhere'): ...", "name 'Nowhere' is not defined"),
    ("import uuid\ndef GET(request, id: 'uuid.UUId'): ...", "has no attribute 'UUId'"),
    ("def GET(request, id: 'in t'): ...", "cannot be resolved"),
    ("def GET(request, id: '1 / 0'): ...", "cannot be resolved: division by zero"),
])
def test_an_annotation_that_cannot_be_resolved_is_a_fault_that_says_why(source: str, problem: str) -> None:
    with pytest.raises(BindingError) as caught:
        bind(handler_of(source), PATH)
    assert problem in caught.value.problem
    assert "import the name it uses at run time" in caught.value.mend


def test_a_handler_without_annotations_loads_nothing_for_them() -> None:
    program = (
        "import sys\n"
        "import fsroute.handlers.binding as binding, fsroute.http.constraints\n"
        "from fsroute.routing.route import Segment\n"
        "binding.bind(lambda request, id: id, [Segment('param', 'id')])\n"
        "print([name for name in ('typing', 'inspect', 'dataclasses', 'datetime', 'decimal', 'uuid')"
        " if name in sys.modules])")
    done = subprocess.run([sys.executable, "-S", "-c", program], capture_output=True, text=True, check=True,
                          env={"PYTHONPATH": str(Path(__file__).parents[2])})
    assert done.stdout.strip() == "[]"


@given(st.text())
def test_any_text_is_a_number_or_a_404(text: str) -> None:
    value: int | None = None
    with contextlib.suppress(HTTPError):
        value, _ = bind(text_and_number, PATH)(request(id=text, slug="s"))
    assert value is None or (type(value) is int and (str(value) == text or text == "-0"))


def unresolvable(id: "Nowhere") -> None: ...  # type: ignore[name-defined] # noqa: F821
def unresolvable_request(request: "Nowhere") -> None: ...  # type: ignore[name-defined] # noqa: F821
def listed_id(id: list[str]) -> None: ...
def text_path(path: str) -> None: ...
def number_path(path: int | None) -> None: ...
def of_many(id: float | str) -> None: ...
def mapped(id: dict[str, int]) -> None: ...
def unknown(id: BindingError) -> None: ...
def noted(id: Annotated[int, "a note"]) -> None: ...
def memberless(id: Enum) -> None: ...
def odd_literal(id: Literal[b"a"]) -> None: ...
def nothing(id: None) -> None: ...
def unreadable() -> None: ...
unreadable.__signature__ = 5      # type: ignore[attr-defined]
def misfit(id: Annotated[str, Range(1)]) -> None: ...
def nested(path: list[list[int]]) -> None: ...
def of_bytes(path: list[bytes]) -> None: ...
def variadic(*args: Any) -> None: ...
def keywords(**kwargs: Any) -> None: ...
async def async_stream() -> Any: yield b""


@functools.wraps(lambda request, user: None)
def injected(request: Any) -> None: ...


FAULTS: list[tuple[Any, str, str]] = [
    (lambda request, limit: None, "takes 'limit', which nothing fills",
     "take any of request, params, id, path; put limit after * to read it from the query"),
    (lambda request, limit=10: None, "takes 'limit', which nothing fills", "put limit after * to read it"),
    (injected, "takes 'user', which nothing fills", "sets __signature__ on what it returns"),
    (variadic, "takes *args", "name each argument"),
    (lambda *args: None, "takes *args", "name each argument"),
    (keywords, "takes **kwargs", "name each argument"),
    (lambda *args, **kwargs: None, "takes *args", "name each argument"),
    (unresolvable, "has an annotation for 'id' that cannot be resolved", "import the name"),
    (listed_id, "'id' is one segment, not list[str]", "write the type of one, or name the folder [...id]"),
    (text_path, "'path' is a list of segments, not str", "write path: list[str]"),
    (number_path, "'path' is a list of segments, not int | None", "write path: list[int | None]"),
    (of_many, "cannot convert 'id': float | str is a union of more than one type",
     "or str and tell them apart"),
    (mapped, "cannot convert 'id': dict[str, int] is nothing that a text converts to",
     "take str, int, float"),
    (unknown, "cannot convert 'id': BindingError is nothing that a text converts to", "Annotated[str, f]"),
    (noted, "cannot convert 'id': typing.Annotated[int, 'a note'] has 'a note', which cannot be called",
     "put functions there"),
    (memberless, "cannot convert 'id': Enum has no values", "give it some"),
    (odd_literal, "has a value of bytes that no text spells", "use values of str"),
    (unreadable, "has no signature that can be read", "wrap it in a function"),
    (nothing, "cannot convert 'id': NoneType is nothing that a text converts to", "take str, int"),
    (misfit, "cannot convert 'id': Range(min=1) does not fit str", "use limits of the type"),
    (nested, "cannot convert 'path': list[list[int]] is a list of lists", "write list[T]"),
    (of_bytes, "cannot convert 'path': bytes is nothing that a text converts to", "take str, int"),
    (async_stream, "is an async generator", "return a value"),
]


@pytest.mark.parametrize(("handler", "problem", "mend"), FAULTS)
def test_what_cannot_be_called_is_a_fault_with_its_mend(handler: Any, problem: str, mend: str) -> None:
    with pytest.raises(BindingError) as caught:
        bind(handler, REST)
    assert problem in caught.value.problem
    assert mend in caught.value.mend
    assert caught.value.mend


def test_an_annotation_for_type_checkers_alone_spoils_nothing_else() -> None:
    assert bind(unresolvable_request, PATH)(REQUEST) is None


def test_a_generator_is_a_handler_and_its_call_runs_nothing_of_it() -> None:
    ran: list[Any] = []

    def handler(request: Any, id: int) -> Any:
        ran.append(id)
        yield str(id)

    made = bind(handler, PATH)(Request.build(params={"id": "42"}))
    assert ran == []
    assert (list(made), ran) == (["42"], [42])


def keyword_only_request(*, request: Any) -> Any:
    return request




def test_the_request_may_be_taken_by_keyword_only() -> None:
    assert bind(keyword_only_request, PATH)(REQUEST) is REQUEST


def test_what_a_partial_has_filled_needs_nothing() -> None:
    def handler(request: Any, id: str, limit: int) -> Any:
        return id, limit

    assert bind(functools.partial(handler, limit=3), PATH)(REQUEST) == ("7", 3)


def by_keyword_only(*, id: str) -> None: ...


def test_a_path_value_by_keyword_only_is_told_where_to_stand() -> None:
    with pytest.raises(BindingError) as caught:
        bind(by_keyword_only, PATH)
    assert caught.value.mend.startswith("write id before the *")


def test_what_comes_from_elsewhere_is_told_the_right_name() -> None:
    cases: list[tuple[Any, str]] = [
        (lambda req: None, "call it request, or annotate it, req: Request; or take any of request, params"),
        (lambda request, context: None, "take any of request, params, id, path"),
        (lambda request, user: None, "a body is a dataclass, a TypedDict, list[T]"),
    ]
    for handler, mend in cases:
        with pytest.raises(BindingError) as caught:
            bind(handler, REST)
        assert mend in caught.value.mend


def unresolved_request(req: "Nowhere") -> None: ...  # type: ignore[name-defined] # noqa: F821


def test_an_annotation_that_cannot_be_resolved_is_named_for_any_argument() -> None:
    with pytest.raises(BindingError) as caught:
        bind(unresolved_request, PATH)
    assert "its annotation cannot be resolved: name 'Nowhere' is not defined" in caught.value.problem
