"""Schemathesis calls every route with what its OpenAPI document allows and forbids; none answers 500."""

import json

import hypothesis
import pytest
import schemathesis
from fastapi.testclient import TestClient
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from reidkit.deploy.embedder import Embedder
from reidkit.serve.app import create_app
from tests.serve.conftest import Place, photo

CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
]


def call_every_route(embedder: Embedder, place: Place, num_examples: int) -> int:
    """Call every route so many times, and return how many calls were made."""
    app = create_app(embedder, place.gallery)
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    num_calls = 0
    for result in schema.get_all_operations():
        operation = result.ok()

        @hypothesis.given(case=operation.as_strategy())
        @hypothesis.settings(
            max_examples=num_examples,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[hypothesis.Phase.generate],
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        def call(case):
            nonlocal num_calls
            num_calls += 1
            is_form = case.media_type == "multipart/form-data" and isinstance(case.body, dict)
            if is_form and num_calls % 2:  # random bytes are no image
                case.body |= {name: photo() for name in ("first", "second") if name in case.body}
                case.body |= {name: [photo()] for name in ("images",) if name in case.body}
            case.call_and_validate(checks=CHECKS)

        call()
    return num_calls


def test_no_route_fails(embedder: Embedder, place: Place):
    assert call_every_route(embedder, place, 8) >= 22


@pytest.mark.slow
def test_no_route_fails_in_many_calls(embedder: Embedder, place: Place):
    assert call_every_route(embedder, place, 300) >= 22 * 50


def test_the_document_describes_every_answer(client: TestClient):
    document = client.get("/openapi.json").json()
    operations = [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    assert len(operations) == 22
    for path, method, operation in operations:
        assert operation["description"], (path, method)
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                assert list(answer["content"]) == ["application/problem+json"], (path, method, status)
    assert "HTTPValidationError" not in json.dumps(operations)
