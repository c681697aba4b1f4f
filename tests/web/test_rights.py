"""Rights in the pages: every address, for every role."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from ocim.core.access import Role
from ocim.core.jobs import RetainJob
from ocim.operations import jobs
from ocim.store.models import Job, OpenEdXAppServer, OpenEdXInstance, Rollout
from tests.web.conftest import signed_in
from tests.web.fleet import make_appserver, make_instance, make_rollout, write_line

ORGANIZATION = "Campus"
NOW = timezone.now()
# Statuses for: no role, viewer, operator, releaser, admin, and admin of another organization.
TABLE = {
    "instances": ("get", (), (403, 200, 200, 200, 200, 200)),
    "bulk": ("get", (), (403, 302, 302, 302, 302, 302)),
    "save-filter": ("post", (), (403, 302, 302, 302, 302, 302)),
    "forget-filter": ("post", (1,), (403, 404, 404, 404, 404, 404)),
    "create-instance": ("get", (), (403, 403, 403, 403, 200, 200)),
    "derived-addresses": ("get", (), (403, 200, 200, 200, 200, 200)),
    "edit-instance": ("get", (1,), (403, 403, 200, 200, 200, 404)),
    "configuration": ("get", (1,), (403, 200, 200, 200, 200, 404)),
    "clone-instance": ("get", (1,), (403, 403, 403, 403, 200, 404)),
    "begin-maintenance": ("get", (1,), (403, 403, 200, 200, 200, 404)),
    "hold-instance": ("get", (1,), (403, 403, 200, 200, 200, 404)),
    "take-step": ("post", (1, "archive"), (403, 403, 403, 403, 200, 404)),
    "instance": ("get", (1,), (403, 200, 200, 200, 200, 404)),
    "instance-progress": ("get", (1,), (403, 200, 200, 200, 200, 404)),
    "instance-events": ("get", (1,), (403, 200, 200, 200, 200, 404)),
    "spawn": ("post", (1,), (403, 403, 302, 302, 302, 404)),
    "superusers": ("get", (1,), (403, 403, 403, 403, 200, 404)),
    "look-at-superusers": ("post", (1,), (403, 403, 403, 403, 302, 404)),
    "change-superuser": ("post", (1,), (403, 403, 403, 403, 200, 404)),
    "services": ("get", (1,), (403, 200, 200, 200, 200, 404)),
    "switch-services": ("post", (1,), (403, 403, 302, 302, 302, 404)),
    "look-at-services": ("post", (1,), (403, 403, 200, 200, 200, 404)),
    "set-up-services": ("post", (1,), (403, 403, 302, 302, 302, 404)),
    "appserver": ("get", (1,), (403, 200, 200, 200, 200, 404)),
    "appserver-progress": ("get", (1,), (403, 200, 200, 200, 200, 404)),
    "appserver-events": ("get", (1,), (403, 200, 200, 200, 200, 404)),
    "appserver-log-pages": ("get", (1,), (403, 200, 200, 200, 200, 404)),
    "appserver-log": ("get", (1,), (403, 200, 200, 200, 200, 404)),
    "preview-password": ("post", (1,), (403, 403, 403, 403, 200, 404)),
    "act": ("post", (1, "terminate"), (403, 403, 200, 200, 200, 404)),
    "rollouts": ("get", (), (403, 200, 200, 200, 200, 200)),
    "plan-rollout": ("get", (), (403, 403, 403, 200, 200, 200)),
    "rollout": ("get", (1,), (403, 200, 200, 200, 200, 404)),
    "rollout-progress": ("get", (1,), (403, 200, 200, 200, 200, 404)),
    "rollout-events": ("get", (1,), (403, 200, 200, 200, 200, 404)),
    "rollout-report": ("get", (1, "json"), (403, 200, 200, 200, 200, 404)),
    "rollout-act": ("post", (1, "abort"), (403, 403, 403, 200, 200, 404)),
    "servers": ("get", (), (403, 200, 200, 200, 200, 403)),
    "sync-balancers": ("post", (), (403, 403, 403, 403, 302, 403)),
    "add-server": ("get", ("search",), (403, 403, 403, 403, 200, 403)),
    "server": ("get", ("database", "databases"), (403, 200, 200, 200, 200, 403)),
    "server-act": ("post", ("database", "databases", "remove"), (403, 403, 403, 403, 200, 403)),
    "shared-settings": ("get", (), (403, 200, 200, 200, 200, 200)),
    "edit-shared-settings": ("get", (), (403, 403, 403, 403, 200, 403)),
    "hosts": ("get", (), (403, 200, 200, 200, 200, 403)),
    "switch-hosts": ("post", ("local", "stop"), (403, 403, 403, 403, 200, 403)),
    "readmit-machine": ("post", ("rack-1",), (403, 403, 403, 403, 302, 403)),
    "images": ("get", (), (403, 200, 200, 200, 200, 403)),
    "build-image": ("post", (), (403, 403, 403, 403, 302, 403)),
    "remove-image": ("post", ("local", "0"), (403, 403, 403, 403, 200, 403)),
    "jobs": ("get", (), (403, 200, 200, 200, 200, 200)),
    "job": ("get", (1,), (403, 200, 200, 200, 200, 404)),
    "cancel-job": ("post", (1,), (403, 403, 302, 302, 302, 404)),
    "retry-job": ("post", (1,), (403, 403, 302, 302, 302, 404)),
    "doctor": ("get", (), (403, 403, 403, 403, 200, 403)),
    "examine": ("post", (), (403, 403, 403, 403, 302, 403)),
    "audit": ("get", (), (403, 403, 403, 403, 200, 200)),
    "audit-download": ("get", (), (403, 403, 403, 403, 200, 200)),
    "password": ("get", (), (200, 200, 200, 200, 200, 200)),
    "account": ("get", (), (200, 200, 200, 200, 200, 200)),
    "create-token": ("post", (), (403, 422, 422, 422, 422, 422)),
    "revoke-token": ("post", (1,), (404, 404, 404, 404, 404, 404)),
    "end-sessions": ("post", (), (302, 302, 302, 302, 302, 302)),
    "people": ("get", (), (403, 403, 403, 403, 200, 200)),
    "sign-ins": ("get", (), (403, 403, 403, 403, 200, 403)),
    "create-person": ("post", (), (403, 403, 403, 403, 422, 403)),
    "person": ("get", (1,), (403, 403, 403, 403, 200, 404)),
    "person-act": ("post", (1, "sign-out"), (403, 403, 403, 403, 302, 404)),
    "set-password": ("get", ("MQ", "x-y"), (200, 200, 200, 200, 200, 200)),
    "reset-password": ("get", ("MQ", "x-y"), (200, 200, 200, 200, 200, 200)),
    "forgot-password": ("get", (), (404, 404, 404, 404, 404, 404)),  # no relay is set
    "sign-in": ("get", (), (302, 302, 302, 302, 302, 302)),
    "passkey-sign-in-question": ("post", (), (200, 200, 200, 200, 200, 200)),
    "passkey-sign-in": ("post", (), (302, 302, 302, 302, 302, 302)),
    "passkey-question": ("post", (), (200, 200, 200, 200, 200, 200)),
    "add-passkey": ("post", (), (302, 302, 302, 302, 302, 302)),
    "remove-passkey": ("post", (1,), (404, 404, 404, 404, 404, 404)),
    "second-step": ("get", (), (302, 302, 302, 302, 302, 302)),
    "second-factor": ("get", (), (200, 200, 200, 200, 200, 200)),
    "second-factor-act": ("post", ("begin",), (302, 302, 302, 302, 302, 302)),
    "single-sign-on": ("get", (), (404, 404, 404, 404, 404, 404)),  # no provider is set
    "single-sign-on-return": ("get", (), (404, 404, 404, 404, 404, 404)),
    "sign-out": ("post", (), (302, 302, 302, 302, 302, 302)),
}
OPEN = {"passkey-sign-in", "passkey-sign-in-question"}
OPEN |= {"sign-in", "second-step", "single-sign-on", "single-sign-on-return"}
OPEN |= {"set-password", "reset-password", "forgot-password"}
PEOPLE = {"person", "person-act"}
OF_THE_FLEET = {"sign-ins", "create-person"}
OF_THE_FLEET |= {"servers", "sync-balancers", "add-server", "server", "server-act"}
OF_THE_FLEET |= {"edit-shared-settings", "hosts", "switch-hosts", "readmit-machine"}
OF_THE_FLEET |= {"images", "build-image", "remove-image", "doctor", "examine"}


def names(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            if pattern.namespace == "api":
                continue  # tests/api has a table of its own
            yield from names(pattern.url_patterns)
        else:
            yield str(pattern.name)


@pytest.fixture(autouse=True)
def fleet(demo: OpenEdXInstance) -> dict[str, int]:
    """Return the ids of an object of each kind, with a log and a statement."""
    demo.ref_set.organization = ORGANIZATION
    demo.ref_set.save()
    appserver = make_appserver(demo)
    write_line(appserver, "a line of the log")
    rollout = make_rollout(demo, sql=["SELECT 'a statement'"])
    pks = {"instance": demo.pk, "appserver": appserver.pk, "rollout": rollout.pk}
    person = User.objects.create_user("ada")
    person.role_grants.create(role="viewer", organization=ORGANIZATION)
    job = jobs.submit(target=demo, payload=RetainJob(), queue="opencraft")
    Job.objects.update(state="done")
    token = person.api_tokens.create(name="ci", role="viewer", created=NOW, expires_at=NOW)
    return {**pks, "person": person.pk, "revoke": token.pk, "job": job.pk}


def ask(client: Client, name: str, fleet: dict[str, int]) -> int:
    """Send the request of the table's row, and return the answer's status."""
    method, arguments, _ = TABLE[name]
    kind = "appserver" if name in {"act", "preview-password"} else name.partition("-")[0]
    kind = "job" if name in {"cancel-job", "retry-job"} else kind
    pk = fleet.get(kind, fleet["instance"])
    where = reverse(name, args=[pk if argument == 1 else argument for argument in arguments])
    response = client.generic(method.upper(), where)
    if response.status_code == 403:
        assert "Your account has no role" in response.content.decode()
    return response.status_code


def people(organization: str) -> list[Client]:
    """Return browsers of people with no role, and with each of the roles."""
    return [
        signed_in("nobody"),
        *(signed_in(role.value, role, organization) for role in Role),
        signed_in("other", Role.ADMIN, "Another campus"),
    ]


def test_the_table_knows_every_address() -> None:
    assert sorted(names(get_resolver().url_patterns)) == sorted(TABLE)


@pytest.mark.parametrize("organization", ["", ORGANIZATION], ids=["fleet", "organization"])
@pytest.mark.parametrize("name", TABLE)
def test_each_role_gets_the_status_in_the_table(
    fleet: dict[str, int], name: str, organization: str
) -> None:
    statuses = tuple(ask(client, name, fleet) for client in people(organization))
    expected = TABLE[name][2]
    assert statuses == ((403,) * 6 if organization and name in OF_THE_FLEET else expected)


@pytest.mark.parametrize("name", sorted(TABLE.keys() - OPEN))
def test_a_stranger_is_asked_to_sign_in(client: Client, fleet: dict[str, int], name: str) -> None:
    assert ask(client, name, fleet) == 302


@pytest.mark.parametrize("name", [name for name in TABLE if TABLE[name][0] == "post"])
def test_who_is_refused_changes_nothing(fleet: dict[str, int], name: str) -> None:
    statuses = TABLE[name][2]
    for client, status in zip(people(ORGANIZATION), statuses, strict=True):
        if status in (403, 404):
            ask(client, name, fleet)
    assert Job.objects.count() == 1
    assert not Job.objects.get().cancel_requested
    assert Rollout.objects.get().state == "running"
    assert OpenEdXAppServer.objects.get().state == "running"


@pytest.mark.parametrize(
    "name",
    [name for name, row in TABLE.items() if 1 in row[1] and name not in OF_THE_FLEET | PEOPLE],
)
def test_an_instance_without_organization_needs_a_role_for_the_fleet(
    demo: OpenEdXInstance, fleet: dict[str, int], name: str
) -> None:
    demo.ref_set.organization = ""
    demo.ref_set.save()
    assert ask(signed_in("mira", Role.ADMIN, ORGANIZATION), name, fleet) == 404


def test_a_rollout_of_two_organizations_needs_roles_for_both(
    demo: OpenEdXInstance, fleet: dict[str, int]
) -> None:
    other = make_instance("Other")
    other.ref_set.organization = "Another campus"
    other.ref_set.save()
    both = {**fleet, "rollout": make_rollout(demo, other).pk}
    mira = signed_in("mira", Role.RELEASER, ORGANIZATION)
    assert ask(mira, "rollout", both) == 404
    user = User.objects.get(username="mira")
    user.role_grants.create(role=Role.VIEWER, organization="Another campus")
    assert ask(mira, "rollout", both) == 200
    assert ask(mira, "rollout-act", both) == 403


def test_a_rollout_with_a_deleted_instance_needs_a_role_for_the_fleet(
    demo: OpenEdXInstance, fleet: dict[str, int]
) -> None:
    Rollout.objects.get().upgrades.create(instance=None, label="Gone")
    assert ask(signed_in("mira", Role.ADMIN, ORGANIZATION), "rollout", fleet) == 404
    assert ask(signed_in("eve", Role.VIEWER), "rollout", fleet) == 200


@pytest.mark.parametrize("name", ["instances", "rollouts"])
def test_lists_show_only_what_may_be_viewed(demo: OpenEdXInstance, name: str) -> None:
    shown = {"instances": demo.name, "rollouts": "juniper2"}[name]
    pages = [client.get(reverse(name)).content.decode() for client in people(ORGANIZATION)]
    assert [shown in page for page in pages] == [False, True, True, True, True, False]


def test_a_role_that_is_revoked_ends_with_the_next_request(fleet: dict[str, int]) -> None:
    mira = signed_in("mira", Role.VIEWER)
    assert ask(mira, "instance", fleet) == 200
    User.objects.get(username="mira").role_grants.all().delete()
    assert ask(mira, "instance", fleet) == 403


@pytest.mark.parametrize("query", ["", "?look"])
def test_a_look_at_the_page_starts_nothing(
    guest: Client, demo: OpenEdXInstance, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("ocim.operations.shop.status.status", start)
    assert guest.get(reverse("services", args=[demo.pk]) + query).status_code == 200
    assert guest.get(reverse("look-at-services", args=[demo.pk])).status_code in (403, 405)
