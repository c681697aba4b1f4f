"""Rights in the API: every operation, for every role, on own and on foreign objects."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.urls import reverse

from ocim.api.urls import urlpatterns
from ocim.core.access import ALLOWED, FLEET, Right, Role
from ocim.store.models import OpenEdXInstance, RoleGrant
from tests.api.client import Api, account
from tests.api.objects import make_objects
from tests.web.fleet import make_instance

VIEW, OPERATE, RELEASE, CONFIGURE = Right.VIEW, Right.OPERATE, Right.RELEASE, Right.CONFIGURE
TABLE: dict[str, dict[str, Right]] = {
    "instances": {"GET": VIEW, "POST": CONFIGURE},
    "instance": {"GET": VIEW, "PATCH": OPERATE, "DELETE": CONFIGURE},
    "archive": {"POST": CONFIGURE},
    "unarchive": {"POST": CONFIGURE},
    "maintenance": {"PUT": OPERATE, "DELETE": OPERATE},
    "clones": {"POST": CONFIGURE},
    "backups": {"GET": VIEW},
    "restore": {"POST": CONFIGURE},
    "hold": {"PUT": OPERATE, "DELETE": OPERATE},
    "instance-events": {"GET": VIEW},
    "configuration": {"GET": VIEW},
    "configuration-changes": {"GET": VIEW},
    "instance-lint": {"GET": VIEW, "POST": OPERATE},
    "services": {"GET": VIEW, "POST": OPERATE},
    "services-status": {"POST": OPERATE},
    "set-up": {"POST": OPERATE},
    "pending-commands": {"POST": OPERATE},
    "runbook": {"GET": VIEW},
    "verifications": {"GET": VIEW, "POST": OPERATE},
    "superusers": {"GET": CONFIGURE},
    "superuser": {"PUT": CONFIGURE, "DELETE": CONFIGURE},
    "appservers-of-instance": {"GET": VIEW, "POST": OPERATE},
    "appservers": {"GET": VIEW},
    "appserver": {"GET": VIEW},
    "appserver-configuration": {"GET": VIEW},
    "appserver-events": {"GET": VIEW},
    "log": {"GET": VIEW},
    "log-text": {"GET": VIEW},
    "activate": {"POST": OPERATE},
    "deactivate": {"POST": OPERATE},
    "terminate": {"POST": OPERATE},
    "cancel": {"POST": OPERATE},
    "jobs": {"GET": VIEW},
    "job": {"GET": VIEW},
    "cancel-job": {"POST": OPERATE},
    "retry-job": {"POST": OPERATE},
    "job-log": {"GET": VIEW},
    "lint": {"POST": VIEW},
    "differences": {"GET": VIEW},
    "audit": {"GET": Right.ADMINISTER},
    "rollouts": {"GET": VIEW, "POST": RELEASE},
    "plan": {"POST": RELEASE},
    "rollout": {"GET": VIEW},
    "rollout-report": {"GET": VIEW},
    "rollout-events": {"GET": VIEW},
    "pause": {"POST": RELEASE},
    "resume": {"POST": RELEASE},
    "approve": {"POST": RELEASE},
    "abort": {"POST": RELEASE},
    "retry": {"POST": RELEASE},
    "undo": {"GET": VIEW, "POST": RELEASE},
    "assign-broker": {"PUT": CONFIGURE},
    "assign-content-server": {"PUT": CONFIGURE},
    "rotate-content-account": {"POST": CONFIGURE},
    "rotate-broker-account": {"POST": CONFIGURE},
    "rotate-database-accounts": {"POST": CONFIGURE},
}
"""The right that each operation on instances needs, by the name of its address."""
OF_FLEET: dict[str, dict[str, Right]] = {
    "servers": {"GET": VIEW, "POST": CONFIGURE},
    "register-server": {"POST": CONFIGURE},
    "server": {"GET": VIEW, "DELETE": CONFIGURE},
    "cancel-server": {"POST": CONFIGURE},
    "server-log": {"GET": VIEW},
    "shared-settings": {"GET": VIEW, "PUT": CONFIGURE},
    "hosts": {"GET": VIEW},
    "pool": {"GET": VIEW},
    "readmit": {"POST": CONFIGURE},
    "images": {"GET": VIEW},
    "image": {"DELETE": CONFIGURE},
    "start-hosts": {"POST": CONFIGURE},
    "stop-hosts": {"POST": CONFIGURE},
    "build-image": {"POST": CONFIGURE},
    "prune-images": {"POST": CONFIGURE},
    "examinations": {"GET": CONFIGURE, "POST": CONFIGURE},
    "test-notice": {"POST": CONFIGURE},
    "balancers": {"GET": VIEW, "POST": CONFIGURE},
    "person-identity": {"PUT": Right.ADMINISTER},
}
"""The right for the fleet that each operation on what all instances share needs."""
PEOPLE = {
    "people": dict.fromkeys(("GET", "POST"), Right.ADMINISTER),
    "person": dict.fromkeys(("GET", "PUT", "DELETE"), Right.ADMINISTER),
    "person-password": {"PUT": Right.ADMINISTER},
    "person-second-factor": {"DELETE": Right.ADMINISTER},
    "person-role": dict.fromkeys(("PUT", "DELETE"), Right.ADMINISTER),
}
"""Operations on people, for admins of the fleet or of an organization where these have a role."""
OWN = {"tokens": {"GET": VIEW, "POST": VIEW}, "token": {"DELETE": VIEW}}
"""Operations on one's own tokens, which need some role."""
SLOW = {"doctor": {"GET": CONFIGURE}}
"""Operations that look at all that is managed, tried with those alone who may not."""
FOR_ALL = ("page", "schema", "unknown")
"""Addresses that need no role."""
PARTS = {pattern.name: list(pattern.pattern.converters) for pattern in urlpatterns}
OPERATIONS = [(name, method) for name, methods in TABLE.items() for method in methods]
FLEETWIDE = [(name, method) for name, methods in {**OF_FLEET, **SLOW}.items() for method in methods]
NOTHING = dict.fromkeys(("name", "machine", "provider"), "nothing")
WORDS = {"kind": "search", "software": "mongodb", "token_id": 1, "username": "ada", **NOTHING}
EVERY = {**TABLE, **OF_FLEET, **PEOPLE, **OWN, **SLOW}


def accounts() -> Iterator[tuple[Api, Role | None, str]]:
    """Yield an account without a role, and one for each role, for the fleet and two organizations.

    The objects belong to ACME.
    """
    yield account("nobody"), None, FLEET
    for role in Role:
        for organization in (FLEET, "ACME", "Other"):
            yield account(f"{role} {organization}", role, organization), role, organization


def expected(right: Right, role: Role | None, organization: str, *, of_object: bool) -> set[int]:
    """Return the statuses of a refusal; empty if the operation is allowed."""
    rights = ALLOWED[role] if role else frozenset()
    if of_object and (Right.VIEW not in rights or organization == "Other"):
        return {404}
    return set() if right in rights else {403}


def test_the_table_knows_every_operation() -> None:
    assert sorted(str(pattern.name) for pattern in urlpatterns) == sorted([*EVERY, *FOR_ALL])
    for pattern in urlpatterns:
        view: Any = pattern.callback
        if pattern.name in EVERY:
            methods = {method.upper() for method in view.cls.http_method_names}
            has = {method for method in methods - {"HEAD"} if hasattr(view.cls, method.lower())}
            assert has == set(EVERY[pattern.name]), pattern.name


@pytest.mark.parametrize("name, method", OPERATIONS)
def test_an_operation_is_for_those_who_have_the_right(db: None, name: str, method: str) -> None:
    ids = {**WORDS, **make_objects(make_instance("Theirs", organization="ACME"))}
    parts = PARTS[name]
    address = reverse(f"api:{name}", kwargs={part: ids[part] for part in parts})
    for api, role, organization in accounts():
        if (name, method) == ("instances", "POST"):
            answer = api.post(address, {"organization": organization or "ACME"})
        else:
            answer = api.send(method, address)
        refusal = expected(TABLE[name][method], role, organization, of_object=bool(parts))
        got = {answer.status_code} & {401, 403, 404}
        if (name, method) == ("instance", "DELETE"):
            assert answer.status_code in (refusal or {409}), (role, organization)
        else:
            assert got == refusal, (role, organization, answer.status_code)


@pytest.mark.parametrize("name, method", FLEETWIDE)
def test_what_all_share_is_for_those_with_a_role_for_the_fleet(
    demo: OpenEdXInstance, name: str, method: str
) -> None:
    address = reverse(f"api:{name}", kwargs={part: WORDS[part] for part in PARTS[name]})
    right = EVERY[name][method]
    for api, role, organization in accounts():
        is_allowed = role is not None and organization == FLEET and right in ALLOWED[role]
        if not (is_allowed and name in SLOW):
            status = api.send(method, address).status_code
            assert (status == 403) is not is_allowed, (role, organization, status)


@pytest.mark.parametrize(
    "name, method", [(name, method) for name, methods in PEOPLE.items() for method in methods]
)
def test_people_are_for_those_who_administer_them(db: None, name: str, method: str) -> None:
    for api, role, organization in accounts():
        user, _ = User.objects.get_or_create(username="ada")
        RoleGrant.objects.update_or_create(user=user, organization="ACME", role=Role.VIEWER)
        address = reverse(f"api:{name}", kwargs=dict.fromkeys(PARTS[name], "ada"))
        query = "?organization=ACME" if (name, method) == ("person-role", "DELETE") else ""
        is_foreign = organization == "Other" and bool(PARTS[name])
        refusal = {403} if role != Role.ADMIN else {404} if is_foreign else set()
        answer = api.send(method, f"{address}{query}")
        assert {answer.status_code} & {401, 403, 404} == refusal, (role, organization)


@pytest.mark.parametrize("name", EVERY)
def test_a_stranger_is_refused_everything(db: None, name: str) -> None:
    parts = {part: WORDS.get(part, 1) for part in PARTS[name]}
    address = reverse(f"api:{name}", kwargs=parts)
    for method in EVERY[name]:
        assert Api().send(method, address).status_code == 401


def test_the_description_is_for_those_who_are_signed_in(db: None) -> None:
    assert Api().get("/schema").status_code == 401
    assert Api().get("/")["Location"].startswith(reverse("sign-in"))
    page = account("somebody", Role.VIEWER).get("/").content.decode()
    for asset in re.findall(r'(?:src|href)="/static/([^"]+)"', page):
        assert finders.find(asset), asset
    assert page.count("/static/") == 4
