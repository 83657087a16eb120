"""Requests of every shape that the document allows, and of those it does not: never a 500, always a problem."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from hub import api
from hub.handover import make_credential
from tests.hub.gate import Gate
from tests.hub.serving import Serving

pytestmark = pytest.mark.soak
SCHEMA = schemathesis.openapi.from_dict(json.loads(json.dumps(api.document())))


@schemathesis.serializer("application/cbor")
def cbor_body(_: object, value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    made = Serving(tmp_path_factory.mktemp("hub"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def gate(hub: Serving) -> Gate:
    made = Gate().passes(3)
    assert hub.enrol(made).status == 201
    return made


@SCHEMA.parametrize()
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_request_of_any_shape_breaks_the_hub(case: schemathesis.Case, hub: Serving, gate: Gate) -> None:
    if case.path_parameters.get("device"):
        case.path_parameters["device"] = gate.id.hex()
    headers = {"Authorization": f"Bearer {make_credential(hub.parts, 'authority')}"}
    answer = case.call(base_url=hub.url, headers=headers)
    case.validate_response(
        answer, checks=(not_a_server_error, content_type_conformance, response_schema_conformance), headers=headers
    )
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == ["application/problem+json"]
