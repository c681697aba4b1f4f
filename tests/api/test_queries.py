"""The number of queries of an answer does not grow with the fleet."""

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from ocim.core.access import Role
from ocim.store.models import Verification
from tests.api.client import Api, account
from tests.api.objects import make_objects
from tests.api.test_rights import PARTS, TABLE
from tests.web.fleet import make_appserver, make_instance, make_rollout, write_line

MOST = 20
"""Maximum number of queries of an answer, those for the account included."""
READS = [
    *(name for name, methods in TABLE.items() if "GET" in methods and name != "differences"),
    *("servers", "hosts", "images", "people", "tokens"),
]


@pytest.mark.parametrize("name", READS)
def test_an_answer_takes_few_queries(
    admin: Api, django_assert_max_num_queries: Any, name: str
) -> None:
    fleet = [make_instance(f"Campus {number}") for number in range(6)]
    ids: dict[str, Any] = make_objects(fleet[0])
    for instance in fleet:
        make_objects(instance)
    for _ in range(6):
        write_line(make_appserver(fleet[0]), "another line")
        Verification.objects.create(instance=fleet[0], started_at=timezone.now())
    for number in range(6):
        account(f"person {number}", Role.VIEWER)
    ids |= {"kind": "search"}
    ids["rollout_id"] = make_rollout(*fleet).pk
    address = reverse(f"api:{name}", kwargs={part: ids[part] for part in PARTS[name]})
    with django_assert_max_num_queries(MOST):
        assert admin.get(address).status_code == 200
