"""Checks of the addresses and ports of the manager, the balancer and the hosts."""

import re
from ipaddress import ip_address

from ocim.project.checks.faults import Faults
from ocim.project.options import Options

HOST_PREFIX = 27
"""Length of the prefix of a `docker` host's network."""
_MACHINE = re.compile(r"ssh://[A-Za-z0-9][A-Za-z0-9._-]*")
_HOST = re.compile(r"\*|\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|\[[0-9a-fA-F:]+\]")


def ports(options: Options) -> Faults:
    named = {"OCIM_HTTPS_PORT": options.https_port, "OCIM_HTTP_PORT": options.http_port}
    for name, port in named.items():
        if not _is_port(port):
            yield f"{name}: {port} is not a port.", "Choose a number from 1 to 65535."
    if options.https_port == options.http_port:
        yield (
            f"OCIM_HTTP_PORT and OCIM_HTTPS_PORT are both {options.http_port}.",
            "Choose two different ports.",
        )
    host, port = _web(options)
    if host in options.balancer_bind and port in named.values():
        yield (
            f"OCIM_WEB_ADDRESS: the balancer listens on {options.web_address}, too.",
            "Choose another port for the manager's pages.",
        )


def web_address(options: Options) -> Faults:
    host, port = _web(options)
    if not host or not _is_port(port):
        yield (
            f"OCIM_WEB_ADDRESS: {options.web_address!r} is not an address.",
            "Write HOST:PORT, such as 127.0.0.1:5000.",
        )


def addresses(options: Options) -> Faults:
    named = [("OCIM_BALANCER_BIND", address) for address in options.balancer_bind]
    for name, address in [*named, ("OCIM_BALANCER_ADDRESS", options.balancer_address)]:
        if not _is_address(address):
            yield (
                f"{name}: {address!r} is not an IP address.",
                "Write an address such as 127.0.0.1 or 10.0.0.5.",
            )
    if (
        _is_address(options.balancer_address)
        and ip_address(options.balancer_address).is_unspecified
    ):
        yield (
            f"OCIM_BALANCER_ADDRESS: {options.balancer_address} is not an address to connect to.",
            "Set it to an address of this machine that app servers can reach.",
        )
    yield from _networks(options)


def allowed_hosts(options: Options) -> Faults:
    for host in options.allowed_hosts:
        if not _HOST.fullmatch(host):
            yield (
                f"OCIM_ALLOWED_HOSTS: {host!r} is not a host name.",
                "Write names without https:// and port, such as ocim.example.com.",
            )


def exposure(options: Options) -> Faults:
    host, _ = _web(options)
    if not host or _is_loopback(host):
        return
    if options.debug:
        yield "OCIM_DEBUG: error pages show settings to the whole network.", "Remove it."
    if not options.secure_cookies:
        yield (
            "OCIM_SECURE_COOKIES: browsers send session cookies without encryption.",
            "Use an https proxy and set it to true, or choose a local OCIM_WEB_ADDRESS.",
        )


def _networks(options: Options) -> Faults:
    networks = {
        "OCIM_NSPAWN_NETWORK": options.nspawn_network,
        "OCIM_DOCKER_NETWORK": options.docker_network,
    }
    for name, network in networks.items():
        if not network.is_private or network.is_loopback or network.is_link_local:
            yield (
                f"{name}: {network} is not a private network.",
                "Choose a free part of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16.",
            )
    engine = options.docker_engine
    if engine and not engine.startswith("unix:///") and not _MACHINE.fullmatch(engine):
        yield (
            f"OCIM_DOCKER_ENGINE: {engine!r} is neither a socket of this machine nor a machine of"
            " the pool.",
            "Write unix:///var/run/docker.sock, or ssh:// and a machine's name in OCIM_SSH_POOL.",
        )
    elif options.engine_machine and not options.ssh_pool:
        yield (
            f"OCIM_DOCKER_ENGINE: {engine} is a machine of the pool, and OCIM_SSH_POOL is not set.",
            "Name the file that lists the machine.",
        )
    if options.docker_network.prefixlen > HOST_PREFIX:
        yield (
            f"OCIM_DOCKER_NETWORK: {options.docker_network} is too small for a host.",
            f"Choose a network of /{HOST_PREFIX} or larger.",
        )
    if options.docker_network.overlaps(options.nspawn_network):
        yield (
            f"OCIM_DOCKER_NETWORK and OCIM_NSPAWN_NETWORK overlap: {options.docker_network},"
            f" {options.nspawn_network}.",
            "Choose two different networks.",
        )


def _web(options: Options) -> tuple[str, int]:
    host, _, port = options.web_address.rpartition(":")
    return host, int(port) if port.isdecimal() else 0


def _is_port(number: int) -> bool:
    return 0 < number < 1 << 16


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (_is_address(host) and ip_address(host).is_loopback)
