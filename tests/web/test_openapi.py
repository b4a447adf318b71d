"""Schemathesis sends what the OpenAPI document allows, and what it doesn't."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode, checks
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

CHECKS = [
    checks.not_a_server_error,
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
]
OPERATIONS = 26


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_no_answer_breaks_its_schema(client, mode):
    client.post("/admin/think-time", json={"think_time_ms": 0})
    client.post("/admin/race", json={"event_id": 1, "seat_number": "A1", "customers": 3})
    schema = schemathesis.openapi.from_wsgi("/openapi.json", client.application)
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) == OPERATIONS

    for operation in operations:
        if mode is GenerationMode.NEGATIVE and not takes_input(operation):
            continue
        inputs = operation.as_strategy(generation_mode=mode)

        @settings(
            max_examples=20,
            deadline=None,
            database=None,
            derandomize=True,  # the same inputs in every run, so that a failure can be looked at
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=inputs)
        def answers(case):
            case.call_and_validate(checks=CHECKS)

        answers()


def takes_input(operation):
    return any([operation.body, operation.query, operation.path_parameters])


def test_the_short_form_of_tickets_documents_no_status_that_it_rewords(client):
    paths = client.get("/openapi.json").json["paths"]
    for path in ("/book/unsafe", "/book/safe"):
        assert "422" not in paths[path]["post"]["responses"]
        assert client.post(f"{path}?unknown=1", json={}).status_code == 400
    assert "422" in paths["/book"]["post"]["responses"]
