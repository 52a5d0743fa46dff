"""The document of a tree. A validator of OpenAPI 3.1 has seen whatever is made here (see conftest)."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsroute.handlers.plan import BindingError
from fsroute.http.constraints import Length, Pattern, Range
from fsroute.http.forms import Form, UploadedFile
from fsroute.openapi import document
from fsroute.routing.names import read
from fsroute.routing.route import Route
from tests.conftest import Client, Make, Tree
from tests.openapi.conftest import Documented, validated
from tests.openapi.test_schemas import Card, Cash, Color, Money, Movie, Page, User

GET = "def GET(): ...\n"
TYPES = """
from collections.abc import AsyncIterator, Awaitable, Coroutine, Generator, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import partial, wraps
from http import HTTPStatus
from typing import *
from uuid import UUID
from fsroute import Request, Response
from fsroute.http.constraints import Length, Pattern, Range
from fsroute.http.forms import Form, UploadedFile
T = TypeVar("T")
Key = NewType("Key", str)
class Odd: ...
class Words(list): ...
class Names(dict): ...
class Title(str): ...
class Size(StrEnum):
    S = "s"
@dataclass
class User:
    name: str
@dataclass
class Admin:
    rights: list[str]
@dataclass
class Money:
    cents: int
    def __json__(self) -> str: ...
@dataclass
class Free:
    cents: int
    def __json__(self): ...
@dataclass
class Contact:
    name: str
    age: int | None = None
@dataclass
class Upload:
    photos: Annotated[list[UploadedFile], Length(1)]
    note: str = ""
"""

PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}},
           "text/html": {"schema": {"type": "string"}}}
INVALID = PROBLEM | {
    "application/problem+json": {"schema": {"$ref": "#/components/schemas/ValidationProblem"}}}
USER = {"$ref": "#/components/schemas/User"}
JSON = "application/json"
ANY: dict[str, Any] = {"204": None, "2XX": {"*/*": {}}, "3XX": None}


def json_of(schema: dict[str, Any]) -> dict[str, Any]:
    return {JSON: {"schema": schema}}


Operation = Callable[..., dict[str, Any]]


@pytest.fixture
def operation(documented: Documented) -> Operation:
    """The one operation of a handler that is written below some types, its responses looked up."""
    def made(handler: str, folder: str = ".", **files: str) -> dict[str, Any]:
        whole = documented({f"{folder}/route.py": TYPES + handler} | {
            name.replace("__", "/") + ".py": TYPES + text for name, text in files.items()})
        [item] = whole["paths"].values()
        [found] = [part for part in item.values() if isinstance(part, dict)]
        for status, response in found["responses"].items():
            if "$ref" in response:
                name = response["$ref"].removeprefix("#/components/responses/")
                found["responses"][status] = whole["components"]["responses"][name]
        return found
    return made


def contents(operation: dict[str, Any]) -> dict[str, Any]:
    return {status: response.get("content") for status, response in operation["responses"].items()}


# --- the whole ---

def test_a_small_document(make: Make) -> None:
    app = make({"api/users/[id]/route.py": '"""Users."""\ndef GET(id: bool) -> str:\n    """Say hello."""\n'},
               openapi={"path": "/openapi.json", "info": {"title": "Shop"}})
    assert validated(app.openapi()) == {
        "openapi": "3.1.0",
        "info": {"title": "Shop", "version": "0"},
        "paths": {"/api/users/{id}": {
            "summary": "Users",
            "get": {
                "tags": ["users"],
                "summary": "Say hello",
                "operationId": "get_api_users_id",
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "boolean"}}],
                "responses": {
                    "200": {"description": "OK", "content": {"text/plain": {"schema": {"type": "string"}}}},
                    "404": {"$ref": "#/components/responses/NotFound"},
                    "default": {"$ref": "#/components/responses/Error"}}}}},
        "components": {
            "schemas": {"Problem": {
                "type": "object", "description": "What went wrong (RFC 9457). There may be further members.",
                "properties": {
                    "title": {"type": "string", "description": "A short name for the kind of problem."},
                    "status": {"type": "integer", "description": "The status of the answer."},
                    "detail": {"type": "string", "description": "What went wrong this time, for people."}},
                "required": ["title", "status", "detail"]}},
            "responses": {"NotFound": {"description": "Not Found", "content": PROBLEM},
                          "Error": {"description": "Error", "content": PROBLEM}}},
        "tags": [{"name": "users"}]}


def test_the_usual_errors_are_components_that_say_what_is_sent(client: Client,
                                                               documented: Documented) -> None:
    from jsonschema import Draft202012Validator

    files = {"route.py": TYPES + "def POST(user: User, *, n: int): ...", "asked/[what]/route.py": TYPES + (
        "def GET(request, what, *, q: int = 1):\n"
        "    return (request.headers if what == 'header' else request.cookies)['a']\n")}
    components = documented(files)["components"]
    app = client(files)
    answers = [app.post_json("/?n=x", {"name": 1}, status=400).json, app.post("/", "x", status=415).json,
               app.post("/?n=1", "{", {"Content-Type": JSON}, status=400).json,
               app.get("/x", status=404).json,
               app.post_json("/?n=1", {f"{n}": n for n in range(200)}, status=400).json,
               app.get("/asked/header", status=400).json, app.get("/asked/cookie", status=400).json]
    for name in ("Problem", "ValidationProblem"):
        validator = Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": components})
        for answer in answers:
            validator.validate(answer)
        assert not validator.is_valid({"title": "A"})
    assert not validator.is_valid(answers[0] | {"errors": [{"in": "path", "name": "a", "message": "b"}]})


def test_only_route_files_that_are_not_hidden_are_told_of(tree: Tree, documented: Documented) -> None:
    files = {"a/route.py": GET, "b/route.py": "hidden = True\n" + GET, "c/page.html": "<p>",
             "d/route.py": GET}
    assert list(documented(files)["paths"]) == ["/a", "/d"]


def test_methods_without_a_word_in_openapi_are_left_out(documented: Documented) -> None:
    methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY"]
    files = {"a/route.py": "".join([f"def {method}(): ...\n" for method in methods]),
             "b/route.py": "def QUERY(): ...\n"}
    [(path, item)] = documented(files, methods=["QUERY"])["paths"].items()
    assert path == "/a"
    assert list(item) == [method.lower() for method in methods[:-1]]


def test_a_lazy_app_has_the_same_document(make: Make) -> None:
    files = {"a/route.py": GET, "b/[id]/route.py": "def GET(id: int) -> int: ..."}
    info = {"openapi": {"path": "/openapi.json", "info": {"title": "A"}}}
    assert make(files, lazy=True, **info).openapi() == make(files, **info).openapi()


def test_the_same_routes_give_the_same_document_in_their_order(make: Make) -> None:
    handler = "def POST(user: User, *, {}: int) -> Admin: ..."
    app = make({f"{name}/route.py": TYPES + handler.format(name) for name in "cab"})
    first, second = document(app.routes, title="A"), document(app.routes, title="A")
    assert first == second
    assert list(first["paths"]) == [route.pattern for route in app.routes]
    assert str(first) == str(second)


def test_an_empty_list_of_routes_is_a_document_too() -> None:
    assert validated(document([], title="A")) == {
        "openapi": "3.1.0", "info": {"title": "A", "version": "0"}, "paths": {}, "components": {}}


# --- further members ---

def test_further_members_are_added(make: Make) -> None:
    routes = make({"a/route.py": TYPES + "def POST(user: User): ..."}).routes
    extra = {"info": {"version": "1.2", "description": "All of it"}, "servers": [{"url": "/v1"}],
             "security": [{"key": []}], "tags": [{"name": "a", "description": "The a"}],
             "paths": {"/old": {"get": {"responses": {"200": {"description": "OK"}}}},
                       "/a": {"post": {"security": [], "summary": "Mine"}}},
             "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}},
                            "schemas": {"User": {"title": "Mine"}, "More": {"type": "string"}}}}
    made = validated(document(routes, title="A", extra=extra))
    assert made["info"] == {"title": "A", "version": "1.2", "description": "All of it"}
    assert made["servers"] == [{"url": "/v1"}]
    assert made["tags"] == extra["tags"]
    assert list(made["paths"]) == ["/a", "/old"]
    post = made["paths"]["/a"]["post"]
    assert (post["security"], post["summary"], post["operationId"]) == ([], "Mine", "post_a")
    assert made["components"]["securitySchemes"] == {"key": {"type": "apiKey", "in": "header",
                                                             "name": "X-Key"}}
    assert made["components"]["schemas"]["More"] == {"type": "string"}
    user = made["components"]["schemas"]["User"]
    assert (user["type"], user["title"]) == ("object", "Mine")
    assert "BadRequest" in made["components"]["responses"]
    assert validated(document(routes, title="A", extra={"info": {"title": "B"}}))["info"]["title"] == "B"


def test_what_was_given_is_not_written_to(make: Make) -> None:
    extra: dict[str, Any] = {"info": {"version": "1"}, "components": {"schemas": {"A": {}}}}
    document(make({"route.py": TYPES + "def POST(user: User): ..."}).routes, title="A", extra=extra)
    assert extra == {"info": {"version": "1"}, "components": {"schemas": {"A": {}}}}


# --- paths ---

@pytest.mark.parametrize(("folder", "path", "identifier", "tag"), [
    (".", "/", "get_root", None),
    ("api", "/api", "get_api", None),
    ("api/users", "/api/users", "get_api_users", "users"),
    ("api/v1/users", "/api/v1/users", "get_api_v1_users", "users"),
    ("api/v1.2/users", "/api/v1.2/users", "get_api_v1_2_users", "users"),
    ("vault/users", "/vault/users", "get_vault_users", "vault"),
    ("(admin)/users", "/users", "get_users", "users"),
    ("[org]/users", "/{org}/users", "get_org_users", "users"),
    ("users/[user_id]/posts/[id]", "/users/{user_id}/posts/{id}", "get_users_user_id_posts_id", "users"),
    ("files/[...path]", "/files/{path}", "get_files_path", "files"),
    ("feed.xml", "/feed.xml", "get_feed_xml", "feed.xml"),
    ("a b", "/a%20b", "get_a_b", "a b"),
    ("%7Bid%7D", "/%7Bid%7D", "get_id", "{id}"),
    ("é", "/%C3%A9", "get_root", "é"),
    ("50%25", "/50%25", "get_50", "50%"),
    ("a?b#c", "/a%3Fb%23c", "get_a_b_c", "a?b#c"),
    ("a+b,c;d=e@f", "/a+b,c;d=e@f", "get_a_b_c_d_e_f", "a+b,c;d=e@f"),
])
def test_a_folder_is_a_path_with_an_id_and_a_tag(documented: Documented, folder: str, path: str,
                                                 identifier: str,
                                                 tag: str | None) -> None:
    made = documented({f"{folder}/route.py": GET})
    [(found, item)] = made["paths"].items()
    assert found == path
    assert item["get"]["operationId"] == identifier
    assert item["get"].get("tags") == (None if tag is None else [tag])
    assert made.get("tags") == (None if tag is None else [{"name": tag}])


def test_each_operation_has_an_id_of_its_own(documented: Documented) -> None:
    paths = documented({"a/b/route.py": GET, "a_b/route.py": GET,
                        "a-b/route.py": GET + "def POST(): ..."})["paths"]
    assert [(path, method, made["operationId"]) for path, item in paths.items() for method,
            made in item.items()] == [
        ("/a/b", "get", "get_a_b"), ("/a-b", "get", "get_a_b_2"), ("/a-b", "post", "post_a_b"),
        ("/a_b", "get", "get_a_b_3")]


def test_tags_are_listed_once_in_alphabetical_order(documented: Documented) -> None:
    files = {"route.py": GET, "[x]/c/a/route.py": GET} | {f"{name}/route.py": GET for name in "hgfedcba"}
    made = documented(files)
    assert made["tags"] == [{"name": name} for name in "abcdefgh"]


def test_a_catch_all_that_may_be_empty_is_two_paths(documented: Documented) -> None:
    paths = documented({"docs/[[...path]]/route.py": "def GET(path) -> str: ..."})["paths"]
    assert list(paths) == ["/docs", "/docs/{path}"]
    assert "parameters" not in paths["/docs"]["get"]
    assert [each["name"] for each in paths["/docs/{path}"]["get"]["parameters"]] == ["path"]
    assert list(documented({"[[...path]]/route.py": GET})["paths"]) == ["/", "/{path}"]


@pytest.mark.parametrize(("folders", "paths", "left_out"), [
    (["[id]", "[...path]"], ["/{id}"], ["/[...path]"]),
    (["[id]", "[[...path]]"], ["/", "/{id}"], ["/[[...path]]"]),
    (["[id]", "[slug]/posts", "[...path]"], ["/{id}", "/{slug}/posts"], ["/[...path]"]),
    (["[z]/a/[x]", "[a]/a/[...y]", "[b]/[...c]"], ["/{z}/a/{x}", "/{b}/{c}"], ["/[a]/a/[...y]"]),
    (["a/[id]", "b/[...path]"], ["/a/{id}", "/b/{path}"], None),
    (["%7Bx%7D", "[id]", "x"], ["/%7Bx%7D", "/{id}", "/x"], None),
])
def test_of_paths_that_differ_in_names_alone_the_more_specific_is_kept(
        documented: Documented, folders: list[str], paths: list[str], left_out: list[str] | None) -> None:
    made = documented({f"{folder}/route.py": GET for folder in folders})
    assert sorted(made["paths"]) == sorted(paths)
    assert made.get("x-fsroute-left-out") == left_out
    reverse = document(reversed([_route(folder) for folder in folders]), title="A")
    assert sorted(reverse["paths"]) == sorted(paths)
    assert reverse.get("x-fsroute-left-out") == left_out


def _route(folder: str, **handlers: Callable[..., Any]) -> Route:
    """A stand-in for the route of a folder."""
    segments = [segment for name in folder.split("/") if (segment := read(name))]
    route = Route(segments, file="route.py")
    route.handlers = handlers or {"GET": lambda: None}
    return route


# --- words ---

def test_docstrings_are_the_words(documented: Documented) -> None:
    text = '"""The a.\n\nAll.\n"""\ndef GET():\n    """Get it.\n\n    Or not.\n    """\ndef PUT(): ...\n'
    item = documented({"a/route.py": text})["paths"]["/a"]
    assert (item["summary"], item["description"]) == ("The a", "All.")
    assert (item["get"]["summary"], item["get"]["description"]) == ("Get it", "Or not.")
    assert not {"summary", "description"} & item["put"].keys()


def test_the_words_of_another_module_are_not_those_of_the_file(documented: Documented) -> None:
    files = {"a/route.py": '"""The a."""\nfrom ..other import GET\n',
             "other.py": '"""Others."""\ndef GET(): ...\n'}
    assert "summary" not in documented(files)["paths"]["/a"]
    files["a/route.py"] += "def PUT(): ...\n"
    assert documented(files)["paths"]["/a"]["summary"] == "The a"


def test_what_is_deprecated_says_so(documented: Documented) -> None:
    item = documented({"route.py": GET + "def PUT(): ...\nGET.__deprecated__ = ''\n"})["paths"]["/"]
    assert item["get"]["deprecated"] is True
    assert "deprecated" not in item["put"]


# --- what a handler takes ---

INT = {"type": "integer", "format": "int64", "minimum": -(2**63), "maximum": 2**63 - 1}
SEGMENT = {"type": "string", "minLength": 1, "pattern": r"^(?!\.{1,2}(?:/|$))[^/\u0000]+$"}


@pytest.mark.parametrize(("annotation", "schema"), [
    ("", SEGMENT), (": str", SEGMENT), (": Any", SEGMENT), (": object", SEGMENT), (": str | None", SEGMENT),
    (": Key", SEGMENT),
    (": int", INT), (": float", {"type": "number"}), (": bool", {"type": "boolean"}),
    (": date | None", {"type": "string", "format": "date"}),
    (": UUID", {"type": "string", "format": "uuid"}),
    (": Literal['a', 'b']", {"type": "string", "enum": ["a", "b"]}),
    (": Size", {"type": "string", "const": "s"}),
    (": Annotated[int, Range(1)]", INT | {"minimum": 1}),
    (": Annotated[str, Length(2, 5)]", SEGMENT | {"minLength": 2, "maxLength": 5}),
    (": Annotated[str, Length(0)]", SEGMENT),
    (": Annotated[str, Pattern('[a-z]+', 9)]", {"type": "string", "minLength": 1, "maxLength": 9,
                                             "pattern": "^(?:[a-z]+)$",
                                             "allOf": [{"pattern": SEGMENT["pattern"]}]}),
])
def test_a_value_of_the_path_is_a_required_parameter(operation: Operation, annotation: str,
                                                     schema: dict[str, Any]
                                                     ) -> None:
    made = operation(f"def GET(id{annotation}): ...", "users/[id]")
    assert made["parameters"] == [{"name": "id", "in": "path", "required": True, "schema": schema}]
    assert ("404" in made["responses"]) == (schema != SEGMENT or "Length" in annotation)


def test_a_value_that_the_handler_does_not_ask_for_is_a_parameter_too(operation: Operation) -> None:
    made = operation("def GET(id: int): ...", "[org]/users/[id]")
    assert [(each["name"], each["schema"]) for each in made["parameters"]] == [("org", SEGMENT), ("id", INT)]


@pytest.mark.parametrize(("text", "status"), [
    ("a", 200), ("a/b", 200), ("a/.b", 200), ("...", 200), ("a b", 200), ("é", 200),
    (".", 404), ("..", 404), ("a/..", 404), ("./a", 404), ("a//b", 404), ("", 404)])
def test_the_pattern_of_a_catch_all_says_what_matches(client: Client, operation: Operation, text: str,
                                                      status: int
                                                      ) -> None:
    import re
    from urllib.parse import quote

    [made] = operation(GET, "files/[...path]")["parameters"]
    assert (made["name"], made["in"], made["required"]) == ("path", "path", True)
    assert "slashes" in made["description"]
    matches = re.search(made["schema"]["pattern"], text) is not None
    app = client({"files/[...path]/route.py": "def GET(): return ''"}, trailing_slash="strict")
    assert app.get("/files/" + quote(text), status="*").status_int == status
    assert matches == (status == 200)
    one = re.search(SEGMENT["pattern"], text) is not None       # type: ignore[call-overload]
    assert one == (status == 200 and "/" not in text)


def test_a_catch_all_that_is_converted_may_be_a_404(operation: Operation) -> None:
    assert "404" in operation("def GET(path: list[int]): ...", "[...path]")["responses"]
    for annotation in ("", ": list", ": list[str]", ": Any", ": tuple[str, ...]"):
        assert "404" not in operation(f"def GET(path{annotation}): ...", "[...path]")["responses"]


@pytest.mark.parametrize(("argument", "parameter"), [
    ("q", {"required": True, "schema": {"type": "string"}}),
    ("q: str", {"required": True, "schema": {"type": "string"}}),
    ("q='a'", {"schema": {"type": "string", "default": "a"}}),
    ("q: str | None = None", {"schema": {"type": "string"}}),
    ("q: int | None", {"required": True, "schema": INT}),
    ("q: int = 10", {"schema": INT | {"default": 10}}),
    ("q: bool = False", {"schema": {"type": "boolean", "default": False}}),
    ("q: Decimal = Decimal('1.50')", {"schema": {
        "type": "string", "format": "decimal", "pattern": r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$",
        "maxLength": 64,
        "default": "1.50"}}),
    ("q: date = date(2026, 1, 31)", {"schema": {"type": "string", "format": "date",
                                                "default": "2026-01-31"}}),
    ("q: Size = Size.S", {"schema": {"type": "string", "const": "s", "default": "s"}}),
    ("q: Annotated[int, Range(1, 100)] = 0", {"schema": INT | {"minimum": 1, "maximum": 100}}),
    ("q: Annotated[int, Range(1, 100)] = 20", {"schema": INT | {"minimum": 1, "maximum": 100,
                                                                "default": 20}}),
    ("q: list[str]", {"style": "form", "explode": True, "schema": {"type": "array",
                                                                   "items": {"type": "string"}}}),
    ("q: list", {"style": "form", "explode": True, "schema": {"type": "array", "items": {"type": "string"}}}),
    ("q: tuple[int, ...] = (1, 2)", {"style": "form", "explode": True,
                                     "schema": {"type": "array", "items": INT, "default": [1, 2]}}),
    ("q: Annotated[list[str], Length(1)]", {"required": True, "style": "form", "explode": True, "schema": {
        "type": "array", "items": {"type": "string"}, "minItems": 1}}),
    ("q: Annotated[list[str], Length(0, 5)]", {"style": "form", "explode": True, "schema": {
        "type": "array", "items": {"type": "string"}, "minItems": 0, "maxItems": 5}}),
    ("q: object = object()", {"schema": {"type": "string"}}),
])
def test_a_field_of_the_query_is_a_parameter(operation: Operation, argument: str,
                                             parameter: dict[str, Any]) -> None:
    made = operation(f"def GET(*, {argument}): ...")
    assert made["parameters"] == [{"name": "q", "in": "query", **parameter}]
    assert list(made["responses"]) == ["204", "2XX", "3XX", "400", "default"]
    assert made["responses"]["400"]["content"] == INVALID


def test_a_handler_that_takes_nothing_has_no_parameters(operation: Operation) -> None:
    made = operation("def GET(request: Request, params): ...")
    assert not {"parameters", "requestBody"} & made.keys()
    assert list(made["responses"]) == ["204", "2XX", "3XX", "default"]


@pytest.mark.parametrize(("argument", "body"), [
    ("user: User", {"required": True, "content": json_of(USER)}),
    ("user: User | None = None", {"content": json_of({"anyOf": [USER, {"type": "null"}]})}),
    ("users: list[User]", {"required": True, "content": json_of({"type": "array", "items": USER})}),
    ("data: dict", {"required": True, "content": json_of({"type": "object"})}),
    ("data: Annotated[dict[str, int], Length(1)]", {"required": True, "content": json_of(
        {"type": "object", "additionalProperties": INT, "minProperties": 1})}),
    ("contact: Annotated[Contact, Form]", {"required": True, "content": {
        kind: {"schema": {"$ref": "#/components/schemas/Contact"}}
        for kind in ("application/x-www-form-urlencoded", "multipart/form-data")}}),
    ("upload: Annotated[Upload, Form]", {"required": True, "content": {
        "multipart/form-data": {"schema": {"$ref": "#/components/schemas/Upload"}}}}),
])
def test_a_body_is_json_or_a_form(operation: Operation, argument: str, body: dict[str, Any]) -> None:
    made = operation(f"def POST({argument}): ...")
    assert made["requestBody"] == body
    assert list(made["responses"]) == ["204", "2XX", "3XX", "400", "413", "415", "default"]
    assert [made["responses"][status]["content"] for status in ("400", "413", "415")] == [INVALID, PROBLEM,
                                                                                          PROBLEM]


def test_the_fields_of_a_form_are_texts_and_files(documented: Documented) -> None:
    schemas = documented({"a/route.py": TYPES + "def POST(upload: Annotated[Upload, Form]): ...",
                          "b/route.py": TYPES + "def POST(contact: Annotated[Contact, Form]): ..."}
                         )["components"]["schemas"]
    assert schemas["Upload"] == {"type": "object", "required": ["photos"], "properties": {
        "photos": {"type": "array", "minItems": 1, "items": {
            "type": "string", "format": "binary", "contentMediaType": "application/octet-stream"}},
        "note": {"type": "string", "default": ""}}}
    assert schemas["Contact"] == {"type": "object", "required": ["name"],
                                  "properties": {"name": {"type": "string"}, "age": INT}}


# --- what it answers ---

@pytest.mark.parametrize(("annotation", "answers"), [
    ("Response", ANY), ("Any", ANY), ("object", ANY), ("Odd", ANY), ("'Missing'", ANY),
    ("tuple[int, str]", ANY), ("tuple[int, ...]", ANY), ("Iterator | Any",
                                                         {"200": {"application/octet-stream": {}}} | ANY),
    ("User", {"200": json_of(USER)}),
    ("Optional[User]", {"200": json_of(USER)}),
    ("list[User]", {"200": json_of({"type": "array", "items": USER})}),
    ("dict[str, bool]", {"200": json_of({"type": "object", "additionalProperties": {"type": "boolean"}})}),
    ("dict", {"200": json_of({"type": "object"})}),
    ("Mapping[str, User]", {"200": json_of({"type": "object", "additionalProperties": USER})}),
    ("Words", {"200": json_of({"type": "array"})}), ("Names", {"200": json_of({"type": "object"})}),
    ("Money", {"200": json_of({"type": "string"})}),
    ("Free", {"200": {JSON: {}}}), ("User | Free", {"200": {JSON: {}}}), ("Free | User", {"200": {JSON: {}}}),
    ("User | Admin", {"200": json_of({"anyOf": [USER, {"$ref": "#/components/schemas/Admin"}]})}),
    ("User | Admin | User | None", {"200": json_of({"anyOf": [USER,
                                                              {"$ref": "#/components/schemas/Admin"}]})}),
    ("User | dict[str, Any] | list", {"200": json_of({"anyOf": [USER, {"type": "object"},
                                                                {"type": "array"}]})}),
    ("User | Admin | tuple[Literal[200], None, Admin] | tuple[Literal[200], dict[str, str], User]",
     {"200": json_of({"anyOf": [USER, {"$ref": "#/components/schemas/Admin"}]})}),
    ("str", {"200": {"text/plain": {"schema": {"type": "string"}}}}),
    ("Key", {"200": {"text/plain": {"schema": {"type": "string"}}}}),
    ("Title", {"200": {"text/plain": {"schema": {"type": "string"}}}}),
    ("Size", {"200": {"text/plain": {"schema": {"type": "string", "const": "s"}}}}),
    ("Literal['a', 'b']", {"200": {"text/plain": {"schema": {"type": "string", "enum": ["a", "b"]}}}}),
    ("Literal[1]", ANY), ("Literal['a', 1]", ANY), ("HTTPStatus", ANY),   # endpoint.py takes none
    ("Annotated[str, 'words']", {"200": {"text/plain": {"schema": {"type": "string"}}}}),
    ("bytes", {"200": {"application/octet-stream": {}}}),
    ("Iterator[str]", {"200": {"application/octet-stream": {}}}),
    ("Generator[bytes, None, None]", {"200": {"application/octet-stream": {}}}),
    ("str | dict", {"200": {"text/plain": {"schema": {"type": "string"}}, **json_of({"type": "object"})}}),
    ("User | Response", {"200": json_of(USER)} | ANY),
    ("tuple[Literal[201], None, User]", {"201": json_of(USER)}),
    ("tuple[Literal[HTTPStatus.CREATED], None, User]", {"201": json_of(USER)}),
    ("tuple[Literal[200, 201], dict[str, str], User]", {"200": json_of(USER), "201": json_of(USER)}),
    ("tuple[Literal[200] | Literal[201], None, User]", {"200": json_of(USER), "201": json_of(USER)}),
    ("tuple[int, None, User]", {"2XX": json_of(USER)}),
    ("tuple[HTTPStatus, None, User]", {"2XX": json_of(USER)}),
    ("tuple[Literal[100], None, User]", {"2XX": json_of(USER)}),
    ("tuple[Literal[202], None, None]", {"202": None}),
    ("tuple[Literal[202], None, User | None]", {"202": json_of(USER)}),
    ("tuple[Literal[202], None, Response]", {"202": {"*/*": {}}}),
    ("tuple[Literal[204], None, str]", {"204": None}), ("tuple[Literal[304], None, str]", {"304": None}),
    ("User | tuple[Literal[201], None, Admin]", {"200": json_of(USER), "201": json_of(
        {"$ref": "#/components/schemas/Admin"})}),
    ("Coroutine[Any, Any, User]", {"200": json_of(USER)}), ("Awaitable[User]", {"200": json_of(USER)}),
    ("Never", {}), ("NoReturn", {}), ("None", {}),
])
def test_a_result_is_an_answer(operation: Operation, annotation: str, answers: dict[str, Any]) -> None:
    made = operation(f"def GET() -> {annotation}: ...")
    assert contents(made) == answers | {"default": PROBLEM}
    assert made["responses"]["default"]["description"] == "Error"


def test_answers_are_described_by_their_phrase(operation: Operation) -> None:
    made = operation("def GET(id: int) -> tuple[Literal[201, 299], None, str] | Response: ...", "[id]")
    assert {status: response["description"] for status, response in made["responses"].items()} == {
        "201": "Created", "204": "No Content", "299": "Unknown Status", "2XX": "Success",
        "3XX": "Redirection", "404": "Not Found",
        "default": "Error"}


@pytest.mark.parametrize("handler", [
    "async def GET() -> User: ...",
    "GET = partial(lambda: 1)\ndef made() -> User: ...\nGET = partial(made)",
    "class Made:\n    def __call__(self) -> User: ...\nGET = Made()",
    "def shown(f):\n    @wraps(f)\n    def call(*a, **k): return f(*a, **k)\n    return call\n"
    "@shown\ndef GET() -> 'User': ..."])
def test_the_result_is_known_of_every_kind_of_handler(operation: Operation, handler: str) -> None:
    assert contents(operation(handler))["200"] == json_of(USER)


@pytest.mark.skipif("sys.version_info < (3, 12)")
@pytest.mark.parametrize(("alias", "answers"), [
    ("type Found = User | None", {"200": json_of(USER)}),
    ("type Found = tuple[Literal[201], None, User]", {"201": json_of(USER)}),
    ("type Both[A] = A | Admin\nFound = Both[User]",
     {"200": json_of({"anyOf": [USER, {"$ref": "#/components/schemas/Admin"}]})}),
    ("type Swapped[A, B] = tuple[B, None, A]\nFound = Swapped[User, Literal[201]]", {"201": json_of(USER)}),
    ("type Same[A] = A\nFound = Same[User]", {"200": json_of(USER)}),
    ("type Unused[A] = User\nFound = Unused[int]", {"200": json_of(USER)}),
    ("type Found = Found | None", ANY), ("type Found = Missing", ANY)])
def test_the_result_may_have_another_name(operation: Operation, alias: str, answers: dict[str, Any]) -> None:
    assert contents(operation(f"{alias}\ndef GET() -> Found: ...")) == answers | {"default": PROBLEM}


# --- errors ---

def test_errors_of_the_docstring_are_told_in_its_words(operation: Operation) -> None:
    made = operation('''def PUT(id: int, user: User):
    """Set it.

    Raises:
        HTTPError 404: no such user.
        HTTPError(409): the name is taken.
        HTTPError: 410
        HTTPError 400: odd.
    """''', "[id]")
    assert {status: (response["description"], response["content"]) for status,
            response in made["responses"].items()
            if status[0] in "45d"} == {
        "400": ("odd.", INVALID), "404": ("no such user.", PROBLEM), "409": ("the name is taken.", PROBLEM),
        "410": ("Gone", PROBLEM), "413": ("Content Too Large", PROBLEM),
        "415": ("Unsupported Media Type", PROBLEM),
        "default": ("Error", PROBLEM)}


def test_errors_with_words_of_their_own_are_told_where_they_are(documented: Documented) -> None:
    text = 'def GET(id: int):\n    """Get it.\n\n    Raises:\n        HTTPError 404: gone.\n    """'
    made = documented({"[id]/route.py": text})
    assert made["paths"]["/{id}"]["get"]["responses"]["404"] == {"description": "gone.", "content": PROBLEM}
    assert list(made["components"]["responses"]) == ["Error"]


def test_a_400_without_input_is_a_problem_like_others(operation: Operation) -> None:
    made = operation('def GET():\n    """Get it.\n\n    Raises:\n        HTTPError 400: odd.\n    """')
    assert contents(made)["400"] == PROBLEM


def test_an_error_that_the_handler_returns_has_both_forms(operation: Operation) -> None:
    result = "tuple[Literal[404], None, User] | tuple[Literal[403], None, str]"
    made = operation(f"def GET(id: int) -> {result}: ...", "[id]")
    assert contents(made) == {"403": {"text/plain": {"schema": {"type": "string"}}},
                              "404": json_of(USER) | PROBLEM, "default": PROBLEM}


def test_errors_that_look_alike_are_told_once(documented: Documented) -> None:
    text = TYPES + "def POST(id: int, user: User): ..."
    made = documented({f"{name}/[id]/route.py": text for name in "abc"})
    assert list(made["components"]["responses"]) == ["BadRequest", "NotFound", "ContentTooLarge",
                                                     "UnsupportedMediaType", "Error"]


@pytest.mark.parametrize(("errors", "content"), [
    ({"error": "def error(request, exception) -> dict: ..."}, json_of({"type": "object"})),
    ({"error": "def error(request, exception) -> User: ..."}, json_of(USER)),
    ({"error": "def error(request, exception) -> tuple[int, None, User]: ..."}, json_of(USER)),
    ({"error": "def error(request, exception) -> str: ..."}, {"text/plain": {"schema": {"type": "string"}}}),
    ({"error": "def error(request, exception): ..."}, {"*/*": {}}),
    ({"error": "def error(request, exception) -> Response: ..."}, {"*/*": {}}),
    ({"error": "def error(request, exception) -> Any: ..."}, {"*/*": {}}),
    ({"error": "def error(request, exception) -> User | None: ..."}, json_of(USER) | PROBLEM),
    ({"error": "def error(request, exception) -> Response | None: ..."}, {"*/*": {}} | PROBLEM),
    ({"error": "def error(request, exception) -> str: ...",
      "a__error": "def error(request, exception) -> User: ..."},
     json_of(USER)),
    ({"error": "def error(request, exception) -> str: ...",
      "a__error": "def error(request, exception) -> User | None: ..."},
     json_of(USER) | {"text/plain": {"schema": {"type": "string"}}}),
    ({"error": "def error(request, exception) -> Admin | None: ...",
      "a__error": "def error(request, exception) -> User | None: ..."},
     json_of({"anyOf": [USER, {"$ref": "#/components/schemas/Admin"}]}) | PROBLEM),
    ({"b__error": "def error(request, exception) -> str: ..."}, PROBLEM),
])
def test_error_files_say_how_errors_look(operation: Operation, errors: dict[str, str],
                                         content: dict[str, Any]) -> None:
    made = operation("def GET(id: int) -> str: ...", "a/[id]", **errors)
    assert contents(made) == {"200": {"text/plain": {"schema": {"type": "string"}}}, "404": content,
                              "default": content}


def test_a_form_of_the_error_file_stands_in_for_all_that_is_wrong_too(operation: Operation) -> None:
    usual = {"error": "def error(request, exception) -> dict | None: ..."}
    assert contents(operation("def GET(*, n: int) -> str: ...",
                              **usual))["400"] == json_of({"type": "object"}) | INVALID
    shaped = {"error": "def error(request, exception) -> dict: ..."}
    assert contents(operation("def GET(*, n: int) -> str: ...",
                              **shaped))["400"] == json_of({"type": "object"})


# --- anything ---

TAKEN: list[Any] = [str, int, float, bool, Decimal, date, Any, Color, Literal["a", 1], int | None, str | None,
                    list[int],
         list[str] | None, Annotated[int, Range(0, 9)], Annotated[str, Length(1)],
         Annotated[str, Pattern("a+")],
         Annotated[list[str], Length(1, 3)]]
BODIES: list[Any] = [User, Movie, list[User], dict[str, int], dict[str, Any], list[Any], Card | Cash,
                     Page[User], User | None,
          Annotated[list[int], Length(1)], Annotated[User, Form], Annotated[Movie, Form]]
RESULTS: list[Any] = [*TAKEN, *BODIES, Money, None, bytes, "x", set, tuple[Literal[201], None, User],
           tuple[int, None, None],
           tuple[Literal[204, 404], dict[str, str], str], UploadedFile]
DEFAULTS: list[Any] = [..., None, 0, 5, "a", "", 1.5, float("nan"), True, (), ("a",), Color.RED,
                       Decimal("1.5"),
            object()]


def _handler(path: Any, query: Any, default: Any, body: Any, result: Any, doc: str) -> Callable[..., Any]:
    arguments = ", ".join(["id: path", *["body: body_type"][:body is not None]])
    given = "" if default is ... else " = default"
    spaces: dict[str, Any] = {"path": path, "query": query, "default": default, "body_type": body,
                              "result": result}
    exec(f"def handler({arguments}, *, q: query{given}) -> result: ...", spaces)
    handler: Callable[..., Any] = spaces["handler"]
    handler.__doc__ = doc
    return handler


@given(st.lists(st.tuples(st.sampled_from(TAKEN), st.sampled_from(TAKEN), st.sampled_from(DEFAULTS),
                          st.sampled_from([None, *BODIES]), st.sampled_from(RESULTS), st.text(max_size=40)),
                min_size=1, max_size=3),
       st.lists(st.sampled_from(["a", "api", "v1", "%7Bx%7D", "é ", "%25"]), max_size=2), st.booleans())
def test_every_document_is_valid(handlers: list[tuple[Any, ...]], folders: list[str], is_last: bool) -> None:
    methods = dict(zip(("POST", "PUT", "PATCH"), [_handler(*each) for each in handlers], strict=False))
    route = _route("/".join([*folders, "[id]", *["last"][:is_last]]), **methods)
    try:
        validated(document([route], title="A"))
    except BindingError:
        return                                  # an app with it does not start
