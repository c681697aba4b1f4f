"""Copies of instances, with and without data."""

from collections.abc import Iterator
from typing import Any

import pytest

from ocim.core.errors import ValidationError
from ocim.operations import clones, instances
from ocim.store.claims import claim_lease
from ocim.store.models import Job, OpenEdXInstance
from ocim.store.specs import instance_spec
from tests.sql import execute
from tests.world import QUEUE, World


@pytest.fixture
def world(world: World) -> Iterator[World]:
    yield world
    world.databases.close()


def clone(
    world: World, source: OpenEdXInstance, *, with_data: bool = False, **options: Any
) -> tuple[OpenEdXInstance, Job | None]:
    arguments = {"domain": "staging.example.com", "name": "Staging", "email": "s@example.com"}
    made, job, _ = clones.request(
        source=source,
        with_data=with_data,
        queue=QUEUE,
        context=world.context(),
        **{**arguments, **options},
    )
    return made, job


def sql(world: World, instance: OpenEdXInstance, statement: str) -> int:
    database = instance_spec(instance, world.policy).databases["edxapp"]
    return execute(world.databases, database, statement)


def with_data(world: World) -> OpenEdXInstance:
    """Return an instance whose database has two rows."""
    source = world.make_instance()
    world.databases.ensure(instance_spec(source, world.policy).databases["edxapp"])
    sql(world, source, "CREATE TABLE seen (n INTEGER)")
    sql(world, source, "INSERT INTO seen VALUES (1), (2)")
    return source


def test_a_clone_has_the_settings_but_not_names_tags_and_keys(world: World) -> None:
    source = world.make_instance(
        configuration_extra_settings="A: 1\n", external_lms_domain="campus.example.org",
        partner_code="ACME", organization="North", tags=["pilot"], time_zone="Europe/Rome",
    )  # fmt: skip
    OpenEdXInstance.objects.update(payment_processors='{"paypal": {}}')
    made, job = clone(world, source)
    made.refresh_from_db()
    assert (made.configuration_extra_settings, made.time_zone) == ("A: 1\n", "Europe/Rome")
    assert made.ref_set.organization == "North"
    assert (made.external_lms_domain, made.partner_code, made.payment_processors) == ("", "", "")
    assert made.domains.studio == "studio.staging.example.com"
    assert made.secret_seed != source.secret_seed
    assert (made.tags.count(), job) == (0, None)


def test_the_databases_are_copied_and_independent(world: World) -> None:
    source = with_data(world)
    made, job = clone(world, source, with_data=True)
    world.work(made)
    assert job
    job.refresh_from_db()
    assert (job.state, job.error) == ("done", "")
    assert sql(world, made, "DELETE FROM seen") == 2
    assert sql(world, source, "DELETE FROM seen") == 2


def test_a_copy_waits_while_somebody_works_on_the_source(world: World) -> None:
    source = with_data(world)
    claim_lease(source.lease_id, worker="another", now=world.clock(), seconds=world.policy.lease)
    made, job = clone(world, source, with_data=True)
    world.work(made)
    assert job
    job.refresh_from_db()
    assert job.state == "waiting"


def test_a_clone_that_has_app_servers_keeps_its_data(world: World) -> None:
    source = with_data(world)
    made, job = clone(world, source, with_data=True)
    world.request_spawn(made)
    world.work(made)
    assert job
    job.refresh_from_db()
    assert "has app servers" in job.error


def test_a_source_that_is_gone_is_told(world: World) -> None:
    source = with_data(world)
    made, job = clone(world, source, with_data=True)
    source.ref_set.is_archived = True
    source.ref_set.save()
    instances.delete(instance_id=source.pk, context=world.context())
    world.work(made)
    assert job
    job.refresh_from_db()
    assert "is deleted" in job.error


def test_nothing_is_left_of_a_clone_with_faults(world: World) -> None:
    source = world.make_instance()
    with pytest.raises(ValidationError):
        clone(world, source, with_data=True, domain=source.internal_lms_domain)
    assert (OpenEdXInstance.objects.count(), Job.objects.count()) == (1, 0)


def test_uploads_in_one_place_are_warned_of(world: World) -> None:
    bucket = (
        "EDXAPP_DEFAULT_FILE_STORAGE: storages.backends.s3boto.S3BotoStorage\n"
        "EDXAPP_AWS_STORAGE_BUCKET_NAME: uploads\n"
    )
    shared = world.make_instance(configuration_extra_settings=bucket)
    assert "uploads" in clones.warnings(clone(world, shared)[0], shared, world.context())[0]
    own = world.make_instance()
    made, _ = clone(world, own, domain="other.example.com")
    assert clones.warnings(made, own, world.context()) == []
