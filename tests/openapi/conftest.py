"""What tests of documents share: the document of a tree, which a validator of OpenAPI 3.1 has seen."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.conftest import Make

Documented = Callable[..., dict[str, Any]]


def validated(document: dict[str, Any]) -> dict[str, Any]:
    """The document, as it comes out of JSON, if it is valid."""
    document = json.loads(json.dumps(document, allow_nan=False))
    OpenAPIV31SpecValidator(document).validate()
    return document


@pytest.fixture
def documented(make: Make) -> Documented:
    """The document of the app that serves these files."""
    def document(files: Mapping[str, str], **options: Any) -> dict[str, Any]:
        return validated(make(files, **options).openapi())

    return document
