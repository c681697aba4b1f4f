"""The number of queries of an answer does not grow with the fleet."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ocim.core.access import Role
from ocim.operations import chores, search_servers, tokens
from ocim.store.models import Chore, Verification
from ocim.wiring import context
from tests.api.client import Api, account
from tests.api.objects import make_objects
from tests.api.test_schema import DESCRIPTION
from tests.web.fleet import make_appserver, make_instance, make_rollout, write_line
from tests.world import World

MOST = 20
"""Maximum number of queries of an answer, those for the account included."""
OF_DOCTOR = 40
"""Maximum for an examination while somebody waits: a dozen checks,
and a query for each shared server."""
READS = sorted(address for address, methods in DESCRIPTION["paths"].items() if "get" in methods)
PARAMETERS = {
    "/api/v1/configuration/changes": "?old=instance:{instance_id}&new=appserver:{appserver_id}"
}
"""Parameters that an operation needs."""
STATUSES = {"/api/v1/instances/{instance_id}/superusers": 409}
"""Statuses of what needs an app server on a host, which these have not."""
MANY = 6


@pytest.fixture
def ids(world: World) -> dict[str, Any]:
    """Return the names of objects that addresses have, with many others beside them."""
    fleet = [make_instance(f"Campus {number}") for number in range(MANY)]
    ids: dict[str, Any] = make_objects(fleet[0])
    for instance in fleet:
        make_objects(instance)
    for number in range(MANY):
        write_line(make_appserver(fleet[0]), "another line")
        Verification.objects.create(instance=fleet[0], started_at=timezone.now())
        account(f"person-{number}", Role.VIEWER)
        person = User.objects.get(username=f"person-{number}")
        tokens.create(owner=person, name="ci", role=Role.VIEWER, context=context())
        search_servers.request_creation(
            name=f"search-{number}", provider="local", queue="tests", context=context()
        )
    chores.request_examination(queue="tests")
    Chore.objects.update(findings=[{"key": "hosts"}] * MANY)
    ids["rollout_id"] = make_rollout(*fleet).pk
    return ids | {"kind": "search", "name": "search-1"}


def test_an_answer_takes_few_queries(admin: Api, ids: dict[str, Any]) -> None:
    many = {}
    for address in READS:
        names = ids | ({"name": "person-1"} if "/users/" in address else {})
        place = (address + PARAMETERS.get(address, "")).format_map(names)
        with CaptureQueriesContext(connection) as queries:
            assert admin.get(place).status_code == STATUSES.get(address, 200), place
        if len(queries) > (OF_DOCTOR if address.endswith("/doctor") else MOST):
            many[address] = len(queries)
    assert many == {}
