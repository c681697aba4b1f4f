"""Endpoints of an instance's services: on their host, and at their public names."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from ocim.core.health import Probe
from ocim.core.instance import Domains, Service


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Port of a service on its host, and its health check."""

    port: int
    health_path: str
    health_fields: Mapping[str, object] = field(default_factory=dict)
    """Members of a healthy response; empty: it has a status for each part, as the heartbeat has."""


WELL = {"overall_status": "OK"}
ENDPOINTS: Mapping[Service, Endpoint] = {
    Service.LMS: Endpoint(8000, "/heartbeat"),
    Service.STUDIO: Endpoint(8010, "/heartbeat"),
    Service.ECOMMERCE: Endpoint(8130, "/health/", WELL),
    Service.DISCOVERY: Endpoint(8381, "/health/", WELL),
}


class Published(Protocol):
    """Services with their public names: an Instance, or a part of one."""

    @property
    def domains(self) -> Domains: ...
    @property
    def public_port(self) -> int: ...
    @property
    def services(self) -> frozenset[Service]: ...


PROXY_PORT = 80
HTTPS_PORT = 443


def upstream(service: Service, address: str, *, one_port: bool = False) -> str:
    """Return the `address:port` of a service on a host.

    `one_port`: a proxy on the host serves all services at one port, and selects them by name: nginx
    of all configuration repositories, except the built-in one, and Tutor's Caddy. The address of a
    host that shares its machine with others has the port.
    """
    if one_port and ":" in address:
        return address
    return f"{address}:{PROXY_PORT if one_port else ENDPOINTS[service].port}"


def public_domain(domains: Domains, service: Service) -> str:
    """Return the name that people see: the first external one, if there is any."""
    external = domains.external.get(service.value, ())
    return external[0] if external else str(getattr(domains, service.value))


def with_port(domain: str, port: int) -> str:
    """Return the domain, with the balancer's port unless that is 443."""
    return domain if port == HTTPS_PORT else f"{domain}:{port}"


def public_host(instance: Published, service: Service) -> str:
    """Return the public name as browsers send it: with the port unless that is 443."""
    return with_port(public_domain(instance.domains, service), instance.public_port)


def public_url(instance: Published, service: Service) -> str:
    """Return the public URL of the service, without a slash at the end."""
    return f"https://{public_host(instance, service)}"


def probes(instance: Published, address: str, *, one_port: bool = False) -> tuple[Probe, ...]:
    """Return probes of all services on the host at `address`, by their public names."""
    return tuple(
        replace(
            _probe(service, f"http://{public_host(instance, service)}"),
            connect_to=upstream(service, address, one_port=one_port),
        )
        for service in _in_order(instance)
    )


def public_probes(instance: Published, balancer_address: str) -> tuple[Probe, ...]:
    """Return probes of all services at their public names, through the balancer."""
    return tuple(
        replace(
            _probe(service, public_url(instance, service)),
            name=f"{service.value} through the balancer",
            connect_to=balancer_address,
        )
        for service in _in_order(instance)
    )


def _probe(service: Service, root: str) -> Probe:
    """Return a probe of the health check of the service at `root`."""
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
