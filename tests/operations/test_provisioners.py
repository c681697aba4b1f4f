"""Which program provisions an instance's app servers, and on which kind of hosts."""

from dataclasses import replace
from typing import Any

import pytest

from ocim.adapters.memory.provisioners import MemoryProvisioner
from ocim.core.errors import Conflict, PermanentError, ValidationError
from ocim.core.provisioning import BUILTIN, ConfigurationSource
from ocim.operations import clones, image_builds, images, instances
from ocim.operations.doctor.borders import check_other_provisioners
from ocim.operations.instance_settings import with_defaults
from ocim.store.models import (
    AuditEntry,
    BrokerServer,
    DatabaseServer,
    LogEntry,
    OpenEdXInstance,
)
from tests.world import QUEUE, World

DEFAULTS = {"openedx_release": "open-release/juniper.2", "provider": "nspawn"}
ULMO = {"openedx_release": "release/ulmo.4"}
ON_DOCKER = {**ULMO, "provisioner": "tutor", "provider": "docker"}


@pytest.fixture
def tutored(world: World) -> World:
    """Return a world with an engine, a Tutor, and a database server for it."""
    world.add_tutor()
    return world


def chosen(world: World, **fields: Any) -> tuple[str, str]:
    """Return the provisioner and the provider of a new instance with these fields."""
    values = with_defaults(fields, DEFAULTS, world.context())
    return values["provisioner"], values["provider"]


def faults_of(world: World, **fields: Any) -> list[str]:
    with pytest.raises(ValidationError) as refused:
        world.make_instance(**fields)
    return list(refused.value.faults)


def test_a_release_that_upstreams_playbooks_install_is_provisioned_by_ansible(
    tutored: World,
) -> None:
    assert chosen(tutored) == ("ansible", "nspawn")
    assert chosen(tutored, openedx_release="open-release/redwood.3") == ("ansible", "nspawn")


def test_a_later_release_is_provisioned_by_tutor(tutored: World) -> None:
    assert chosen(tutored, openedx_release="open-release/sumac.1") == ("tutor", "docker")
    assert chosen(tutored, **ULMO, edx_platform_commit="0" * 40) == ("tutor", "docker")


def test_a_later_release_is_provisioned_by_ansible_where_there_is_no_tutor(world: World) -> None:
    assert chosen(world, **ULMO) == ("ansible", "nspawn")


def test_the_release_of_the_platform_decides(tutored: World) -> None:
    assert chosen(tutored, edx_platform_commit="release/teak.1") == ("tutor", "docker")


def test_provisioner_and_provider_follow_from_each_other(tutored: World) -> None:
    assert chosen(tutored, **ULMO, provisioner="ansible") == ("ansible", "nspawn")
    assert chosen(tutored, **ULMO, provider="local") == ("ansible", "local")
    assert chosen(tutored, provider="docker") == ("tutor", "docker")
    assert chosen(tutored, provisioner="tutor") == ("tutor", "docker")


@pytest.mark.parametrize(
    "fields, fault",
    [
        (
            {**ON_DOCKER, "provider": "local"},
            "provisioner: tutor does not configure hosts of kind 'local'.",
        ),
        (
            {**ON_DOCKER, "provisioner": "ansible"},
            "provisioner: ansible does not configure hosts of kind 'docker'.",
        ),
        (
            {**ON_DOCKER, "openedx_release": "open-release/redwood.3"},
            "provisioner: there is no Tutor of open-release/redwood.3.",
        ),
        ({"provisioner": "puppet"}, "provisioner: unknown kind 'puppet'. Choose ansible or tutor."),
    ],
)
def test_what_does_not_go_together_is_refused_with_one_fault(
    tutored: World, fields: dict[str, str], fault: str
) -> None:
    [found] = faults_of(tutored, **fields)
    assert found.startswith(fault)


def test_tutor_is_refused_without_an_engine_also_before_there_is_a_server(world: World) -> None:
    [fault] = faults_of(world, **ON_DOCKER)
    assert fault.startswith("provisioner: this installation has no tutor.")
    assert "OCIM_DOCKER_ENGINE" in fault


def test_an_instance_in_containers_gets_a_mysql_server_within_their_reach(tutored: World) -> None:
    DatabaseServer.objects.create(name="beside", kind="mysql", host="127.0.0.1", port=3307)
    DatabaseServer.objects.create(name="postgresql", kind="postgresql", host="10.0.0.8", port=5432)
    assert tutored.make_instance(**ON_DOCKER).database_server.name == "mysql"


def test_no_instance_is_put_into_containers_without_a_mysql_server(tutored: World) -> None:
    DatabaseServer.objects.filter(name="mysql").delete()
    with pytest.raises(Conflict, match="No database server") as refused:
        tutored.make_instance(**ON_DOCKER)
    assert "MySQL" in refused.value.remedy


def test_an_instance_with_embedded_databases_cannot_move_into_containers(tutored: World) -> None:
    instance = tutored.make_instance()
    with pytest.raises(ValidationError, match="Tutor needs a MySQL server"):
        instances.change(instance_id=instance.pk, changes=ON_DOCKER, context=tutored.context())


def test_an_instance_in_containers_gets_redis_and_no_other_broker(tutored: World) -> None:
    for kind in ("rabbitmq", "redis"):
        BrokerServer.objects.create(name=kind, kind=kind, host="10.0.0.7", port=1, version="1")
    broker = tutored.make_instance(**ON_DOCKER).broker_server
    assert broker is not None
    assert broker.name == "redis"


def test_an_app_server_keeps_the_provisioner_that_it_was_made_with(tutored: World) -> None:
    instance = tutored.make_instance(**ON_DOCKER)
    appserver = tutored.spawn(instance)
    OpenEdXInstance.objects.update(provisioner="ansible", provider="local")
    appserver.refresh_from_db()
    assert (appserver.state, appserver.provisioner) == ("running", "tutor")
    [job] = tutored.more_provisioners["tutor"].jobs
    assert job.source == ConfigurationSource("tutor", "21", "")
    assert tutored.provisioner.jobs == []


def test_all_names_of_a_tutor_are_served_at_one_port(tutored: World) -> None:
    in_containers = tutored.spawn(tutored.make_instance(**ON_DOCKER))
    builtin = tutored.spawn(tutored.make_instance(configuration_source_repo_url=BUILTIN))
    assert (in_containers.one_port, builtin.one_port) == (True, False)


def test_there_is_no_app_server_of_a_tutor_that_is_gone(tutored: World) -> None:
    instance = tutored.make_instance(**ON_DOCKER)
    del tutored.more_provisioners["tutor"]
    appserver = tutored.spawn(instance)
    assert appserver.state == "failed"
    assert "This installation has no tutor." in appserver.failure


def test_containers_are_made_from_no_image_of_ocims(tutored: World) -> None:
    tutored.policy = replace(tutored.policy, build_images=True)
    tutored.more_providers["docker"].images = None
    instance = tutored.make_instance(**ON_DOCKER)
    assert tutored.spawn(instance).state == "running"
    with pytest.raises(Conflict, match="Hosts of kind docker are not made from images of Ocim's"):
        images.of_instance(instance, tutored.context())


def test_tutor_builds_the_image_of_an_instance_as_a_job_with_a_log(tutored: World) -> None:
    instance = tutored.make_instance(
        **ON_DOCKER, configuration_extra_settings="TUTOR_DOCKER_IMAGE_OPENEDX: openedx:7"
    )
    job = image_builds.request(instance, queue=QUEUE, context=tutored.context())
    tutored.work(instance)
    job.refresh_from_db()
    assert job.state == "done", job.error
    texts = "\n".join(LogEntry.objects.filter(job=job).values_list("text", flat=True))
    assert "Building openedx:7" in texts
    assert "Image openedx:7 is sha256:built." in texts
    assert "The registry has it as openedx:7@sha256:pushed." in texts
    assert AuditEntry.objects.get(target_kind="image").target_name == "openedx:7"


def test_a_clone_has_the_provisioner_of_its_source(tutored: World) -> None:
    source = tutored.make_instance(**ON_DOCKER)
    clone, _, _ = clones.request(
        source=source,
        domain="staging.example.com",
        name="Staging",
        email="staging@example.com",
        with_data=False,
        queue=QUEUE,
        context=tutored.context(),
    )
    assert (clone.provisioner, clone.provider) == ("tutor", "docker")


def test_an_upgrade_may_bring_an_instance_into_containers(tutored: World) -> None:
    of_mysql = {"provider": "docker", "provisioner": "tutor", **ULMO}
    instance = tutored.make_instance(database_server="mysql", provider="local")
    fields, variables = instances.as_changed(instance, of_mysql, tutored.context())
    assert fields["provisioner"] == "tutor"
    assert variables.values["openedx_release"] == "release/ulmo.4"
    assert instance.provisioner == "ansible"


def test_no_app_server_is_made_whose_containers_would_not_reach_the_balancer(
    tutored: World,
) -> None:
    instance = tutored.make_instance(**ON_DOCKER, database_server="mysql")
    tutored.policy = replace(tutored.policy, reaches_balancer=False)
    with pytest.raises(Conflict, match=r"do not reach the balancer.*OCIM_BALANCER_BIND"):
        tutored.request_spawn(instance)
    assert not instance.appserver_set.exists()


def test_the_doctor_tells_what_a_provisioner_lacks(tutored: World) -> None:
    tutor = tutored.more_provisioners["tutor"]
    assert isinstance(tutor, MemoryProvisioner)
    tutor.fault = PermanentError("There is no plugin `compose`.", remedy="Install it.")
    findings = list(check_other_provisioners(tutored.context()))
    assert [(item.severity, item.what, item.where) for item in findings] == [
        ("ok", "Nothing is run.", "tutor"),
        ("error", "There is no plugin `compose`.", "tutor"),
    ]


def test_a_shop_keeps_its_partner_on_the_way_from_ansible_to_tutor(tutored: World) -> None:
    shop = "SANDBOX_ENABLE_ECOMMERCE: true\nSANDBOX_ENABLE_DISCOVERY: true"
    instance = tutored.make_instance(
        openedx_release="open-release/redwood.3",
        database_server="mysql",
        configuration_extra_settings=shop,
    )
    instances.change(
        instance_id=instance.pk,
        changes={**ON_DOCKER, "openedx_release": "open-release/sumac.3"},
        context=tutored.context(),
    )
    instance.refresh_from_db()
    assert instance.partner_code == f"site{instance.pk}"


def test_an_instance_without_a_shop_has_no_partner(tutored: World) -> None:
    instance = tutored.make_instance(database_server="mysql")
    instances.change(instance_id=instance.pk, changes=ON_DOCKER, context=tutored.context())
    instance.refresh_from_db()
    assert instance.partner_code == ""
