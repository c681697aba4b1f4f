"""Superusers of the LMS: listed by a program in it, made and taken away by a job."""

import pytest

from ocim.core.errors import Conflict, ValidationError
from ocim.operations import superusers
from ocim.operations.superusers import Superuser
from ocim.store.models import AuditEntry, Job, LogEntry, OpenEdXInstance
from tests.world import QUEUE, World


@pytest.fixture
def instance(world: World) -> OpenEdXInstance:
    """Return an instance with an app server that serves it."""
    instance = world.make_instance()
    world.spawn(instance, activate=True)
    return instance


def change(world: World, instance: OpenEdXInstance, **options: object) -> Job:
    """Do the job that changes a superuser."""
    wanted = {"name": "mira", "make": True, **options}
    job = superusers.request(instance, queue=QUEUE, **wanted)  # type: ignore[arg-type]
    world.work(instance)
    job.refresh_from_db()
    return job


def test_superusers_are_listed_by_name(world: World, instance: OpenEdXInstance) -> None:
    users = {name: {"email": f"{name}@example.com", "enabled": True} for name in ("mira", "ann")}
    world.shells.looks["superusers"] = {"users": users}
    assert superusers.listed(instance, world.context()) == [
        Superuser("ann", "ann@example.com", True),
        Superuser("mira", "mira@example.com", True),
    ]


def test_a_superuser_is_made_by_a_job_that_is_logged_and_recorded(
    world: World, instance: OpenEdXInstance
) -> None:
    world.shells.looks["set_superuser"] = "created"
    job = change(world, instance, email="mira@example.com")
    assert job.state == "done", job.error
    wanted = {"name": "mira", "email": "mira@example.com", "make": True}
    assert world.shells.scripts == [("set_superuser", wanted)]
    texts = [line.text for line in LogEntry.objects.all()]
    assert "mira is a superuser of the LMS. Created the user." in texts
    entry = AuditEntry.objects.get(action="instance.change-superuser")
    assert entry.target_id == str(instance.pk)
    assert entry.after["name"] == "mira"
    assert entry.after["make"] is True


def test_it_is_taken_away(world: World, instance: OpenEdXInstance) -> None:
    assert change(world, instance, make=False, email="mira@example.com").state == "done"
    [(_, wanted)] = world.shells.scripts
    assert wanted == {"name": "mira", "email": "", "make": False}


@pytest.mark.parametrize(
    "answer, error",
    [("missing", "The LMS has no user 'mira'."), ("address", "has another email address than 'a@")],
)
def test_a_user_that_is_not_the_right_one_is_told(
    world: World, instance: OpenEdXInstance, answer: str, error: str
) -> None:
    world.shells.looks["set_superuser"] = answer
    job = change(world, instance, email="a@example.com")
    assert job.state == "failed"
    assert error in job.error


@pytest.mark.parametrize("name", ["", "--remove", "a b", "x" * 151, "a\n"])
def test_a_name_that_the_lms_cannot_have_is_refused(
    world: World, instance: OpenEdXInstance, name: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        change(world, instance, name=name if name != "a\n" else "a\nb", email="nobody")
    assert [fault.field for fault in caught.value.faults] == ["name", "email"]
    assert not Job.objects.filter(kind="superuser").exists()


def test_without_an_app_server_nobody_can_be_asked(world: World) -> None:
    with pytest.raises(Conflict, match="No app server"):
        superusers.listed(world.make_instance(), world.context())
