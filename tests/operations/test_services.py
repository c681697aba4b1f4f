"""Services that are turned on and off while app servers serve."""

from ocim.core.instance import Service
from ocim.operations import instances
from ocim.operations.balancing import sync
from ocim.store.models import (
    InstanceReference,
    LoadBalancingServer,
    OpenEdXAppServer,
    OpenEdXInstance,
)
from tests.world import World

ON = "SANDBOX_ENABLE_ECOMMERCE: yes"
SHOP = "ecommerce.campus-1.example.com"


def set_extra(world: World, instance: OpenEdXInstance, text: str) -> None:
    instances.change(
        instance_id=instance.pk,
        changes={"configuration_extra_settings": text},
        context=world.context(),
    )
    sync(balancer_id=world.balancer_server.pk, context=world.context())


def upstreams(world: World, *appservers: OpenEdXAppServer) -> tuple[str, ...]:
    return tuple(f"{world.address(appserver)}:8130" for appserver in appservers)


def test_an_instance_with_ecommerce_serves_it(world: World) -> None:
    appserver = world.spawn(world.make_instance(configuration_extra_settings=ON), activate=True)
    assert world.balancer.route(SHOP) == upstreams(world, appserver)
    assert appserver.services == {Service.LMS, Service.STUDIO, Service.ECOMMERCE}


def test_a_service_is_probed_before_its_app_server_counts_as_running(world: World) -> None:
    world.spawn(world.make_instance(configuration_extra_settings=ON))
    assert f"http://{SHOP}/health/" in {probe.url for probe in world.prober.asked}


def test_its_databases_are_made_before_it_runs(world: World) -> None:
    world.spawn(world.make_instance(configuration_extra_settings=ON))
    made = {name.rsplit("/", 1)[1] for _, _, name in world.databases.sizes}
    assert made == {"edxapp.sqlite3", "ecommerce.sqlite3"}


def test_turning_a_service_on_is_a_change_for_the_balancer(world: World) -> None:
    instance = world.make_instance()
    before = LoadBalancingServer.objects.get().wanted
    set_extra(world, instance, ON)
    assert LoadBalancingServer.objects.get().wanted > before


def test_visitors_of_a_new_service_are_not_sent_where_it_is_not(world: World) -> None:
    instance = world.make_instance()
    old = world.spawn(instance, activate=True)
    set_extra(world, instance, ON)
    new = world.spawn(OpenEdXInstance.objects.get())
    assert world.balancer.site(SHOP)
    assert world.balancer.route(SHOP) == ()
    world.do("activate", new, keep=True)
    assert world.balancer.route(SHOP) == upstreams(world, new)
    assert len(world.serving(instance)) == len([old, new])


def test_an_app_server_from_before_the_service_can_serve_again(world: World) -> None:
    instance = world.make_instance()
    old = world.spawn(instance)
    set_extra(world, instance, ON)
    world.spawn(OpenEdXInstance.objects.get(), activate=True)
    assert world.do("activate", old).state == "done"
    assert world.balancer.route(SHOP) == ()


def test_a_service_that_is_turned_off_is_off_the_web_at_once(world: World) -> None:
    instance = world.make_instance(configuration_extra_settings=ON)
    world.spawn(instance, activate=True)
    set_extra(world, instance, "")
    assert world.balancer.site(SHOP) is None


def test_an_app_server_with_a_service_that_was_turned_off_can_be_activated(world: World) -> None:
    instance = world.make_instance(configuration_extra_settings=ON)
    appserver = world.spawn(instance)
    set_extra(world, instance, "")
    assert world.do("activate", appserver).state == "done"


def test_databases_of_services_that_were_turned_off_go_with_the_instance(world: World) -> None:
    instance = world.make_instance(configuration_extra_settings=ON)
    world.spawn(instance)
    set_extra(world, instance, "")
    InstanceReference.objects.update(is_archived=True)
    instances.delete(instance_id=instance.pk, context=world.context())
    assert world.databases.sizes == {}
