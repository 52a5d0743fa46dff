"""Inputs: what a handler takes of the query and the body, by annotation.

Rules this module keeps
-----------------------
1. First everything is read: what cannot be (too large, malformed, of another type) is answered alone. Then
   everything is judged, and all that is wrong is told in one ValidationError.
2. A body is JSON, or it is a form where the annotation says so. It is never either of the two: a page of
   another site may send a form without asking first.
3. A body that may be left out is left out where there is neither a byte of it nor a Content-Type.
"""

from __future__ import annotations

from ..http.convert import Unconvertible
from ..http.errors import ValidationError
from ..http.fields import Field, field, form_reader, read
from ..http.schema import compiled
from .plan import unconvertible, unresolved
from .signature import NONE, Unresolved

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..http.request import Request
    from .plan import Argument, Plan

    Read = Callable[[Request], dict[str, Any]]


def reader(plan: Plan) -> Read:
    """The function from a request to the values of a plan's query and body, without those that may be left
    out and are.

    It raises HTTPError. Raises BindingError for an argument to whose annotation nothing converts.
    """
    fields = [_made(field, each, each.name, each.required) for each in plan.query]
    if plan.body is None:
        return _of_query(fields)
    name, required, is_form = plan.body.name, plan.body.required, plan.is_form
    if is_body_alone(plan):
        sole = body_reader(plan.body, is_form)
        return lambda request: {name: sole(request)}
    make = _maker(plan.body, is_form)

    def read_inputs(request: Request) -> dict[str, Any]:
        query = request.query if fields else None
        is_sent = required or request.content_type or request.bytes()
        sent: Any = (request.form() if is_form else request.json()) if is_sent else None
        errors: list[dict[str, str]] = []
        values: dict[str, Any] = {} if query is None else read(fields, query, "query", errors)
        if is_sent:
            try:
                values[name] = make(sent)
            except ValidationError as fault:
                if not errors:
                    raise                       # it says too whether there is more
                errors += fault.errors
        if errors:
            raise ValidationError(errors)
        return values
    return read_inputs


def is_body_alone(plan: Plan) -> bool:
    """Whether there is a body, and nothing to be judged with it."""
    return plan.body is not None and plan.body.required and not plan.query


def body_reader(body: Argument, is_form: bool) -> Callable[[Request], Any]:
    """As reader(), of a body alone: the value itself."""
    make = _maker(body, is_form)
    return (lambda request: make(request.form())) if is_form else (lambda request: make(request.json()))


def _maker(body: Argument, is_form: bool) -> Callable[[Any], Any]:
    return _made(form_reader if is_form else compiled, body)  # type: ignore[no-any-return]


def _of_query(fields: list[Field]) -> Read:
    def read_inputs(request: Request) -> dict[str, Any]:
        errors: list[dict[str, str]] = []
        values = read(fields, request.query, "query", errors)
        if errors:
            raise ValidationError(errors)
        return values
    return read_inputs


def _made(make: Callable[..., Any], argument: Argument, *arguments: Any) -> Any:
    """What is made of an argument's annotation; without one it is a field of text."""
    annotation = str if argument.annotation is NONE else argument.annotation
    if isinstance(annotation, Unresolved):
        raise unresolved(argument.name, annotation)
    try:
        return make(annotation, *arguments)
    except Unconvertible as fault:
        raise unconvertible(argument.name, fault) from None
