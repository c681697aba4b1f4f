"""What the database says → what the balancer shall serve."""

from collections.abc import Iterator

from django.db.models import Prefetch

from ocim.catalog.endpoints import ENDPOINTS, public_host, upstream
from ocim.core.policy import Policy
from ocim.core.spec import Instance, Routing, Service, Site
from ocim.core.states import AppServerState
from ocim.store.models import LoadBalancingServer, OpenEdXAppServer, OpenEdXInstance
from ocim.store.specs import instance_spec

PREVIEW_USER = "preview"


def routing_of(balancer: LoadBalancingServer, policy: Policy) -> Routing:
    """Every name of every instance on the balancer that is not archived; two queries."""
    running = (
        OpenEdXAppServer.objects.filter(state=AppServerState.RUNNING)
        .select_related("server")
        .defer("effective_variables")
        .order_by("id")
    )
    instances = (
        OpenEdXInstance.objects.filter(load_balancing_server=balancer, ref_set__is_archived=False)
        .select_related("database_server")
        .defer("secret_seed", "jwt_private_key", "configuration_extra_settings")
        .prefetch_related(Prefetch("appserver_set", running))
        .order_by("id")
    )
    return Routing(tuple(site for one in instances for site in _sites(one, policy)))


def preview_domain(appserver_id: int, instance: OpenEdXInstance) -> str:
    """Where an app server that is not active can be opened, with name and password."""
    return f"appserver-{appserver_id}.{instance.internal_lms_domain}"


def _sites(instance: OpenEdXInstance, policy: Policy) -> Iterator[Site]:
    spec = instance_spec(instance, policy)
    running = instance.appserver_set.all()
    active = [_address(one) for one in running if one.is_active]
    for service in sorted(spec.services):
        yield Site(
            domains=_names(spec, service),
            upstreams=tuple(upstream(service, address) for address in active),
            health_path=ENDPOINTS[service].health_path,
        )
    for appserver in running:
        if not appserver.is_active:
            yield Site(
                domains=(preview_domain(appserver.pk, instance),),
                upstreams=(upstream(Service.LMS, _address(appserver)),),
                host_header=public_host(spec, Service.LMS),
                user=PREVIEW_USER,
                password_hash=instance.preview_password_hash,
            )


def _names(spec: Instance, service: Service) -> tuple[str, ...]:
    domains = spec.domains
    names = [getattr(domains, service.value), *domains.external.get(service.value, ())]
    if service is Service.LMS:
        names += [domains.preview, *domains.external.get("preview", ())]
    return tuple(dict.fromkeys(names))


def _address(appserver: OpenEdXAppServer) -> str:
    return appserver.server.address if appserver.server else ""
