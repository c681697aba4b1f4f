import bcrypt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from pytest_django import DjangoAssertNumQueries

from ocim.core.errors import ValidationError
from ocim.core.names import PREVIEW_USER, preview_domain
from ocim.core.routing import Routing, check_routing
from ocim.operations.instances import preview_password
from ocim.store.models import (
    InstanceReference,
    Lease,
    LoadBalancingServer,
    OpenEdXAppServer,
    OpenEdXInstance,
)
from ocim.store.models.instance import SERVICES
from ocim.store.routing import routing_of
from tests.world import World


def routing(world: World) -> Routing:
    return routing_of(world.balancer_server, world.policy)


def test_an_instance_has_a_site_for_each_service_with_all_its_names(world: World) -> None:
    world.make_instance(
        internal_lms_domain="campus.example.com",
        external_lms_domain="learn.example.org",
        external_lms_preview_domain="preview.example.org",
        external_studio_domain="author.example.org",
    )
    assert [site.domains for site in routing(world).sites] == [
        (
            "campus.example.com",
            "learn.example.org",
            "preview.campus.example.com",
            "preview.example.org",
        ),
        ("studio.campus.example.com", "author.example.org"),
    ]


def test_a_site_leads_to_the_services_of_the_active_app_servers(world: World) -> None:
    world.spawn(world.make_instance(), activate=True)
    lms, studio = routing(world).sites
    assert (lms.upstreams, lms.health_path) == (("10.0.0.1:8000",), "/heartbeat")
    assert (studio.upstreams, studio.health_path) == (("10.0.0.1:8010",), "/heartbeat")


def test_a_site_leads_to_the_nginx_of_an_app_server_that_another_configuration_has_made(
    world: World,
) -> None:
    url = "https://github.com/openedx/configuration"
    world.spawn(world.make_instance(configuration_source_repo_url=url), activate=True)
    world.spawn(OpenEdXInstance.objects.get())
    assert {site.upstreams for site in routing(world).sites} == {("10.0.0.1:80",), ("10.0.0.2:80",)}


def test_an_app_server_that_is_not_active_has_a_preview_behind_a_password(world: World) -> None:
    instance = world.make_instance(external_lms_domain="learn.example.org")
    appserver = world.spawn(instance)
    *_, preview = routing(world).sites
    assert preview.domains == (preview_domain(appserver.pk, instance.internal_lms_domain),)
    assert preview.upstreams == ("10.0.0.1:8000",)
    assert preview.host_header == "learn.example.org"
    assert preview.user == PREVIEW_USER
    password = preview_password(instance).reveal().encode()
    assert bcrypt.checkpw(password, preview.password_hash.encode())


def test_an_app_server_that_does_not_run_has_no_site(world: World) -> None:
    world.break_hosts(lambda _: True)
    world.spawn(world.make_instance())
    assert len(routing(world).sites) == 2


def test_an_archived_instance_is_left_out(world: World) -> None:
    world.make_instance()
    InstanceReference.objects.update(is_archived=True)
    assert routing(world) == Routing(())


def test_an_instance_of_another_balancer_is_left_out(world: World) -> None:
    world.make_instance()
    other = LoadBalancingServer.objects.create(name="other", kind="memory")
    assert routing_of(other, world.policy) == Routing(())


@pytest.mark.parametrize("count", [2, 50])
def test_a_routing_takes_two_queries(
    world: World, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    fleet(world, count)
    with django_assert_num_queries(2):
        assert len(routing(world).sites) == 3 * count


def fleet(world: World, count: int) -> None:
    """Create instances with an inactive app server each, quickly, as copies of one."""
    instance = world.make_instance()
    world.spawn(instance)
    for _ in range(count - 1):
        instance.ref_set = InstanceReference.objects.create()
        instance.pk = instance.ref_set.pk
        instance.database_name = f"database_{instance.pk}"
        instance.internal_lms_domain = f"copy-{instance.pk}.example.com"
        instance.lease = Lease.objects.create()
        instance.save(force_insert=True)
        appserver = OpenEdXAppServer.objects.earliest("id")
        appserver.pk, appserver.instance = None, instance
        server = appserver.server
        assert server
        server.pk, server.name = None, f"host-{instance.pk}"
        server.save()
        appserver.server = server
        appserver.save()


# Few names, so that they meet: within an instance, among instances, with preview addresses.
LMS = st.sampled_from(["a.example.com", "b.example.com"])
ANY = st.sampled_from([
    "a.example.com", "b.example.com", "c.example.com", "studio.a.example.com",
    "preview.b.example.com", "appserver-1.a.example.com", "\u017f.example.com", "*.example.com",
])  # fmt: skip
INSTANCES = st.fixed_dictionaries(
    {"internal_lms_domain": LMS},
    optional={
        f"{kind}_{service}_domain": ANY
        for kind in ("internal", "external")
        for service in SERVICES
        if (kind, service) != ("internal", "lms")
    },
)


class AnyFleet(TestCase):
    @settings(
        max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
    )
    @given(st.lists(INSTANCES, min_size=1, max_size=3))
    def test_the_balancer_accepts_the_routing_of_any_fleet(
        self, fields: list[dict[str, str]]
    ) -> None:
        world = World()
        for fields_of_instance in fields:
            try:
                world.spawn(world.make_instance(**fields_of_instance))
            except ValidationError:
                continue
        check_routing(routing(world))
