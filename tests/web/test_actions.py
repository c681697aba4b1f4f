from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from ocim.core.job_storage import to_json
from ocim.core.jobs import ActivateJob, DeactivateJob, Payload, SpawnJob
from ocim.core.states import AppServerState
from ocim.operations.jobs import payload_of
from ocim.store.models import InstanceReference, Job, OpenEdXAppServer, OpenEdXInstance
from tests.web.fleet import make_appserver


def act(client: Client, appserver: OpenEdXAppServer, kind: str, **data: str) -> Any:
    address = reverse("act", args=[appserver.pk, kind])
    return client.post(address, data, follow=True)


def jobs() -> list[Payload]:
    return [payload_of(job) for job in Job.objects.order_by("id")]


@pytest.mark.parametrize("data, is_activated", [({}, False), ({"activate": "on"}, True)])
def test_spawning_asks_for_an_app_server_and_shows_its_log(
    admin: Client, demo: OpenEdXInstance, data: dict[str, str], is_activated: bool
) -> None:
    response = admin.post(reverse("spawn", args=[demo.pk]), data)
    made = OpenEdXAppServer.objects.get()
    assert jobs() == [SpawnJob((made.pk,), is_activated)]
    assert response.headers["Location"] == reverse("appserver", args=[made.pk])


def test_what_is_asked_for_carries_the_name_of_who_asked(
    admin: Client, demo: OpenEdXInstance
) -> None:
    admin.post(reverse("spawn", args=[demo.pk]))
    assert Job.objects.get().creator == User.objects.get(username="admin")


def test_a_configuration_that_cannot_work_is_refused_with_every_fault(
    admin: Client, demo: OpenEdXInstance
) -> None:
    extra = "EDXAPP_LMS_ENV_EXTRA: 1\nEDXAPP_FEATURES: 2\nA: \"{{ lookup('pipe', 'id') }}\"\n"
    OpenEdXInstance.objects.filter(pk=demo.pk).update(configuration_extra_settings=extra)
    response = admin.post(reverse("spawn", args=[demo.pk]), follow=True)
    html = response.content.decode()
    assert response.status_code == 200
    assert html.count('<li class="message error">') >= 2
    assert jobs() == []


def test_nothing_is_spawned_for_an_archived_instance(admin: Client, demo: OpenEdXInstance) -> None:
    InstanceReference.objects.filter(pk=demo.pk).update(is_archived=True)
    html = admin.post(reverse("spawn", args=[demo.pk]), follow=True).content.decode()
    assert "is archived." in html
    assert "Unarchive it first." in html
    assert jobs() == []


def test_activating_needs_no_confirmation(admin: Client, demo: OpenEdXInstance) -> None:
    made = make_appserver(demo)
    act(admin, made, "activate")
    assert jobs() == [ActivateJob((made.pk,))]


def test_deactivating_one_of_several_needs_no_confirmation(
    admin: Client, demo: OpenEdXInstance
) -> None:
    made = make_appserver(demo, is_active=True)
    make_appserver(demo, is_active=True)
    act(admin, made, "deactivate")
    assert jobs() == [DeactivateJob((made.pk,))]


@pytest.mark.parametrize(
    "kind, is_active, warning",
    [
        ("terminate", False, "Its host is destroyed with everything on it"),
        ("deactivate", True, "visitors of the site will see the holding page"),
    ],
)
def test_what_hurts_is_done_only_when_confirmed(
    admin: Client, demo: OpenEdXInstance, kind: str, is_active: bool, warning: str
) -> None:
    made = make_appserver(demo, is_active=is_active)
    assert warning in act(admin, made, kind).content.decode()
    assert warning in admin.get(reverse("act", args=[made.pk, kind])).content.decode()
    assert jobs() == []
    act(admin, made, kind, confirmed="yes")
    [job] = jobs()
    assert (job.kind, to_json(job)["appservers"]) == (kind, [made.pk])


@pytest.mark.parametrize(
    "state, is_active, kinds",
    [
        (AppServerState.PROVISIONING, False, set()),
        (AppServerState.RUNNING, False, {"activate", "terminate"}),
        (AppServerState.RUNNING, True, {"deactivate"}),
        (AppServerState.FAILED, False, {"terminate"}),
        (AppServerState.TERMINATED, False, set()),
    ],
)
def test_only_what_the_state_allows_is_offered_and_done(
    admin: Client, demo: OpenEdXInstance, state: str, is_active: bool, kinds: set[str]
) -> None:
    made = make_appserver(demo, state, is_active=is_active)
    html = admin.get(reverse("appserver", args=[made.pk])).content.decode()
    for kind in ("activate", "deactivate", "terminate"):
        assert (reverse("act", args=[made.pk, kind]) in html) is (kind in kinds)
        act(admin, made, kind, confirmed="yes")
    assert {job.kind for job in jobs()} == kinds


def test_nothing_more_is_offered_while_something_is_being_done(
    admin: Client, demo: OpenEdXInstance
) -> None:
    made = make_appserver(demo)
    html = act(admin, made, "activate").content.decode()
    assert f"Waiting: activating app server {made.pk}" in html
    assert reverse("act", args=[made.pk, "terminate"]) not in html


def test_who_may_only_look_changes_nothing(guest: Client, demo: OpenEdXInstance) -> None:
    made = make_appserver(demo)
    for response in (
        guest.post(reverse("spawn", args=[demo.pk])),
        act(guest, made, "activate"),
        act(guest, made, "terminate", confirmed="yes"),
        guest.get(reverse("act", args=[made.pk, "terminate"])),
    ):
        assert response.status_code == 403
        assert "Your account has no role that allows this" in response.content.decode()
    assert jobs() == []


@pytest.mark.parametrize("name", ["spawn", "preview-password"])
def test_following_a_link_changes_nothing(admin: Client, demo: OpenEdXInstance, name: str) -> None:
    assert admin.get(reverse(name, args=[demo.pk])).status_code == 405
