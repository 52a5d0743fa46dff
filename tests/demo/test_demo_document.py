"""The shop's OpenAPI document: what it tells of, and that the shop answers as it says.

"make test-api" asks the same of everything that the document allows (see fuzz.py).
"""

import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from webtest import TestApp

from fsroute import App

from .conftest import STAFF

IN_BRACKETS = re.compile(r"\[+(?:\.\.\.)?(\w+)\]+")
METHODS = ("get", "put", "post", "delete", "patch")
CAROL = {"name": "Carol", "email": "carol@example.com"}
WRITTEN: dict[str | bytes, Any] = {"name": "Carol", "email": "carol@example.com", "message": "Hello"}
FOX = {"slug": "trail-fox", "quantity": 2}


@pytest.fixture
def document(shop: TestApp) -> dict[str, Any]:
    """As the shop serves it."""
    served: dict[str, Any] = shop.get("/api/openapi.json", status=200).json
    return served


def test_it_is_a_valid_document_of_openapi_3_1(document: dict[str, Any]) -> None:
    OpenAPIV31SpecValidator(document).validate()
    assert document["openapi"] == "3.1.0"
    assert document["info"] == {"title": "Burrow & Branch", "version": "1.0"}


def test_it_tells_of_every_route_but_the_feed_and_the_webhooks(app: App, document: dict[str, Any]) -> None:
    told = {f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item
            if method in METHODS}
    answered = {method + " " + IN_BRACKETS.sub(r"{\1}", route.pattern)
                for route in app.routes if route.kind == "route" for method in route.methods}
    webhooks = {"POST /api/webhooks/github", "POST /api/webhooks/stripe"}
    assert answered - told == {"GET /api/orders/feed", *webhooks}
    assert told - answered == {"GET /api/categories"}       # a catch-all that may be empty is two paths


def test_every_operation_has_a_summary_of_its_own_and_every_answer_words(document: dict[str, Any]) -> None:
    operations = [item[method] for item in document["paths"].values() for method in METHODS if method in item]
    summaries = {operation["summary"] for operation in operations}
    assert len(summaries) == len(operations) - 1            # the two paths of one handler
    for operation in operations:
        for status, answer in operation["responses"].items():
            assert "$ref" in answer or answer["description"], (operation["operationId"], status)


def test_what_is_taken_is_said_by_the_annotations(document: dict[str, Any]) -> None:
    parameters = {each["name"]: each for each in document["paths"]["/api/products"]["get"]["parameters"]}
    assert parameters["category"]["schema"] == {"type": "string", "default": ""}
    limit = parameters["limit"]["schema"]
    assert (limit["type"], limit["minimum"], limit["maximum"], limit["default"]) == ("integer", 1, 100, 10)
    assert document["components"]["schemas"]["Progress"]["properties"]["status"] == {
        "type": "string", "enum": ["placed", "paid", "sent", "cancelled"]}
    form = document["paths"]["/api/contact"]["post"]["requestBody"]["content"]
    assert form.keys() == {"multipart/form-data"}
    patch = document["components"]["schemas"]["Changes"]
    assert patch["properties"].keys() == {"name", "email"}
    assert "required" not in patch


def test_a_password_is_asked_for_below_admin_and_nowhere_else(document: dict[str, Any]) -> None:
    for path, item in document["paths"].items():
        for method in {*METHODS} & item.keys():
            asked = item[method].get("security", document.get("security", []))
            assert asked == ([{"staff": []}] if path.startswith("/api/admin/") else []), (method, path)


def test_errors_are_told_in_the_shops_own_form(document: dict[str, Any]) -> None:
    failure = document["components"]["schemas"]["Failure"]
    assert failure["properties"].keys() == {"message", "errors", "request"}
    assert failure["required"] == ["message"]
    missing = document["paths"]["/api/users/{id}"]["get"]["responses"]["404"]
    assert missing["description"] == "there is no such user."
    assert missing["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Failure"}


# method, path in the document, URL, JSON body, status
ANSWERS: list[tuple[str, str, str, Any, int]] = [
    ("GET", "/health", "/health", None, 200),
    ("GET", "/api/hello", "/api/hello", None, 200),
    ("GET", "/api/users", "/api/users", None, 200),
    ("POST", "/api/users", "/api/users", CAROL, 201),
    ("POST", "/api/users", "/api/users", {"name": " "}, 400),
    ("POST", "/api/users", "/api/users", {**CAROL, "email": "bob@example.com"}, 409),
    ("POST", "/api/users", "/api/users", None, 415),
    ("GET", "/api/users/{id}", "/api/users/1", None, 200),
    ("GET", "/api/users/{id}", "/api/users/999", None, 404),
    ("GET", "/api/users/{id}", "/api/users/abc", None, 404),
    ("PUT", "/api/users/{id}", "/api/users/1", CAROL, 200),
    ("PATCH", "/api/users/{id}", "/api/users/1", {"name": "Carol"}, 200),
    ("PATCH", "/api/users/{id}", "/api/users/1", {}, 400),
    ("DELETE", "/api/users/{id}", "/api/users/1", None, 204),
    ("GET", "/api/products", "/api/products?category=shoes", None, 200),
    ("GET", "/api/products", "/api/products", None, 200),
    ("GET", "/api/products", "/api/products?limit=0", None, 400),
    ("GET", "/api/products/{slug}", "/api/products/trail-fox", None, 200),
    ("GET", "/api/products/{slug}/shipping", "/api/products/trail-fox/shipping", None, 200),
    ("GET", "/api/categories", "/api/categories", None, 200),
    ("GET", "/api/categories/{path}", "/api/categories/shoes/running", None, 200),
    ("GET", "/api/categories/{path}", "/api/categories/hats", None, 404),
    ("GET", "/api/basket", "/api/basket", None, 200),
    ("POST", "/api/basket", "/api/basket", FOX, 200),
    ("POST", "/api/basket", "/api/basket", {"slug": "none", "quantity": 1}, 400),
    ("POST", "/api/orders", "/api/orders", {"name": "Carol"}, 409),
    ("GET", "/api/orders/export", "/api/orders/export", None, 200),
    ("GET", "/api/admin/orders", "/api/admin/orders", None, 200),
    ("PATCH", "/api/admin/orders/{id}", "/api/admin/orders/1", {"status": "sent"}, 200),
    ("PATCH", "/api/admin/orders/{id}", "/api/admin/orders/1", {"status": "lost"}, 400),
    ("GET", "/api/admin/messages", "/api/admin/messages", None, 200),
    ("DELETE", "/api/admin/messages/{id}", "/api/admin/messages/1", None, 204),
    ("DELETE", "/api/admin/messages/{id}", "/api/admin/messages/2", None, 404),
]


@pytest.mark.parametrize(("method", "path", "url", "body", "status"), ANSWERS)
def test_the_shop_answers_as_it_says(
    shop: TestApp, document: dict[str, Any], method: str, path: str, url: str, body: Any, status: int,
) -> None:
    shop.post_json("/api/basket", FOX)
    shop.post_json("/api/orders", {"name": "Dave"}, status=201)
    shop.post("/api/contact", WRITTEN, status=201)
    shop.authorization = ("Basic", ("owner", STAFF["owner"]))
    ask = getattr(shop, method.lower() if body is None else f"{method.lower()}_json")
    answer = ask(url, *([] if body is None else [body]), status=status)
    content = told(document, path, method, status)
    if not content:
        assert answer.body == b""
    elif content.keys() != {"*/*"}:
        schema = content[answer.content_type]["schema"]
        Draft202012Validator({**schema, "components": document["components"]}).validate(answer.json)


def test_a_message_with_a_picture_is_answered_as_it_says(shop: TestApp, document: dict[str, Any]) -> None:
    picture = ("avatar", "dot.gif", b"GIF89a")
    content = told(document, "/api/contact", "POST", 201)
    schema = {**content["application/json"]["schema"], "components": document["components"]}
    for files in ([picture], []):
        answer = shop.post("/api/contact", WRITTEN, upload_files=files, status=201)
        Draft202012Validator(schema).validate(answer.json)
        assert (answer.json["avatar"] is None) == (files == [])


def told(document: dict[str, Any], path: str, method: str, status: int) -> dict[str, Any]:
    """The content that the document tells of an answer."""
    answers = document["paths"][path][method.lower()]["responses"]
    answer = answers.get(str(status)) or answers.get(f"{status // 100}XX") or answers["default"]
    if "$ref" in answer:
        answer = document["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    content: dict[str, Any] = answer.get("content", {})
    return content
