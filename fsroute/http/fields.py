"""Fields: what the texts of a query or a form must be, and the values they then become.

Rules this module keeps
-----------------------
1. A field is found by its name; names that nobody asked for are ignored.
2. A single value comes once: one that comes twice might mean either, so it means neither.
3. A list that did not come is empty, and is judged as such, unless it has a default.
4. A file input in which no file was chosen sends no file, or a blank text: either means that none came. Then
   `UploadedFile | None` is None, for there is no other way to say so.
5. Every fault is told, not just the first.
6. A class is read from a form only if it is flat, since a form has no levels.
"""

from __future__ import annotations

from .convert import Conversion, Unconvertible, check_through, conversion, conversion_of, shown, unchanged
from .errors import ValidationError
from .schema import builder
from .shapes import (
    Checked,
    Listing,
    Optional,
    Record,
    Scalar,
    forbids_others,
    members,
    remembered,
    shape_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from .forms import Form
    from .multidict import MultiDict
    from .shapes import Shape

    Errors = list[dict[str, str]]


class Field:
    """One field.

    name: as it is sent. made: how its text, or texts, become a value. required: whether it must be there.
    is_file: it is an upload and no text. optional: None is one of its values. is_plain: what came is its
    value.
    """

    __slots__ = ("convert", "is_file", "is_list", "is_plain", "name", "optional", "required")

    def __init__(self, name: str, made: Conversion, required: bool, is_file: bool = False) -> None:
        self.name = name
        self.convert = made.convert
        self.is_list = made.is_list
        self.is_plain = made.convert is unchanged
        self.optional = made.optional
        self.required = required
        self.is_file = is_file


def field(annotation: Any, name: str, required: bool) -> Field:
    """A field of text. Raises Unconvertible when no text converts to the annotation."""
    return Field(name, conversion(annotation), required)


def read(fields: Iterable[Field], came: MultiDict, where: str, errors: Errors, other: MultiDict | None = None
         ) -> dict[str, Any]:
    """The values by name, without those that did not come and need not.

    came: the texts, or the files where the fields are such. where: "query" or "form". errors: gets what is
    wrong. other: what came as the other of text and file.
    """
    values: dict[str, Any] = {}
    firsts, repeated = came.counted()
    for each in fields:
        name = each.name
        given = firsts.get(name)
        try:
            if other is not None and name in other and any(other.getall(name)):
                raise ValueError("must be a file, not text" if each.is_file else "must be text, not a file")
            if given is not None:
                if each.is_list:
                    values[name] = each.convert(repeated.get(name) or [given])
                elif name in repeated:
                    raise ValueError(f"must be given once, not {len(repeated[name])} times")
                else:
                    values[name] = given if each.is_plain else each.convert(given)
            elif each.required:
                if not each.is_list and not (each.is_file and each.optional):
                    raise ValueError("is missing")
                values[name] = each.convert([] if each.is_list else "")
        except ValueError as fault:
            errors.append({"in": where, "name": name[:200], "message": str(fault)})
    return values


def form_reader(annotation: Any) -> Callable[[Form], Any]:
    """The function from a form to a value of a flat dataclass or TypedDict.

    It raises ValidationError. Raises Unconvertible for an annotation that no form can be.
    """
    functions: tuple[Any, ...] = ()
    shape = shape_of(annotation)
    while isinstance(shape, Checked | Optional):        # a form that may be left out is never null
        if isinstance(shape, Checked):
            functions = (*shape.functions, *functions)
        shape = shape.inner
    if not isinstance(shape, Record):
        raise Unconvertible(f"{shown(annotation)} is no class that a form could be",
                            "write a dataclass or TypedDict with a member for each field")
    fields = []
    for name, kind, required in members(shape):
        try:
            fields.append(_form_field(name, kind, required))
        except Unconvertible as fault:
            raise fault.at(f"{shown(shape.kind)}.{name}") from None
    texts, files = [each for each in fields if not each.is_file], [each for each in fields if each.is_file]
    make = check_through(Conversion(lambda values: build(**values), object()), functions, annotation).convert
    build, forbids, known = builder(shape.kind), forbids_others(shape.kind), {each.name for each in fields}

    def read_form(form: Form) -> Any:
        errors: Errors = []
        values = read(texts, form, "form", errors, form.files)
        values |= read(files, form.files, "form", errors, form)
        if forbids:
            errors += [{"in": "form", "name": name[:200], "message": "is not expected"}
                       for name in dict.fromkeys([*form, *form.files]) if name not in known]
        if not errors:
            try:
                return make(values)
            except ValueError as fault:
                errors.append({"in": "form", "name": "", "message": str(fault)})
        raise ValidationError(errors)
    return read_form


form_checker = remembered(form_reader)
"""As form_reader() does, for an annotation that is given with a request: it is compiled the first time."""


def _form_field(name: str, annotation: Any, required: bool) -> Field:
    shape = shape_of(annotation)
    is_file = _is_of_files(shape)
    made = conversion_of(shape, {"file": lambda: Conversion(unchanged, None)} if is_file else None)
    return Field(name, made, required, is_file)


def _is_of_files(shape: Shape | None) -> bool:
    while isinstance(shape, Checked | Listing | Optional):
        shape = shape.inner
    return isinstance(shape, Scalar) and shape.name == "file"
