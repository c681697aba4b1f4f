"""Routing of a balancer, as it follows from the database."""

from collections.abc import Iterator

from django.db.models import Prefetch

from ocim.catalog.endpoints import ENDPOINTS, public_domain, upstream, with_port
from ocim.core.instance import Domains, Service
from ocim.core.names import PREVIEW_USER, preview_domain
from ocim.core.policy import Policy
from ocim.core.routing import Routing, Site
from ocim.core.states import AppServerState
from ocim.store.models import LoadBalancingServer, OpenEdXAppServer, OpenEdXInstance
from ocim.store.specs import services_of


def routing_of(balancer: LoadBalancingServer, policy: Policy) -> Routing:
    """Return the sites of all instances on the balancer that are not archived. Two queries."""
    running = (
        OpenEdXAppServer.objects.filter(state=AppServerState.RUNNING)
        .select_related("server")
        .defer("effective_variables")
        .order_by("id")
    )
    instances = (
        OpenEdXInstance.objects.filter(load_balancing_server=balancer, ref_set__is_archived=False)
        .defer("secret_seed", "jwt_private_key")
        .prefetch_related(Prefetch("appserver_set", running))
        .order_by("id")
    )
    sites = tuple(site for instance in instances for site in _sites(instance, policy))
    return Routing(sites, balancer.version)


def _sites(instance: OpenEdXInstance, policy: Policy) -> Iterator[Site]:
    domains = instance.domains
    running = instance.appserver_set.all()
    active = [appserver for appserver in running if appserver.is_active]
    for service in sorted(services_of(instance)):
        yield Site(
            domains=_names(domains, service),
            upstreams=tuple(
                _upstream(service, appserver)
                for appserver in active
                if service in appserver.services and not instance.maintenance
            ),
            health_path=ENDPOINTS[service].health_path,
            notice=instance.maintenance,
        )
    for appserver in running:
        if not appserver.is_active:
            yield Site(
                domains=(preview_domain(appserver.pk, instance.internal_lms_domain),),
                upstreams=(_upstream(Service.LMS, appserver),),
                host_header=with_port(public_domain(domains, Service.LMS), policy.https_port),
                user=PREVIEW_USER,
                password_hash=instance.preview_password_hash,
            )


def _names(domains: Domains, service: Service) -> tuple[str, ...]:
    names = [getattr(domains, service.value), *domains.external.get(service.value, ())]
    if service is Service.LMS:
        names += [domains.preview, *domains.external.get("preview", ())]
    return tuple(dict.fromkeys(names))


def _upstream(service: Service, appserver: OpenEdXAppServer) -> str:
    address = appserver.server.address if appserver.server else ""
    return upstream(service, address, one_port=appserver.one_port)
