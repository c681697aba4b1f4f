"""The audit log: who did what, before and after, without secrets, and for good."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, transaction

from ocim.core.access import Role
from ocim.core.actors import Actor, ActorKind, acting_as
from ocim.core.audit import AuditAction, AuditFilter
from ocim.core.errors import Conflict, ValidationError
from ocim.core.job_kinds import JobKind
from ocim.core.states import RolloutEventKind
from ocim.operations import holds, instances, jobs, people
from ocim.operations.access import access_of
from ocim.operations.audit import UNSEEN
from ocim.operations.rollouts import events
from ocim.store import audit
from ocim.store.models import AuditEntry
from tests.world import World

MIRA = Actor(ActorKind.PAGE, "mira", "192.0.2.7")
A = AuditAction


def entries(**fields: Any) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(**fields).order_by("id"))


def test_a_change_is_recorded_with_its_actor_field_by_field(world: World) -> None:
    demo = world.make_instance(name="Demo", organization="Campus")
    with acting_as(MIRA):
        instances.change(
            instance_id=demo.pk, changes={"name": "New", "notes": "Hello"}, context=world.context()
        )
    (entry,) = entries(action=A.INSTANCE_CHANGE)
    assert (entry.actor_kind, entry.actor_name, entry.actor_address) == (
        "page",
        "mira",
        "192.0.2.7",
    )
    assert (entry.target_kind, entry.target_id, entry.instance_id) == (
        "instance",
        str(demo.pk),
        demo.pk,
    )
    assert entry.organization == "Campus"
    assert entry.before == {"name": "Demo", "notes": ""}
    assert entry.after == {"name": "New", "notes": "Hello"}


def test_extra_settings_are_a_diff_without_secrets(world: World) -> None:
    demo = world.make_instance()
    field = "configuration_extra_settings"

    def change(text: str) -> str:
        instances.change(instance_id=demo.pk, changes={field: text}, context=world.context())
        return str(entries(action=A.INSTANCE_CHANGE)[-1].after[field])

    diff = change("EDXAPP_SECRET_KEY: very-hidden-1\nEDXAPP_TIME_ZONE: UTC\n")
    assert "+EDXAPP_TIME_ZONE: UTC" in diff
    assert "very-hidden-1" not in diff
    assert change("EDXAPP_SECRET_KEY: very-hidden-2\nEDXAPP_TIME_ZONE: UTC\n") == UNSEEN


def test_a_change_that_fails_is_not_recorded(world: World) -> None:
    demo = world.make_instance()
    with pytest.raises(ValidationError):
        instances.change(instance_id=demo.pk, changes={"email": "?"}, context=world.context())
    assert not entries(action=A.INSTANCE_CHANGE)


def test_a_worker_acts_for_who_asked_for_the_job(world: World) -> None:
    demo = world.make_instance()
    with acting_as(MIRA):
        _, job = world.request_spawn(demo)
    world.work(job)
    asked, done = entries(instance_id=demo.pk)[-2:]
    assert (asked.action, asked.actor_kind, asked.actor_name) == (A.APPSERVER_SPAWN, "page", "mira")
    assert (done.action, done.actor_kind, done.actor_name) == (A.JOB_DONE, "worker", "mira")
    assert done.actor_address == "manager"


def test_entries_outlive_what_was_changed(world: World) -> None:
    demo = world.make_instance()
    demo.ref_set.is_archived = True
    demo.ref_set.save()
    mira = people.create(name="mira", password=None, role=Role.VIEWER)
    with acting_as(Actor(ActorKind.PAGE, "mira", "", mira.pk)):
        instances.delete(instance_id=demo.pk, context=world.context())
    people.create(name="root", password=None, role=Role.ADMIN)
    people.remove(user=mira)
    (entry,) = entries(action=A.INSTANCE_DELETE)
    assert entry.target_name.startswith("Demo (")
    assert entry.actor_name == "mira"


def test_a_hold_tells_what_was_before(world: World) -> None:
    demo = world.make_instance()
    holds.hold(demo.pk, reason="Exams", since=None, until=None, context=world.context())
    holds.release(demo.pk)
    held, released = entries(instance_id=demo.pk)[-2:]
    assert held.after["hold_reason"] == "Exams"
    assert released.before["hold_reason"] == "Exams"


@pytest.mark.parametrize("way", ["save", "delete", "update", "delete many"])
def test_the_model_refuses_changes(world: World, way: str) -> None:
    world.make_instance()
    rows, entry = AuditEntry.objects.all(), AuditEntry.objects.all()[0]
    ways = {
        "save": entry.save,
        "delete": entry.delete,
        "update": lambda: rows.update(actor_name="nobody"),
        "delete many": rows.delete,
    }
    with pytest.raises(Conflict, match="neither changed nor deleted"):
        ways[way]()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE store_auditentry SET actor_name = 'nobody'",
        "DELETE FROM store_auditentry",
        "TRUNCATE store_auditentry",
    ],
)
def test_the_database_refuses_changes(world: World, statement: str) -> None:
    if connection.vendor == "sqlite" and statement.startswith("TRUNCATE"):
        pytest.skip("SQLite has no TRUNCATE")
    world.make_instance()
    before = AuditEntry.objects.count()
    with (
        pytest.raises(DatabaseError, match="neither changed nor deleted"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert AuditEntry.objects.count() == before


def test_every_kind_of_job_and_of_event_has_its_word() -> None:
    assert set(jobs.RECORDED) == set(JobKind)
    assert set(events.RECORDED) == set(RolloutEventKind)


def test_a_filter_selects_by_group_target_and_time(world: World) -> None:
    demo, other = world.make_instance(), world.make_instance()
    holds.hold(other.pk, reason="Exams", since=None, until=None, context=world.context())

    def found(**texts: str) -> list[str]:
        chosen = AuditFilter.parse(texts)
        return [row.action for row in audit.filtered(AuditEntry.objects.all(), chosen)]

    assert found(instance=str(other.pk)) == [A.INSTANCE_HOLD, A.INSTANCE_CREATE]
    assert found(target=f"instance:{demo.pk}") == [A.INSTANCE_CREATE]
    assert found(action="instance", target="Demo")[0] == A.INSTANCE_HOLD
    assert found(until="2001-01-01") == []
    with pytest.raises(ValidationError) as error:
        AuditFilter.parse({"action": "instance.creat", "since": "soon", "instance": "x"})
    assert len(error.value.faults) == 3


def test_pages_and_exports_have_every_entry_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        world.make_instance()
    every = audit.filtered(AuditEntry.objects.all(), AuditFilter())
    first = audit.page(every, size=2)
    second = audit.page(every, after=first.after, size=2)
    ids = list(every.values_list("pk", flat=True))
    assert [entry.pk for entry in (*first.entries, *second.entries)] == ids[:4]
    monkeypatch.setattr(audit, "CHUNK", 2)
    assert [entry.pk for entry in audit.each(every)] == ids
    assert [entry.pk for entry in audit.each(every, limit=3)] == ids[:3]


def test_who_administers_an_organization_reads_its_entries_alone(world: World) -> None:
    world.make_instance(organization="Campus")
    world.make_instance(organization="Other")
    mira = User.objects.create(username="mira")
    people.grant(user=mira, role=Role.ADMIN, organization="Campus")
    readable = audit.readable(access_of(mira))
    assert {entry.organization for entry in readable} == {"Campus"}
