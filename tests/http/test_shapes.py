"""An annotation, taken apart."""
# The old names of typing are tested too.
# ruff: noqa: UP006, UP007, UP035, UP045

import typing
from collections.abc import Callable, Iterable, Mapping, MutableSequence, Sequence
from dataclasses import KW_ONLY, InitVar, dataclass, field, make_dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from types import GenericAlias
from typing import (
    Annotated,
    Any,
    ClassVar,
    Dict,
    Generic,
    List,
    Literal,
    NamedTuple,
    NewType,
    NotRequired,
    Optional,
    Required,
    Tuple,
    TypedDict,
    TypeVar,
    Union,
)
from uuid import UUID

import pytest

from fsroute import UploadedFile
from fsroute.http.convert import Unconvertible
from fsroute.http.shapes import (
    Checked,
    Choice,
    Foreign,
    Listing,
    Member,
    Record,
    Scalar,
    Shape,
    Table,
    Tagged,
    is_record,
    json_key,
    members,
    remembered,
    shape_of,
)
from fsroute.http.shapes import Optional as OrNone

T = TypeVar("T")
U = TypeVar("U")


class Colour(Enum):
    RED = "red"
    CRIMSON = "red"         # noqa: PIE796


class Text(str):
    __slots__ = ()


class Named(NamedTuple):
    a: int


@dataclass
class Card:
    number: str
    kind: Literal["card"]


@dataclass
class Cash:
    kind: Literal["cash", 1]


class Wire(TypedDict):
    kind: Literal["wire", True]


@dataclass
class Page(Generic[T]):
    items: list[T]


class Box(TypedDict, Generic[T]):
    value: T


UserId = NewType("UserId", int)
INT = Scalar("int", int)
STR = Scalar("str", str)


def same(value: Any) -> Any:
    return value


def record(kind: Any, **arguments: Any) -> Record:
    """The shape of a class, as the tests compare it: what stands for T and U by their names."""
    return Record(kind, {{"T": T, "U": U}[name]: value for name, value in arguments.items()}, kind)


SHAPES: list[tuple[Any, Shape]] = [
    *[(kind, Scalar(kind.__name__, kind)) for kind in (str, int, float, bool, Decimal, UUID, date, datetime)],
    (Any, Scalar("Any", Any)), (object, Scalar("Any", object)), (UploadedFile, Scalar("file", UploadedFile)),
    (UserId, INT), (NewType("Second", UserId), INT),
    (NewType("Ids", list[UserId]), Listing(INT, list, list[UserId])),
    (Colour, Choice((Colour.RED, Colour.RED), Colour)), (Literal["a", 1], Choice(("a", 1), Literal["a", 1])),
    (Literal["a", None], OrNone(Choice(("a",), Literal["a", None]), Literal["a", None])),
    (int | None, OrNone(INT, int | None)), (Optional[int], OrNone(INT, Optional[int])),
    (Union[None, int], OrNone(INT, Union[None, int])), (Union[int], INT),
    (Optional[Literal["a", None]], OrNone(Choice(("a",), Literal["a", None]), Literal["a", None])),
    (Annotated[int, same, 5], Checked(INT, (same, 5), Annotated[int, same, 5])),
    (Annotated[Annotated[int, same], 5], Checked(INT, (same, 5), Annotated[int, same, 5])),
    (Annotated[int | None, same], Checked(OrNone(INT, int | None), (same,), Annotated[int | None, same])),
    (list, Listing(None, list, list)), (List, Listing(None, list, List)),
    (Sequence, Listing(None, list, Sequence)), (typing.Sequence, Listing(None, list, typing.Sequence)),
    (tuple, Listing(None, tuple, tuple)), (Tuple, Listing(None, tuple, Tuple)),
    (list[int], Listing(INT, list, list[int])), (List[int], Listing(INT, list, List[int])),
    (Sequence[int], Listing(INT, list, Sequence[int])),
    (typing.Sequence[int], Listing(INT, list, typing.Sequence[int])),
    (tuple[int, ...], Listing(INT, tuple, tuple[int, ...])),
    (Tuple[int, ...], Listing(INT, tuple, Tuple[int, ...])),
    (list[list[str]], Listing(Listing(STR, list, list[str]), list, list[list[str]])),
    (list[Any], Listing(Scalar("Any", Any), list, list[Any])), (dict, Table(None, dict)),
    (Dict, Table(None, Dict)), (Mapping, Table(None, Mapping)), (dict[str, int], Table(INT, dict[str, int])),
    (Mapping[str, int], Table(INT, Mapping[str, int])),
    (typing.Mapping[str, int], Table(INT, typing.Mapping[str, int])), (Card, record(Card)),
    (Wire, record(Wire)), (Page, record(Page)), (Box, record(Box)),
    (Page[int], record(Page, T=int)._replace(annotation=Page[int])),
    (Box[list[int]], record(Box, T=list[int])._replace(annotation=Box[list[int]])),
    (Card | None, OrNone(record(Card), Card | None)),
    (Card | Cash | Wire, Tagged("kind", {(str, "card"): record(Card), (str, "cash"): record(Cash),
     (int, 1): record(Cash), (str, "wire"): record(Wire), (bool, True): record(Wire)}, Card | Cash | Wire)),
    (Union[Card, None, Cash], OrNone(Tagged("kind",
     {(str, "card"): record(Card), (str, "cash"): record(Cash), (int, 1): record(Cash)},
     Union[Card, None, Cash]), Union[Card, None, Cash])),
    *[(kind, Foreign(kind)) for kind in (
        bytes, complex, time, set, set[int], frozenset, Fraction, Text, Named, type(None), None, T, "int", 5,
        Iterable[int], MutableSequence[int], Callable[[int], int], type, type[int], Annotated, ClassVar[int],
        Exception, Optional, ...)],
    (list[bytes], Listing(Foreign(bytes), list, list[bytes])),
    (list[None], Listing(Foreign(None), list, list[None])),
    (tuple[None, ...], Listing(Foreign(None), tuple, tuple[None, ...])),
    (dict[str, None], Table(Foreign(None), dict[str, None])),
]


@pytest.mark.parametrize(("annotation", "shape"), SHAPES)
def test_an_annotation_has_a_shape(annotation: Any, shape: Shape) -> None:
    found = shape_of(annotation)
    assert found == shape
    assert type(found) is type(shape)
    if isinstance(found, Choice) and isinstance(shape, Choice):     # 1 is not True here
        assert list(map(json_key, found.values)) == list(map(json_key, shape.values))


def test_the_annotation_is_kept_for_what_is_said_of_it() -> None:
    for annotation, shape in SHAPES:
        if not isinstance(annotation, NewType) and typing.get_origin(annotation) is not Union:
            assert shape_of(annotation).annotation == annotation or isinstance(shape, OrNone)


# --- what makes no sense ---

@dataclass
class Cash2:
    kind: Literal["card", "cash2"]


@dataclass
class Untagged:
    kind: str


@dataclass
class OtherTag:
    sort: Literal["x"]


@dataclass
class Listed:
    kind: Literal[[1]]          # type: ignore[valid-type]


@dataclass
class TwoTags:
    kind: Literal["card", "two"]
    sort: Literal["y"]


A_UNION = ("take one of them, or str and tell them apart in the handler; in a body, dataclasses that a "
           "Literal field tells apart")
A_TAG = 'give each a field such as kind: Literal["card"], with a value of its own'
PLACES = "write list[T] or tuple[T, ...]"
KEYS = "write dict[str, T]"


@pytest.mark.parametrize(("annotation", "problem", "mend"), [
    (int | str, "int | str is a union of more than one type and None", A_UNION),
    (Union[int, str, None], "typing.Union[int, str, NoneType] is a union of more than one type and None",
     A_UNION),
    (Card | int, "{here}.Card | int is a union of more than one type and None", A_UNION),
    (list[Card] | Cash, "list[{here}.Card] | {here}.Cash is a union of more than one type and None", A_UNION),
    (Card | Untagged, "nothing tells the classes of {here}.Card | {here}.Untagged apart", A_TAG),
    (Card | Cash2, "nothing tells the classes of {here}.Card | {here}.Cash2 apart", A_TAG),
    (Card | OtherTag, "nothing tells the classes of {here}.Card | {here}.OtherTag apart", A_TAG),
    (Card | Listed, "nothing tells the classes of {here}.Card | {here}.Listed apart", A_TAG),
    (Untagged | Card | None, "nothing tells the classes of {here}.Untagged | {here}.Card | None apart",
     A_TAG),
    (tuple[int, str], "tuple[int, str] has a type for each place", PLACES),
    (tuple[int], "tuple[int] has a type for each place", PLACES),
    (tuple[()], "tuple[()] has a type for each place", PLACES),
    (Tuple[int, int, int], "typing.Tuple[int, int, int] has a type for each place", PLACES),
    (list[tuple[int, int]], "tuple[int, int] has a type for each place", PLACES),
    (GenericAlias(tuple, (int, str, ...)), "tuple[int, str, ...] has a type for each place", PLACES),
    (dict[Text, int], "dict[{here}.Text, int] has keys that are no str", KEYS),
    (dict[int, str], "dict[int, str] has keys that are no str", KEYS),
    (Mapping[Any, int], "collections.abc.Mapping[typing.Any, int] has keys that are no str", KEYS),
    (dict[Colour, int], "dict[{here}.Colour, int] has keys that are no str", KEYS),
])
def test_what_makes_no_sense_is_refused_with_the_mend(annotation: Any, problem: str, mend: str) -> None:
    with pytest.raises(Unconvertible) as caught:
        shape_of(annotation)
    assert caught.value.problem == problem.format(here=__name__)
    assert caught.value.mend == mend


def test_a_tag_is_the_first_literal_that_each_class_has_and_none_shares() -> None:
    second = shape_of(TwoTags | OtherTag)
    assert isinstance(second, Tagged)
    assert second.tag == "sort"
    first = shape_of(Union[make_dataclass("A", [("a", Literal[1]), ("b", Literal[1])]),
                           make_dataclass("B", [("b", Literal[2]), ("a", Literal[2])])])
    assert isinstance(first, Tagged)
    assert first.tag == "a"


@pytest.mark.parametrize("kinds", [(1, True), (1, 1.0), ("1", 1), (0, False)])
def test_values_that_python_calls_equal_tell_classes_apart(kinds: tuple[Any, Any]) -> None:
    one, other = (make_dataclass(f"Kind{number}", [("kind", Literal[kind])]) for number,
                  kind in enumerate(kinds))
    shape = shape_of(Union[one, other])
    assert isinstance(shape, Tagged)
    assert [found.kind for found in shape.records.values()] == [one, other]


# --- members ---

@dataclass
class Everything:
    plain: int
    with_default: int = 1
    made: list[int] = field(default_factory=list)
    _: KW_ONLY
    by_name: str
    none: int | None = None
    first: InitVar[int]
    first_default: InitVar[int] = 3
    shared: ClassVar[int] = 4
    bare: ClassVar = 5
    unset: int = field(init=False)
    computed: int = field(init=False, default=0)
    checked: Annotated[int, same] = 0
    itself: "Everything | None" = None


@dataclass
class Empty:
    pass


class Typed(TypedDict):
    a: int
    b: NotRequired[int]
    c: Annotated[NotRequired[int], same]
    d: NotRequired[Annotated[int, same]]


class Loose(Typed, total=False):
    e: str
    f: Required[str]
    g: "Required[str]"
    h: "list[Loose]"


@dataclass
class Three(Generic[T, U]):
    one: T
    two: dict[str, list[U]]
    three: Annotated[T | None, same] = None
    four: InitVar[U] = None
    five: int = 0


@dataclass
class Sub(Three[int, T], Page[T]):
    six: list[T] = field(default_factory=list)


@dataclass
class SubSub(Sub[str]):
    seven: int = 0


@dataclass
class Plain(SubSub):
    pass


@dataclass
class Holder(Generic[T]):
    bare: Page              # type: ignore[type-arg]   # which says nothing of T
    whole: Page[T]


@dataclass
class IntPage(Page[int]):
    pass


@dataclass
class Label(Generic[T]):
    label: T


@dataclass
class Lettered(Label[str]):
    pass


@dataclass
class Both(IntPage, Lettered):
    pass


SAME: Any = Annotated[int, same]
SAME_OR_NONE: Any = Annotated[int | None, same]
ANY_T: Any = T              # a type checker takes them in a class or function only
ANY_U: Any = U


@pytest.mark.parametrize(("annotation", "found"), [
    (Everything, [
        ("plain", int, True), ("with_default", int, False), ("made", list[int], False),
        ("by_name", str, True), ("none", int | None, False), ("first", int, True),
        ("first_default", int, False), ("checked", SAME, False), ("itself", Everything | None, False)]),
    (Empty, []),
    (Typed, [("a", int, True), ("b", int, False), ("c", SAME, False), ("d", SAME, False)]),
    (Loose, [("a", int, True), ("b", int, False), ("c", SAME, False), ("d", SAME, False), ("e", str, False),
             ("f", str, True), ("g", str, True), ("h", list[Loose], False)]),
    (Page[int], [("items", list[int], True)]), (Box[int], [("value", int, True)]),
    (Page[list[int]], [("items", list[list[int]], True)]), (Page, [("items", list[ANY_T], True)]),
    (Three[int, str], [
        ("one", int, True), ("two", dict[str, list[str]], True), ("three", SAME_OR_NONE, False),
        ("four", str, False), ("five", int, False)]),
    (Three[ANY_U, ANY_T], [
        ("one", U, True), ("two", dict[str, list[ANY_T]], True), ("three", Annotated[U | None, same], False),
        ("four", T, False), ("five", int, False)]),
    (Holder[int], [("bare", Page, True), ("whole", Page[int], True)]),
    (Both, [("label", str, True), ("items", list[int], True)]),
    (Plain, [
        ("items", list[str], True), ("one", int, True), ("two", dict[str, list[str]], True),
        ("three", SAME_OR_NONE, False), ("four", str, False), ("five", int, False),
        ("six", list[str], False), ("seven", int, False)]),
])
def test_a_class_is_made_of_what_is_given_to_it(annotation: Any, found: list[tuple[str, Any, bool]]) -> None:
    shape = shape_of(annotation)
    assert isinstance(shape, Record)
    assert members(shape) == [Member(*member) for member in found]


@dataclass(init=False)
class NoInit:
    a: int


@dataclass
class OwnInit:
    a: int

    def __init__(self, b: int) -> None:
        self.a = b


@dataclass
class OwnNew:
    a: int

    def __new__(cls, *args: Any) -> "OwnNew":
        return super().__new__(cls)


@dataclass
class Unresolved:
    a: "Nowhere"            # type: ignore[name-defined]   # noqa: F821


@dataclass
class Division:
    a: "1 / 0"              # type: ignore[valid-type]


class UnresolvedTyped(TypedDict):
    a: "Nowhere"            # type: ignore[name-defined]   # noqa: F821


OWN = "leave it to dataclass; __post_init__ may check and compute"
AT_RUN_TIME = "import the name it uses at run time, at the module's top level"


@pytest.mark.parametrize(("kind", "problem", "mend"), [
    (NoInit, "NoInit has an __init__ of its own", OWN), (OwnInit, "OwnInit has an __init__ of its own", OWN),
    (OwnNew, "OwnNew has an __init__ of its own", OWN),
    (Unresolved, "Unresolved has an annotation that cannot be resolved: name 'Nowhere' is not defined",
     AT_RUN_TIME),
    (UnresolvedTyped,
     "UnresolvedTyped has an annotation that cannot be resolved: name 'Nowhere' is not defined", AT_RUN_TIME),
    (Division, "Division has an annotation that cannot be resolved: division by zero", AT_RUN_TIME),
])
def test_a_class_that_cannot_be_read_or_made_is_refused_with_the_mend(
        kind: Any, problem: str, mend: str) -> None:
    shape = shape_of(kind)
    assert isinstance(shape, Record)
    with pytest.raises(Unconvertible) as caught:
        members(shape)
    assert (caught.value.problem, caught.value.mend) == (problem, mend)


@pytest.mark.parametrize(("kind", "is_one"), [
    (Card, True), (Wire, True), (Page, True), (Box, True), (Page[int], False), (Card("", "card"), False),
    (Named, False), (dict, False), (int, False), (None, False), ("Card", False)])
def test_a_record_is_a_dataclass_or_a_typed_dict(kind: Any, is_one: bool) -> None:
    assert is_record(kind) is is_one


@pytest.mark.parametrize(("value", "key"), [
    (1, (int, 1)), (True, (bool, True)), (1.0, (float, 1.0)), ("1", (str, "1")),
    (Colour.CRIMSON, (str, "red")), (None, (type(None), None))])
def test_values_are_told_apart_as_json_spells_them(value: Any, key: tuple[type, Any]) -> None:
    found = json_key(value)
    assert found == key
    assert found[0] is key[0] is type(found[1])


def test_what_was_made_of_an_annotation_is_kept_if_it_has_a_hash() -> None:
    class NoHash:
        __hash__ = None     # type: ignore[assignment]

        def __eq__(self, other: object) -> bool:
            return True

    made: list[Any] = []

    @remembered
    def make(annotation: Any) -> int:
        made.append(annotation)
        return len(made)

    annotations = [int, list[int], Annotated[int, same], int]
    assert [make(each) for each in annotations] == [1, 2, 3, 1]
    without = Annotated[int, NoHash()]
    assert [make(without), make(without)] == [4, 5]


def test_a_fault_of_what_makes_it_passes_and_is_not_kept() -> None:
    called: list[Any] = []

    @remembered
    def make(annotation: Any) -> Any:
        called.append(annotation)
        raise TypeError("its own")

    for annotation in (int, int):
        with pytest.raises(TypeError, match="its own"):
            make(annotation)
    assert called == [int, int]
