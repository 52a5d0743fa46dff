"""What fills which argument, and every fault of a typed handler at start, as the report has it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, TypedDict

import pytest

from fsroute import App, Form, Request, Response, TreeError, UploadedFile
from fsroute.handlers.binding import bind
from fsroute.handlers.plan import BindingError, plan
from fsroute.handlers.signature import NONE
from fsroute.http.request import Settings
from fsroute.routing.route import Segment
from tests.conftest import Make, Tree
from tests.exchange import environ_of, exchange
from tests.typed import IMPORTS

PATH = (Segment("literal", "x"), Segment("param", "id"), Segment("rest", "path"))


@dataclass
class New:
    name: str


class Change(TypedDict):
    name: str


def everything(request: Any, params: Any, id: int, body: New, path: Any = (), *, q: int = 5, r: Any,
               other: Request) -> None: ...
def of_text(any_name: "Request", *, q: "list[int]", plain="x") -> None: ...  # type: ignore[no-untyped-def]
def no_annotations(id, request, *, q, r=5): ...  # type: ignore[no-untyped-def]
def nothing() -> None: ...


ROLES: list[tuple[Callable[..., Any], list[tuple[str, str, Any, Any]]]] = [
    (everything, [
        ("request", "request", Any, NONE), ("params", "params", Any, NONE), ("id", "path", int, NONE),
        ("body", "body", New, NONE), ("path", "path", Any, ()), ("q", "query", int, 5),
        ("r", "query", Any, NONE),
        ("other", "request", Request, NONE)]),
    (of_text, [("any_name", "request", Request, NONE), ("q", "query", list[int], NONE),
               ("plain", "query", NONE, "x")]),
    (no_annotations, [("id", "path", NONE, NONE), ("request", "request", NONE, NONE),
    ("q", "query", NONE, NONE),
                      ("r", "query", NONE, 5)]),
    (nothing, []),
    (lambda params, /, *, request: None, [("params", "params", NONE, NONE),
    ("request", "request", NONE, NONE)]),
    (lambda request, /, *, path2=None: None, [("request", "request", NONE, NONE),
                                              ("path2", "query", NONE, None)]),
]


@pytest.mark.parametrize(("handler", "roles"), ROLES)
def test_every_argument_has_its_role(handler: Callable[..., Any], roles: list[Any]) -> None:
    made = plan(handler, PATH, "POST")
    assert [(each.name, each.role, each.annotation, each.default) for each in made.arguments] == roles
    assert [each.required for each in made.arguments] == [default is NONE for *_, default in roles]
    assert made.path == tuple(each for each in made.arguments if each.role == "path")
    assert made.query == tuple(each for each in made.arguments if each.role == "query")
    assert (made.body and made.body.name) == next((name for name, role, *_ in roles if role == "body"), None)
    assert not made.is_form


def body_of(annotation: Any) -> Callable[..., Any]:
    def handler(it: Any) -> None: ...
    handler.__annotations__["it"] = annotation
    return handler


def whole(value: Any) -> Any:
    return value


@pytest.mark.parametrize("annotation", [
    New, Change, New | None, list[New], list, Sequence[int], tuple[int, ...], dict, dict[str, int],
    Annotated[New, whole], Annotated[New, whole] | None, Annotated[New | None, whole], list[int] | None])
def test_a_class_a_list_or_a_dict_is_a_json_body(annotation: Any) -> None:
    made = plan(body_of(annotation), PATH, "POST")
    assert made.body is not None
    assert (made.body.annotation, made.is_form) == (annotation, False)


@pytest.mark.parametrize("annotation", [
    New, Change, list[int], dict, dict[str, int], Annotated[New, Form], int])
def test_a_name_in_the_path_is_its_value_whatever_it_is_annotated_with(annotation: Any) -> None:
    handler = body_of(annotation)
    made = plan(handler, [Segment("param", "it")], "POST")
    assert [(each.name, each.annotation) for each in made.path] == [("it", annotation)]
    assert (made.body, made.is_form) == (None, False)


@pytest.mark.parametrize(("annotation", "without"), [
    (Annotated[New, Form], New), (Annotated[Change, Form], Change), (Annotated[New, Form()], New),
    (Annotated[New, Form, whole], Annotated[New, whole]),
    (Annotated[New, whole, Form], Annotated[New, whole]),
    (Annotated[New, whole, Form, len], Annotated[New, whole, len]), (Annotated[New | None, Form], New | None),
    (Annotated[New, Form] | None, New | None),
    (Annotated[New, whole, Form] | None, Annotated[New, whole] | None),
    (Annotated[Annotated[New, Form] | None, whole], Annotated[New | None, whole]),
])
def test_a_form_is_what_says_so_wherever_none_stands(annotation: Any, without: Any) -> None:
    made = plan(body_of(annotation), PATH, "PUT")
    assert made.body is not None
    assert (made.body.annotation, made.is_form) == (without, True)


def only(function: Any) -> Any:
    return function


@pytest.mark.parametrize("annotation", [
    Annotated[New, only], Annotated[New, "Form"], Annotated[New, Response], Annotated[New, UploadedFile]])
def test_what_is_only_like_the_mark_is_none(annotation: Any) -> None:
    class Form:             # another's
        pass

    assert not plan(body_of(annotation), PATH, "POST").is_form
    assert not plan(body_of(Annotated[New, Form]), PATH, "POST").is_form


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY"])
def test_a_method_other_than_get_and_head_may_have_a_body(method: str) -> None:
    assert plan(body_of(New), (), method).body is not None


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_get_and_head_have_none(method: str) -> None:
    with pytest.raises(BindingError, match=f"takes 'it', which is a body, and {method} has none"):
        plan(body_of(New), (), method)


@pytest.mark.parametrize("default", [[], {}, set(), bytearray(), New("a"), [1], ([],), (1, ({},))])
def test_a_default_that_a_request_could_change_is_refused(default: Any) -> None:
    def of_query(*, q: Any = default) -> None: ...
    def of_body(q: list[int] = default) -> None: ...

    for handler, mend in (
            (of_query, "leave it out (a list that was not sent is empty), or write a tuple or None"),
            (of_body, "write None, and the annotation with | None")):
        with pytest.raises(BindingError) as caught:
            plan(handler, PATH, "POST")
        assert caught.value.args == ("has a default for 'q' that a request could change", mend)


@pytest.mark.parametrize("default", [
    (), None, 5, "a", frozenset({1}), object(), len, int, (1, ("a",))])
def test_a_default_that_none_can_change_stands(default: Any) -> None:
    def of_query(*, q: Any = default) -> None: ...
    def of_body(q: list[int] = default) -> None: ...

    for handler in (of_query, of_body):
        [argument] = plan(handler, PATH, "POST").arguments
        assert (argument.default, argument.required) == (default, False)


def answer(request: Any, db: Any, id: int, body: New, *, q: int) -> Any:
    return [db, id, body.name, q]


def answer_without(id: int, db: Any, q: int, *, r: int) -> Any:
    return [db, id, q, r]


@pytest.mark.parametrize(("handler", "result"), [
    (partial(answer, db="db"), ["db", 7, "a", 5]),
    (partial(partial(answer, db="d"), db="db"), ["db", 7, "a", 5]),
    (partial(answer_without, db="db", q=1), ["db", 7, 1, 6]),
    (partial(answer_without, 3, 4, r=2, q=1), [4, 3, 1, 2]),
])
def test_what_stands_after_an_argument_that_a_partial_fills_is_what_it_is_without_it(
    handler: Any, result: list[Any]
) -> None:
    call = bind(handler, (Segment("param", "id"),), "POST")
    environ = environ_of("POST", "/7?q=5&r=6", b'{"name": "a"}')
    for _ in range(2):
        assert call(Request(environ, "/7", {"id": "7"}, Settings())) == result
        environ["wsgi.input"].seek(0)


# faults at start, line by line

FILLED = "take any of request, params, id"
BODY = "a body is a dataclass, a TypedDict, list[T], dict[str, T], or Annotated[T, Form]"
TEXTS = ("take str, int, float, Decimal, bool, UUID, date, datetime, an Enum or Literal, T | None, a list of "
         "those, or Annotated[str, f] with a function f that makes the value")
JSONS = ("take a dataclass, a TypedDict, a list[T] or dict[str, T] of those, str, int, float, Decimal, bool, "
         "UUID, date, datetime, an Enum or Literal, T | None")
RESOLVE = "import the name it uses at run time, at the module's top level"
SCALAR = f"put limit after * to read it from the query; {BODY}"

WRAPS = ("name each argument, for they are filled by name; what a decorator returns has those of the handler "
         "by @functools.wraps(handler)")
WRAPPED = """
def wrapped(handler):
    @functools.wraps(handler)
    def inner(request, **named):
        return handler(request, **named)
    return inner
"""

FAULTS = [
    # what annotations say
    ("def POST(*, q: bytes): ...", "POST cannot convert 'q': bytes is nothing that a text converts to",
     TEXTS),
    ("def POST(*, q: New): ...", "POST takes 'q' as New, which no field of the query is",
     "write q before the *: there it is the body"),
    ("def POST(*, q: dict[str, int]): ...",
     "POST cannot convert 'q': dict[str, int] is nothing that a text converts to", TEXTS),
    ("def POST(*, q: list[list[int]]): ...", "POST cannot convert 'q': list[list[int]] is a list of lists",
     "write list[T] with the T of one value"),
    ("def POST(*, q: UploadedFile): ...",
     "POST cannot convert 'q': UploadedFile is nothing that a text converts to",
     TEXTS),
    ("def POST(*, q: int | str): ...",
     "POST cannot convert 'q': int | str is a union of more than one type and None",
     "take one of them, or str and tell them apart in the handler; in a body, dataclasses that a Literal "
     "field tells apart"),
    ("def POST(*, q: Annotated[str, Range(1)]): ...",
     "POST cannot convert 'q': Range(min=1) does not fit str: '>=' not supported between instances of 'str' "
     "and 'int'",
     "use limits of the type they are for"),
    ("def POST(id: bytes): ...", "POST cannot convert 'id': bytes is nothing that a text converts to", TEXTS),
    ("def POST(id: New): ...", "POST cannot convert 'id': New is nothing that a text converts to", TEXTS),
    ("def POST(id: list[int]): ...", "POST 'id' is one segment, not list[int]",
     "write the type of one, or name the folder [...id]"),
    ("def POST(body: list[bytes]): ...",
     "POST cannot convert 'body': bytes is nothing that JSON converts to", JSONS),
    ("def POST(body: list[UploadedFile]): ...",
     "POST cannot convert 'body': UploadedFile is nothing that JSON converts to", JSONS),
    ("def POST(body: dict[int, str]): ...",
     "POST cannot convert 'body': dict[int, str] has keys that are no str",
     "write dict[str, T]"),
    ("def POST(body: tuple[int, str]): ...",
     "POST cannot convert 'body': tuple[int, str] has a type for each place",
     "write list[T] or tuple[T, ...]"),
    ("def POST(body: Item | New): ...",
     "POST cannot convert 'body': nothing tells the classes of {module}.Item | {module}.New apart",
     'give each a field such as kind: Literal["card"], with a value of its own'),
    ("@dataclass\nclass A:\n    a: bytes\ndef POST(body: A): ...",
     "POST cannot convert 'body': A.a: bytes is nothing that JSON converts to", JSONS),
    ("@dataclass\nclass A:\n    a: Nope\ndef POST(body: A): ...",
     "POST cannot convert 'body': A has an annotation that cannot be resolved: name 'Nope' is not defined",
     RESOLVE),
    ("@dataclass\nclass A:\n    a: int\n    def __init__(self): ...\ndef POST(body: A): ...",
     "POST cannot convert 'body': A has an __init__ of its own",
     "leave it to dataclass; __post_init__ may check and compute"),
    # forms
    ("def POST(body: Annotated[New, Form]): ...",
     "POST cannot convert 'body': New.items: Item is nothing that a text converts to", TEXTS),
    ("def POST(body: Annotated[dict[str, str], Form]): ...",
     "POST cannot convert 'body': dict[str, str] is no class that a form could be",
     "write a dataclass or TypedDict with a member for each field"),
    ("def POST(body: Annotated[list[Item], Form]): ...",
     "POST cannot convert 'body': list[{module}.Item] is no class that a form could be",
     "write a dataclass or TypedDict with a member for each field"),
    ("def POST(body: Annotated[int, Form]): ...",
     "POST cannot convert 'body': int is no class that a form could be",
     "write a dataclass or TypedDict with a member for each field"),
    ("@dataclass\nclass A:\n    a: list[list[UploadedFile]]\ndef POST(body: Annotated[A, Form]): ...",
     "POST cannot convert 'body': A.a: list[list[fsroute.http.forms.UploadedFile]] is a list of lists",
     "write list[T] with the T of one value"),
    ("@dataclass\nclass A:\n    a: dict[str, str]\ndef POST(body: Annotated[A, Form]): ...",
     "POST cannot convert 'body': A.a: dict[str, str] is nothing that a text converts to", TEXTS),
    ("@dataclass\nclass A:\n    a: Item | None\ndef POST(body: Annotated[A, Form]): ...",
     "POST cannot convert 'body': A.a: Item is nothing that a text converts to", TEXTS),
    # what cannot be resolved
    ("def POST(*, q: Nope): ...",
     "POST has an annotation for 'q' that cannot be resolved: name 'Nope' is not defined",
     RESOLVE),
    ("def POST(id: Nope): ...",
     "POST has an annotation for 'id' that cannot be resolved: name 'Nope' is not defined",
     RESOLVE),
    ("def POST(limit: Nope): ...",
     "POST takes 'limit', which nothing fills (its annotation cannot be resolved: name 'Nope' is not "
     "defined)",
     f"{RESOLVE}; or {FILLED}; {SCALAR}"),
    ("def POST(request, limit: list[Nope]): ...",
     "POST takes 'limit', which nothing fills (its annotation cannot be resolved: name 'Nope' is not "
     "defined)",
     f"{RESOLVE}; or {FILLED}; {SCALAR}"),
    ("def POST(limit): ...", "POST takes 'limit', which nothing fills",
     f"call it request, or annotate it, limit: Request; or {FILLED}; {SCALAR}"),
    # places
    ("def POST(request: New): ...", "POST takes 'request' as New, but it is the Request itself",
     "give the argument another name"),
    ("def POST(*, request: Change): ...", "POST takes 'request' as Change, but it is the Request itself",
     "give the argument another name"),
    ("def POST(request, params: New): ...",
     "POST takes 'params' as New, but it is the mapping of the path's values",
     "give the argument another name"),
    ("def POST(request, a: New, b: New): ...", "POST takes two bodies, 'a' and 'b'",
     "make one class of them, or put the fields of the query after *"),
    ("def POST(request, a: New, b: Annotated[Item, Form]): ...", "POST takes two bodies, 'a' and 'b'",
     "make one class of them, or put the fields of the query after *"),
    ("def GET(request, a: New): ...", "GET takes 'a', which is a body, and GET has none",
     "write another method, or read fields of the query: put them after *"),
    ("def GET(request, tags: list[str]): ...", "GET takes 'tags', which is a body, and GET has none",
     "write another method, or read fields of the query: put them after *"),
    ("def HEAD(request, a: Annotated[Item, Form] | None = None): ...",
     "HEAD takes 'a', which is a body, and HEAD has none",
     "write another method, or read fields of the query: put them after *"),
    ("def GET(request, *, id: int): ...", "GET takes 'id' by keyword only, and the path has a [id]",
     "write id before the *, or give the field of the query another name"),
    ("def GET(request, limit: int): ...", "GET takes 'limit', which nothing fills", f"{FILLED}; {SCALAR}"),
    ("def GET(request, limit: int = 10): ...", "GET takes 'limit', which nothing fills",
     f"{FILLED}; {SCALAR}"),
    ("def GET(request, limit=10): ...", "GET takes 'limit', which nothing fills", f"{FILLED}; {SCALAR}"),
    ("def POST(request, limit: Any): ...", "POST takes 'limit', which nothing fills", f"{FILLED}; {SCALAR}"),
    ("def POST(request, limit: Annotated[int, Range(1)] | None): ...",
     "POST takes 'limit', which nothing fills",
     f"{FILLED}; {SCALAR}"),
    ("class Model:\n    name: str\ndef POST(request, limit: Model): ...",
     "POST takes 'limit' as Model, which is no dataclass or TypedDict", BODY),
    ("def POST(request, limit: UploadedFile): ...",
     "POST takes 'limit' as UploadedFile, which is no dataclass or TypedDict", BODY),
    ("def POST(request, limit: Form): ...", "POST takes 'limit' as Form, which is no dataclass or TypedDict",
     BODY),
    (WRAPPED + "@wrapped\ndef POST(request, *, user=None): ...",
     "POST takes 'user', which may be a field of the query, or a decorator's",
     "write user: str to read it from the query; a decorator that passes it in sets __signature__, without "
     "it, on what it returns"),
    ("def POST(a: New, /, request): ...", "POST takes the body 'a' by position only",
     "leave out the / after it"),
    ("def POST(request, a: New, /, *, q): ...", "POST takes the body 'a' by position only",
     "leave out the / after it"),
    ("def POST(request, *args, q: int): ...", "POST takes *args",
     WRAPS),
    ("def POST(request, *, q: int, **rest): ...", "POST takes **kwargs",
     WRAPS),
    ("async def POST(request, *, q: int): yield q", "POST is an async generator",
     "return a value: async def is there for async libraries"),
    ("def POST(request, *, q: list[str] = []): ...", "POST has a default for 'q' that a request could change",
     "leave it out (a list that was not sent is empty), or write a tuple or None"),
    ("def POST(request, a: New = New('a', 1)): ...", "POST has a default for 'a' that a request could change",
     "write None, and the annotation with | None"),
    ("max_body = None\ndef POST(a: Annotated[New, Form]): ...",
     "POST takes a form, which needs a limit, and max_body is None",
     "set one in this file, such as max_body = 50 * 2**20"),
    # the file's own
    ("hidden = 1\ndef GET(): ...", "hidden is True or False, not 1",
     "correct it, or leave it out: App(...) has the default"),
    ("hidden = 'yes'\ndef GET(): ...", "hidden is True or False, not 'yes'",
     "correct it, or leave it out: App(...) has the default"),
]


def test_of_a_wrapped_handler_the_query_is_what_is_annotated_or_what_its_signature_has(make: Make) -> None:
    signed = "    inner.__signature__ = inspect.signature(lambda request, *, q: None)\n    return inner\n"
    app = make({
        "annotated/route.py": IMPORTS + WRAPPED + "@wrapped\ndef GET(request, *, q: str): return q",
        "signed/route.py": IMPORTS + WRAPPED.replace("    return inner\n", signed).replace(
            "**named)\n    inner", "user='me', **named)\n    inner")
        + "@wrapped\ndef GET(request, *, q, user): return user + q"})
    assert exchange(app, environ_of("GET", "/annotated?q=1")).text == "1"
    assert exchange(app, environ_of("GET", "/signed?q=1&user=admin")).text == "me1"


@pytest.mark.parametrize(("source", "problem", "mend"), FAULTS)
def test_a_fault_is_one_line_of_the_report(tree: Tree, source: str, problem: str, mend: str) -> None:
    root = tree({"x/[id]/route.py": IMPORTS + source})
    with pytest.raises(TreeError) as caught:
        App(root)
    [fault] = caught.value.faults
    name = root.rpartition("/")[2]
    shown = problem.replace("{module}", f"{name}.x.[id].route")
    assert str(fault) == f"{name}/x/[id]/route.py: {shown}; {mend}"
    assert str(caught.value).splitlines()[1:] == [f"  {fault}"]


def test_a_decorator_that_passes_an_argument_in_is_told_of_its_signature(tree: Tree) -> None:
    with pytest.raises(TreeError,
                       match="a decorator that passes it in sets __signature__ on what it returns"):
        App(tree({"route.py": IMPORTS + "def wrapped(f): return functools.wraps(f)(lambda *a, **k: None)\n"
                                        "@wrapped\ndef GET(request, db): ..."}))


def test_the_faults_of_several_files_are_in_one_report(tree: Tree) -> None:
    root = tree({"a/route.py": IMPORTS + "def GET(*, q: bytes): ...\ndef POST(body: list[bytes]): ...\n"
                                         "def PUT(request, limit: int): ...\nhidden = 2",
                 "b/route.py": IMPORTS + "def GET(b: New): ...\ndef PUT(b: New): ...",
                 "c/route.py": IMPORTS + "def POST(b: Annotated[New, Form]): ..."})
    with pytest.raises(TreeError) as caught:
        App(root, openapi="/b")
    files = [re.sub("^.*?/", "", fault.files[0]) for fault in caught.value.faults]
    problems = " ".join(fault.problem for fault in caught.value.faults)
    assert sorted(file for file in files if file.endswith("route.py"))[:4] == ["a/route.py"] * 4
    assert {"b/route.py", "c/route.py"} <= set(files)
    for part in ("'q': bytes", "'body': bytes", "'limit'", "hidden is", "GET has none",
                 "'b': New.items: Item",
                 "answer /b"):
        assert part in problems


@pytest.mark.parametrize(("source", "problem", "mend"), FAULTS[::4])
def test_of_a_lazy_app_a_fault_is_a_500_and_a_line_in_the_log(
    make: Make, caplog: pytest.LogCaptureFixture, source: str, problem: str, mend: str
) -> None:
    app = make({"x/[id]/route.py": IMPORTS + source}, lazy=True)
    shown = problem.replace("{module}",
                            f"{next(iter(app._table.resources)).file.split('/')[-4]}.x.[id].route")
    for _ in range(2):
        caplog.clear()
        answer = exchange(app, environ_of("POST", "/x/1", b"{}"))
        assert answer.status == 500
        assert f"{shown}; {mend}" in caplog.text
        assert mend not in answer.text
