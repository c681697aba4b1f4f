"""Where the services of an instance answer: on their host, and to the public."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from ocim.core.health import Probe
from ocim.core.instance import Domains, Service


@dataclass(frozen=True, slots=True)
class Endpoint:
    """How a service is reached on its host, and what it answers there when it is well."""

    port: int
    health_path: str
    health_fields: Mapping[str, object] = field(default_factory=dict)
    """Empty where it has a status for each of its parts, as edx-platform's heartbeat has."""


WELL = {"overall_status": "OK"}
ENDPOINTS: Mapping[Service, Endpoint] = {
    Service.LMS: Endpoint(8000, "/heartbeat"),
    Service.STUDIO: Endpoint(8010, "/heartbeat"),
    Service.ECOMMERCE: Endpoint(8130, "/health/", WELL),
    Service.DISCOVERY: Endpoint(8381, "/health/", WELL),
}


class Published(Protocol):
    """What says under which names which services answer: an Instance, or less of it."""

    @property
    def domains(self) -> Domains: ...
    @property
    def public_port(self) -> int: ...
    @property
    def services(self) -> frozenset[Service]: ...


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


def public_host(instance: Published, service: Service) -> str:
    """The public name as a browser sends it: with the port where that is not https's own."""
    return with_port(public_domain(instance.domains, service), instance.public_port)


def public_url(instance: Published, service: Service) -> str:
    """The service's root, without a slash at the end."""
    return f"https://{public_host(instance, service)}"


def probes(instance: Published, address: str, *, behind_nginx: bool = False) -> tuple[Probe, ...]:
    """Whether every service answers on the host at `address`, under its public name."""
    return tuple(
        replace(
            _probe(service, f"http://{public_host(instance, service)}"),
            connect_to=upstream(service, address, behind_nginx=behind_nginx),
        )
        for service in _in_order(instance)
    )


def public_probes(instance: Published, balancer_address: str) -> tuple[Probe, ...]:
    """Whether every service answers under its public name through the balancer's `address:port`."""
    return tuple(
        replace(
            _probe(service, public_url(instance, service)),
            name=f"{service.value} through the balancer",
            connect_to=balancer_address,
        )
        for service in _in_order(instance)
    )


def _probe(service: Service, root: str) -> Probe:
    """Ask the service at `root` how it is, and expect what it says when it is well."""
    endpoint = ENDPOINTS[service]
    return Probe(
        name=service.value,
        url=f"{root}{endpoint.health_path}",
        expect_type="application/json",
        expect_fields=endpoint.health_fields,
        expect_statuses=not endpoint.health_fields,
    )


def _in_order(instance: Published) -> list[Service]:
    return [service for service in Service if service in instance.services]
