"""The API against its own description: no answer is a fault of the code, none is undescribed."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from django.contrib.auth.models import User
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from ocim.store.models import OpenEdXInstance
from tests.api.objects import make_objects

DESCRIPTION = SchemaGenerator(urlconf="ocim.project.urls").get_schema(  # type: ignore[no-untyped-call]
    request=None, public=True
)
LEFT_OUT = (
    "/events",
    "/log.txt",
    "/doctor",
    "/register",
    "post /api/v1/instances/{instance_id}/lint",
    "get /api/v1/balancers",
    "/schema",
)
"""Ends of operations that are streams, ask servers outside, or describe the API itself."""
EXAMPLES = 8
"""Number of requests for each operation."""
CSRF = "a" * 32
WSGI = WSGIHandler()


def operations() -> dict[str, Any]:
    schema = schemathesis.openapi.from_dict(DESCRIPTION)
    found = [result.ok() for result in schema.get_all_operations()]
    return {f"{operation.method} {operation.path}": operation for operation in found}


OPERATIONS = {
    name: operation for name, operation in operations().items() if not name.endswith(LEFT_OUT)
}


@pytest.fixture
def ids(demo: OpenEdXInstance) -> dict[str, int]:
    return make_objects(demo)


@pytest.fixture
def app(db: None) -> Iterator[Callable[..., Any]]:
    """Yield the pages, for requests of a signed-in administrator."""
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    session = client.cookies["sessionid"].value

    def call(environ: dict[str, Any], start: Any) -> Any:
        environ.pop("HTTP_AUTHORIZATION", None)  # a made-up token
        environ["HTTP_COOKIE"] = f"sessionid={session}; csrftoken={CSRF}"
        environ["HTTP_X_CSRFTOKEN"] = CSRF
        return WSGI(environ, start)

    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)  # the test's connection stays open
    yield call
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def test_the_description_is_openapi() -> None:
    assert DESCRIPTION["openapi"].startswith("3.1")
    validate_schema(DESCRIPTION)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_answer_is_as_described(
    name: str,
    ids: dict[str, int],
    app: Callable[..., Any],
    unthrottled: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "rest_framework.throttling.UserRateThrottle.rate", "1000000/s", raising=False
    )
    operation = OPERATIONS[name]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def answers(case: Any) -> None:
        for part, number in ids.items():
            # Half of the requests are for what there is.
            if case.path_parameters and int(case.path_parameters.get(part) or 1) % 2 == 0:
                case.path_parameters[part] = number
        with transaction.atomic():
            response = case.call(app=app)
            transaction.set_rollback(True)
        case.validate_response(
            response,
            checks=[
                not_a_server_error,
                status_code_conformance,
                content_type_conformance,
                response_headers_conformance,
                response_schema_conformance,
            ],
        )

    answers()
