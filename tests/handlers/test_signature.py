"""What a handler says of its arguments."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import pytest

from fsroute.handlers.signature import (
    GENERATOR,
    NONE,
    Unresolved,
    flags,
    is_async_generator,
    is_plain,
    namespace,
    parameters,
    returned,
)


def wrapped(handler: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(handler)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return handler(*args, **kwargs)

    return wrapper


PLAIN: list[Callable[..., Any]] = [
    lambda: None, lambda a: None, lambda a, b=1: None, lambda a, /, b: None, lambda a, /, b, *, c, d=1: None,
    lambda *args: None, lambda **kwargs: None, lambda a, *args, b, **kwargs: None, lambda *, a: None]


@pytest.mark.parametrize("handler", PLAIN)
def test_a_plain_function_is_read_as_inspect_reads_it(handler: Callable[..., Any]) -> None:
    assert is_plain(handler)
    told = [(parameter.name, parameter.how, parameter.annotation) for parameter in parameters(handler)]
    by_inspect = [(parameter.name, parameter.how, parameter.annotation)
                  for parameter in parameters(wrapped(handler))]      # no longer plain: inspect is asked
    assert sorted(told) == sorted(by_inspect)
    assert {name for name, _, _ in told} == set(inspect.signature(handler).parameters)


def annotated(a: int, b: "str", c: "Nowhere", d=None) -> None: ...  # type: ignore[no-untyped-def,name-defined] # noqa: F821


def test_annotations_are_resolved_one_by_one() -> None:
    a, b, c, d = parameters(annotated)
    assert (a.annotation, b.annotation, d.annotation) == (int, str, NONE)
    assert isinstance(c.annotation, Unresolved)
    assert "Nowhere" in str(c.annotation.fault)


def test_what_has_no_signature_is_a_value_error() -> None:
    with pytest.raises((TypeError, ValueError)):
        parameters(5)  # type: ignore[arg-type]


# a decorator of another module, in which the names of this one mean nothing
_elsewhere: dict[str, Any] = {"functools": functools}
exec("""
def wrapped_elsewhere(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)
    return wrapper
""", _elsewhere)
wrapped_elsewhere: Any = _elsewhere["wrapped_elsewhere"]


class Local:
    pass


def local(a: "Local") -> "Local":
    return a


async def later(a: "Local") -> "Local":
    return a


class Called:
    def __call__(self, a: "Local") -> "Local":
        return a


class CalledWrapped:
    @wrapped_elsewhere                                  # type: ignore[untyped-decorator]
    def __call__(self, a: "Local") -> "Local":
        return a


@pytest.mark.parametrize("handler", [
    local, later, wrapped_elsewhere(local), wrapped_elsewhere(wrapped_elsewhere(local)), Called(),
    CalledWrapped(), functools.partial(local), functools.partial(wrapped_elsewhere(local)),
    functools.partial(functools.partial(wrapped_elsewhere(local))),
    wrapped_elsewhere(functools.partial(local)),
    wrapped_elsewhere(functools.partial(wrapped_elsewhere(local)))])
def test_names_are_looked_up_where_the_function_was_written_that_is_called_at_last(handler: Any) -> None:
    [a] = parameters(handler)
    assert (a.annotation, returned(handler)) == (Local, Local)
    assert namespace(handler) is globals()


def nothing_said(): ...  # type: ignore[no-untyped-def]
def nothing_known() -> "Nowhere": ...  # type: ignore[name-defined] # noqa: F821
def nothing_made() -> "1 / 0": ...  # type: ignore[valid-type]


@pytest.mark.parametrize("function", [
    nothing_said, nothing_known, nothing_made, lambda: None, 5, dict.fromkeys])
def test_of_a_result_of_which_nothing_is_known_there_is_none(function: Any) -> None:
    assert returned(function) is NONE


def test_what_was_written_in_no_module_of_python_looks_up_nothing() -> None:
    assert namespace(len) == {}


def generator() -> Any:
    yield 1


async def async_generator() -> Any:
    yield 1


async def coroutine() -> None: ...


class CalledGenerator:
    def __call__(self) -> Any:
        yield 1


@pytest.mark.parametrize(("handler", "plainly", "asynchronously"), [
    (functools.partial(generator), True, False), (CalledGenerator(), True, False),
    (generator, True, False), (async_generator, False, True), (coroutine, False, False), (len, False, False)])
def test_generators_are_told_apart(handler: Any, plainly: bool, asynchronously: bool) -> None:
    assert bool(flags(handler) & GENERATOR) is plainly
    assert is_async_generator(handler) is asynchronously
