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
    parameters,
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
