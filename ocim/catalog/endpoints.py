"""Where the services of an instance answer: on their host, and to the public."""

from collections.abc import Mapping
from dataclasses import dataclass

from ocim.core.spec import Domains, Instance, Probe, Service


@dataclass(frozen=True, slots=True)
class Endpoint:
    """How a service is reached on its host."""

    port: int
    health_path: str


ENDPOINTS: Mapping[Service, Endpoint] = {
    Service.LMS: Endpoint(8000, "/heartbeat"),
    Service.STUDIO: Endpoint(8010, "/heartbeat"),
    Service.ECOMMERCE: Endpoint(8130, "/health/"),
    Service.DISCOVERY: Endpoint(8381, "/health/"),
}

NGINX_PORT = 80
HTTPS_PORT = 443


def upstream(service: Service, address: str, *, behind_nginx: bool = False) -> str:
    """`address:port` of a service on a host.

    `behind_nginx` says that the host's nginx tells the services apart by name, as it does with
    every configuration repository but the built-in one.
    """
    return f"{address}:{NGINX_PORT if behind_nginx else ENDPOINTS[service].port}"


def public_domain(domains: Domains, service: Service) -> str:
    """The name that people see: the first external one where there is one."""
    external = domains.external.get(service.value, ())
    return external[0] if external else str(getattr(domains, service.value))


def with_port(domain: str, port: int) -> str:
    """The domain, with the balancer's port where that is not https's own."""
    return domain if port == HTTPS_PORT else f"{domain}:{port}"


def public_host(instance: Instance, service: Service) -> str:
    """The public name as a browser sends it: with the port where that is not https's own."""
    return with_port(public_domain(instance.domains, service), instance.public_port)


def public_url(instance: Instance, service: Service) -> str:
    """The service's root, without a slash at the end."""
    return f"https://{public_host(instance, service)}"


def probes(instance: Instance, address: str, *, behind_nginx: bool = False) -> tuple[Probe, ...]:
    """Whether every service answers on the host at `address`, under its public name."""
    return tuple(
        Probe(
            name=service.value,
            url=f"http://{public_host(instance, service)}{ENDPOINTS[service].health_path}",
            connect_to=upstream(service, address, behind_nginx=behind_nginx),
        )
        for service in _in_order(instance)
    )


def public_probes(instance: Instance, balancer_address: str) -> tuple[Probe, ...]:
    """Whether every service answers under its public name through the balancer's `address:port`."""
    return tuple(
        Probe(
            name=f"{service.value} through the balancer",
            url=f"{public_url(instance, service)}{ENDPOINTS[service].health_path}",
            connect_to=balancer_address,
        )
        for service in _in_order(instance)
    )


def _in_order(instance: Instance) -> list[Service]:
    return [service for service in Service if service in instance.services]
