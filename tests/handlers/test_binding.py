"""Signature to plan."""

import contextlib
import functools
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsroute import HTTPError, Request
from fsroute.handlers.binding import BindingError, bind
from fsroute.http.request import Settings
from fsroute.routing.route import Segment
from tests.exchange import environ_of

PATH = (Segment("literal", "x"), Segment("param", "id"), Segment("param", "slug"))
REST = (Segment("param", "id"), Segment("rest", "path"))


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


@given(st.text())
def test_any_text_is_a_number_or_a_404(text: str) -> None:
    value: int | None = None
    with contextlib.suppress(HTTPError):
        value, _ = bind(text_and_number, PATH)(request(id=text, slug="s"))
    assert value is None or (type(value) is int and (str(value) == text or text == "-0"))


def unresolvable(id: "Nowhere") -> None: ...  # type: ignore[name-defined] # noqa: F821
def unresolvable_request(request: "Nowhere") -> None: ...  # type: ignore[name-defined] # noqa: F821
def float_id(id: float) -> None: ...
def listed_id(id: list[str]) -> None: ...
def text_path(path: str) -> None: ...
def variadic(*args: Any) -> None: ...
def keywords(**kwargs: Any) -> None: ...
def by_keyword(*, limit: int = 10) -> None: ...
def stream() -> Any: yield b""
async def async_stream() -> Any: yield b""


@functools.wraps(lambda request, user: None)
def injected(request: Any) -> None: ...


FAULTS: list[tuple[Any, str, str]] = [
    (lambda request, limit: None, "takes 'limit', which nothing fills",
     "take any of request, params, id, path; a field of the query is request.query.get('limit')"),
    (lambda request, limit=10: None, "takes 'limit', which nothing fills", "request.query.get('limit')"),
    (injected, "takes 'user', which nothing fills", "sets __signature__ on what it returns"),
    (by_keyword, "takes 'limit' by keyword only", "request.query.get('limit')"),
    (variadic, "takes *args", "name each argument"),
    (lambda *args: None, "takes *args", "name each argument"),
    (keywords, "takes **kwargs", "name each argument"),
    (lambda *args, **kwargs: None, "takes *args", "name each argument"),
    (unresolvable, "has an annotation for 'id' that cannot be resolved", "import the name"),
    (float_id, "'id' is one segment, which cannot be converted to float", "write id: str or id: int"),
    (listed_id, "'id' is one segment, which cannot be converted to list[str]", "write id: str or id: int"),
    (text_path, "'path' is a list of str, not str", "write path: list[str]"),
    (stream, "is a generator", "return the whole body"),
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
