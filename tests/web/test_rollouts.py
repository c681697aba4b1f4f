from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from ocim.core.states import AppServerState, UpgradeState
from ocim.store import selectors
from ocim.store.models import OpenEdXInstance, Rollout, RolloutEvent, Upgrade, UpgradeStep
from tests.web.fleet import make_appserver, make_instance, make_rollout, write_line

KINDS = ("pause", "resume", "abort", "retry", "undo")
WHY = "edxapp : migrate: no such table"


@pytest.fixture
def rollout(demo: OpenEdXInstance) -> Rollout:
    """Return a rollout: Demo failed, Other is running, Third waits."""
    other = make_instance("Other")
    other.name = "Other <b>"
    other.save()
    made = make_rollout(demo, other, make_instance("Third"))
    failed = make_appserver(demo, AppServerState.FAILED)
    write_line(failed, "the last <line>", level="error")
    at(made, demo, "failed", step="provisioning", failure=WHY, cause=WHY, appservers=[failed.pk])
    at(made, other, "in progress", step="host")
    return made


def at(rollout: Rollout, instance: OpenEdXInstance, state: str, **fields: Any) -> Upgrade:
    """Let an instance's part be in a state, at a step."""
    now = timezone.now()
    upgrade = rollout.upgrades.get(instance=instance)
    ended = None if state == UpgradeState.RUNNING else now
    Upgrade.objects.filter(pk=upgrade.pk).update(
        state=state, attempts=1, started_at=now, ended_at=ended, **fields
    )
    UpgradeStep.objects.create(
        upgrade=upgrade,
        attempt=1,
        name=fields.get("step", "tags"),
        state={"failed": "failed", "in progress": "under way"}.get(state, "done"),
        started_at=now,
        ended_at=ended,
    )
    return upgrade


def page(client: Client, name: str, *args: Any) -> str:
    response = client.get(reverse(name, args=args))
    assert response.status_code == 200
    return response.content.decode()


def act(client: Client, rollout: Rollout, kind: str, **data: str) -> Any:
    return client.post(reverse("rollout-act", args=[rollout.pk, kind]), data, follow=True)


def move(rollout: Rollout, state: str) -> None:
    Rollout.objects.filter(pk=rollout.pk).update(state=state)
    if state == "ended":
        running = rollout.upgrades.filter(state="in progress")
        running.update(state="successful", ended_at=timezone.now())
        rollout.upgrades.filter(state="pending").update(state="cancelled")


def state(rollout: Rollout) -> str:
    rollout.refresh_from_db()
    return rollout.state


def test_the_list_says_how_many_instances_are_where(admin: Client, rollout: Rollout) -> None:
    newer = make_rollout(make_instance("Fourth"), tag="newer <i>", state="ended")
    html = page(admin, "rollouts")
    assert html.index("newer &lt;i&gt;") < html.index("juniper2")
    assert "under way" in html
    assert "by ada on lab" in html
    assert reverse("rollout", args=[newer.pk]) in html


def test_where_there_was_none_it_says_how_to_begin_one(admin: Client, db: None) -> None:
    assert "ocim redeploy --help" in page(admin, "rollouts")


def test_the_list_of_instances_leads_to_what_is_not_over(admin: Client, rollout: Rollout) -> None:
    ended = make_rollout(make_instance("Fourth"), tag="over", state="ended")
    html = page(admin, "instances")
    assert reverse("rollout", args=[rollout.pk]) in html
    assert "1 failed" in html
    assert reverse("rollout", args=[ended.pk]) not in html


def test_an_instance_leads_to_its_last_one(
    admin: Client, demo: OpenEdXInstance, rollout: Rollout
) -> None:
    assert reverse("rollout", args=[rollout.pk]) in page(admin, "instance", demo.pk)


def test_the_page_says_what_became_of_each_and_why(admin: Client, rollout: Rollout) -> None:
    html = page(admin, "rollout", rollout.pk)
    assert "1 of 3 done" in html
    assert "1 failure, 1 cause" in html
    assert "the last &lt;line&gt;" in html
    assert "Other &lt;b&gt;" in html
    assert "<b>" not in html
    assert html.count('class="step ') == 2
    assert "style=" not in html


def test_what_is_under_way_and_what_failed_comes_first(
    admin: Client, rollout: Rollout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ocim.web.rollouts.MOST", 2)
    html = page(admin, "rollout-progress", rollout.pk).split('id="instances"')[1]
    assert html.index("Other") < html.index("Demo")
    assert "Third" not in html
    assert "The report lists 1 more" in html


def test_it_is_told_that_nobody_works_off_its_queue(admin: Client, rollout: Rollout) -> None:
    assert f"HUEY_QUEUE_NAME={rollout.queue} ocim worker" in page(admin, "rollout", rollout.pk)


@pytest.mark.parametrize(
    "given, offered",
    [
        ("running", {"pause", "abort", "retry"}),
        ("paused", {"resume", "abort", "retry"}),
        ("aborted", set()),
        ("ended", {"retry", "undo"}),
    ],
)
def test_only_what_the_state_allows_is_offered_and_done(
    admin: Client, rollout: Rollout, given: str, offered: set[str]
) -> None:
    move(rollout, given)
    html = page(admin, "rollout", rollout.pk)
    for kind in KINDS:
        address = reverse("rollout-act", args=[rollout.pk, kind])
        assert (address in html) is (kind in offered)
        if kind not in offered:
            output = act(admin, rollout, kind, confirmed="yes").content.decode()
            assert f"Cannot {kind}" in output
    assert state(rollout) == given


@pytest.mark.parametrize(
    "kind, before, after",
    [
        ("pause", "running", "paused"),
        ("resume", "paused", "running"),
        ("abort", "paused", "aborted"),
        ("retry", "ended", "running"),
    ],
)
def test_what_is_asked_for_is_done_in_the_name_of_who_asked(
    admin: Client, rollout: Rollout, kind: str, before: str, after: str
) -> None:
    move(rollout, before)
    act(admin, rollout, kind, confirmed="yes")
    assert state(rollout) == after
    assert RolloutEvent.objects.latest("id").by == "admin"


@pytest.mark.parametrize(
    "kind, given", [("resume", "paused"), ("abort", "running"), ("retry", "ended")]
)
def test_what_has_consequences_is_done_only_when_confirmed(
    admin: Client, rollout: Rollout, kind: str, given: str
) -> None:
    move(rollout, given)
    for html in (
        act(admin, rollout, kind).content.decode(),
        page(admin, "rollout-act", rollout.pk, kind),
    ):
        assert 'name="confirmed"' in html
        assert "instance" in html
    assert state(rollout) == given
    assert not RolloutEvent.objects.exists()


def test_those_of_one_cause_are_tried_again(admin: Client, rollout: Rollout) -> None:
    third = OpenEdXInstance.objects.get(name="Third")
    at(rollout, third, "failed", cause="another one", failure="another one")
    move(rollout, "paused")
    html = page(admin, "rollout", rollout.pk)
    [address] = {part.split('"')[0] for part in html.split('href="') if "another%20one" in part}
    assert "another one" in admin.get(address).content.decode()
    act(admin, rollout, "retry", cause="another one", confirmed="yes")
    assert rollout.upgrades.get(instance=third).state == "pending"
    assert rollout.upgrades.filter(state="failed").count() == 1


def test_it_is_said_before_what_can_be_undone(
    admin: Client, demo: OpenEdXInstance, rollout: Rollout
) -> None:
    old, new = make_appserver(demo), make_appserver(demo, is_active=True)
    at(rollout, demo, "successful", replaced=[old.pk], appservers=[new.pk], failure="", cause="")
    move(rollout, "ended")
    html = page(admin, "rollout-act", rollout.pk, "undo")
    possible, impossible = html.split("cannot be undone: 1")
    assert "can be undone: 1" in possible
    assert "no app server served it before" in impossible
    act(admin, rollout, "undo", confirmed="yes", confirmation="another")
    assert not RolloutEvent.objects.exists()
    act(admin, rollout, "undo", confirmed="yes", confirmation=rollout.tag)
    assert RolloutEvent.objects.latest("id").kind == "undone"


def test_who_may_only_look_sees_no_buttons_and_changes_nothing(
    guest: Client, rollout: Rollout
) -> None:
    html = page(guest, "rollout", rollout.pk)
    for kind in KINDS:
        assert reverse("rollout-act", args=[rollout.pk, kind]) not in html
        assert act(guest, rollout, kind, confirmed="yes").status_code == 403
    assert state(rollout) == "running"


@pytest.mark.parametrize("name", ["rollouts", "rollout", "rollout-progress", "rollout-events"])
def test_strangers_are_asked_to_sign_in(client: Client, rollout: Rollout, name: str) -> None:
    address = reverse(name, args=[] if name == "rollouts" else [rollout.pk])
    assert client.get(address).headers["Location"].startswith(reverse("sign-in"))


def test_strangers_get_no_report_and_do_nothing(client: Client, rollout: Rollout) -> None:
    for address in (
        reverse("rollout-report", args=[rollout.pk, "json"]),
        reverse("rollout-act", args=[rollout.pk, "pause"]),
    ):
        for response in (client.get(address), client.post(address)):
            assert response.headers["Location"].startswith(reverse("sign-in"))
    assert state(rollout) == "running"


@pytest.mark.parametrize(
    "form, begins", [("html", "<!doctype html>"), ("csv", "id,instance,"), ("json", "{")]
)
def test_the_report_is_a_file(admin: Client, rollout: Rollout, form: str, begins: str) -> None:
    response = admin.get(reverse("rollout-report", args=[rollout.pk, form]))
    assert response.content.decode().startswith(begins)
    name = f'attachment; filename="rollout-{rollout.pk}.{form}"'
    assert response.headers["Content-Disposition"] == name


@pytest.mark.parametrize(
    "name, more",
    [
        ("rollout", ()),
        ("rollout-progress", ()),
        ("rollout-events", ()),
        ("rollout-report", ("csv",)),
        ("rollout-act", ("pause",)),
    ],
)
def test_what_does_not_exist_is_not_found(
    admin: Client, db: None, name: str, more: tuple[str, ...]
) -> None:
    assert admin.get(reverse(name, args=[9999, *more])).status_code == 404


def test_there_are_no_other_reports(admin: Client, rollout: Rollout) -> None:
    assert admin.get(reverse("rollout-report", args=[rollout.pk, "exe"])).status_code == 404


@pytest.mark.parametrize("name", ["rollouts", "rollout", "rollout-progress"])
def test_a_large_one_takes_no_more_queries(admin: Client, rollout: Rollout, name: str) -> None:
    address = reverse(name, args=[] if name == "rollouts" else [rollout.pk])

    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            admin.get(address)
        return len(captured)

    few = count()
    for number in range(5):
        instance = make_instance(f"Site {number}")
        made = make_appserver(instance, AppServerState.FAILED)
        Upgrade.objects.create(rollout=rollout, instance=instance, label=str(instance))
        at(rollout, instance, "failed", failure=WHY, cause=WHY, appservers=[made.pk])
        make_rollout(instance)
    assert count() == few


def begin_a_step(rollout: Rollout) -> None:
    upgrade = rollout.upgrades.get(state="in progress")
    UpgradeStep.objects.create(
        upgrade=upgrade, attempt=1, name="provisioning", started_at=timezone.now()
    )


@pytest.mark.parametrize(
    "change",
    [
        begin_a_step,
        lambda one: one.upgrades.filter(state="pending").update(state="in progress"),
        lambda one: one.upgrades.filter(state="in progress").update(attempts=2),
        lambda one: Rollout.objects.update(state="paused"),
        lambda one: RolloutEvent.objects.create(rollout=one, kind="undone"),
    ],
)
def test_the_mark_changes_with_whatever_the_page_shows(
    rollout: Rollout, change: Callable[[Rollout], object]
) -> None:
    before = selectors.rollout_change_tokens([rollout.pk])
    assert selectors.rollout_change_tokens([rollout.pk]) == before
    change(rollout)
    assert selectors.rollout_change_tokens([rollout.pk]) != before


MIGRATION = {"service": "lms", "name": "student.0005_city", "seconds": 0.2,
             "drops": [], "locks": [], "unclear": []}  # fmt: skip
DROPS = {**MIGRATION, "drops": ["student.City.name"]}


@pytest.mark.parametrize(
    "dry_run, says",
    [
        ({"state": "done"}, "There is nothing to migrate."),
        ({"state": "done", "migrations": [MIGRATION]}, "No migration drops or locks"),
        (
            {"state": "done", "migrations": [MIGRATION], "blind": ["lms"]},
            "(except those of lms,",
        ),
        ({"state": "done", "migrations": [DROPS]}, "drops: student.City.name"),
        ({"state": "not possible", "reason": "No playbook does that."}, "No playbook does that."),
    ],
)
def test_a_page_tells_what_migrations_did_to_a_copy(
    admin: Client, rollout: Rollout, demo: OpenEdXInstance, dry_run: dict[str, Any], says: str
) -> None:
    rollout.upgrades.filter(instance=demo).update(dry_run=dry_run)
    html = page(admin, "rollout", rollout.pk)
    assert "Dry runs of migrations" in html
    assert says in html


def test_an_abort_may_end_what_is_under_way(admin: Client, rollout: Rollout) -> None:
    move(rollout, "running")
    assert 'name="now"' in act(admin, rollout, "abort").content.decode()
    output = act(admin, rollout, "abort", confirmed="yes", now="on").content.decode()
    assert "Upgrades under way end within seconds" in output
    assert state(rollout) == "aborted"
