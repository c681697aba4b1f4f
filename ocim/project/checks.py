"""System checks, which report all faults in the settings at once, before any command runs.

Each check is a function from the settings to pairs: what is wrong, and what to do. Its row in
`CHECKS` has its id, and its severity: commands do not run if there are errors.
"""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, register

from ocim.catalog.releases import Release
from ocim.core.errors import ValidationError
from ocim.core.places import bundled
from ocim.core.texts import listed
from ocim.project.databases import database_fault
from ocim.project.options import Options, option_fields
from ocim.store.fields import check_master_key
from ocim.tasks import PERIODIC
from ocim.wiring import PROVIDERS

Faults = Iterator[tuple[str, str]]
_SHORTEST_LEASE = 1.0
"""Minimum duration of a lease, in seconds."""
_HOST = re.compile(r"\*|\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|\[[0-9a-fA-F:]+\]")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://.", re.IGNORECASE)


def _unreadable(options: Options) -> Faults:
    for fault in options.faults:
        yield fault, _meaning(fault.partition(":")[0])


def _master_key(options: Options) -> Faults:
    unread = any(fault.startswith("OCIM_MASTER_KEY:") for fault in options.faults)
    if not unread and (fault := check_master_key(options.master_key)):
        yield (
            f"OCIM_MASTER_KEY: {fault}",
            "Set it to the key of this installation; `ocim up` creates one for a new"
            f" installation, in {options.var / 'master.key'}.",
        )


def _ports(options: Options) -> Faults:
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


def _web_address(options: Options) -> Faults:
    host, port = _web(options)
    if not host or not _is_port(port):
        yield (
            f"OCIM_WEB_ADDRESS: {options.web_address!r} is not an address.",
            "Write HOST:PORT, such as 127.0.0.1:5000.",
        )


def _addresses(options: Options) -> Faults:
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
    network = options.nspawn_network
    if not network.is_private or network.is_loopback or network.is_link_local:
        yield (
            f"OCIM_NSPAWN_NETWORK: {network} is not a private network.",
            "Choose a free part of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16.",
        )


def _hosts(options: Options) -> Faults:
    for host in options.allowed_hosts:
        if not _HOST.fullmatch(host):
            yield (
                f"OCIM_ALLOWED_HOSTS: {host!r} is not a host name.",
                "Write names without https:// and port, such as ocim.example.com.",
            )


def _files(options: Options) -> Faults:
    named = [("OCIM_GIT_KEYS", name) for name in options.git_keys]
    named += [("OCIM_GIT_KNOWN_HOSTS", options.git_known_hosts)] if options.git_known_hosts else []
    for name, path in named:
        if not Path(path).is_file():
            yield f"{name}: there is no file {path}.", "Set it to the absolute path of a file."
        elif not os.access(path, os.R_OK):
            yield (
                f"{name}: Ocim may not read {path}.",
                "Allow the user that Ocim runs as to read it.",
            )


def _ssh_pool(options: Options) -> Faults:
    if options.ssh_pool:
        from ocim.adapters.providers.ssh.pool import read_pool

        try:
            read_pool(Path(options.ssh_pool))
        except ValidationError as error:
            for fault in error.faults:
                yield fault, error.remedy or "docs/how-to/hosts.md describes the file."


def _database(options: Options) -> Faults:
    if fault := database_fault(options):
        yield f"DATABASE_URL: {fault}", "Or remove it to use a SQLite file in OCIM_VAR."


def _queues(options: Options) -> Faults:
    scheme = urlsplit(options.queue_url).scheme
    if options.queue_url and scheme not in ("redis", "rediss", "unix"):
        yield (
            f"OCIM_QUEUE_URL: {scheme!r} is not a scheme of Redis.",
            "Write a URL such as redis://127.0.0.1:6379/0, or remove it to use a file in OCIM_VAR.",
        )
    elif options.queue_url and (fault := _queue_fault(options.queue_url)):
        yield f"OCIM_QUEUE_URL: {fault}", "Write a URL such as redis://127.0.0.1:6379/0."
    if options.low_priority_queue == PERIODIC:
        yield (
            f"OCIM_LOW_PRIORITY_QUEUE: {PERIODIC} is the queue of periodic tasks.",
            "Choose another name.",
        )


def _numbers(options: Options) -> Faults:
    if options.workers < 1:
        yield f"OCIM_WORKERS: {options.workers} threads cannot run any job.", "Set it to 1 or more."
    if options.lease < _SHORTEST_LEASE:
        yield (
            f"OCIM_LEASE: {options.lease:g} s is too short for workers to renew a lease.",
            f"Set it to {_SHORTEST_LEASE:g} or more.",
        )


def _provider(options: Options) -> Faults:
    if options.default_provider not in PROVIDERS:
        yield (
            f"OCIM_DEFAULT_PROVIDER: there is no provider {options.default_provider!r}.",
            f"Choose {listed(PROVIDERS, 'or')}.",
        )


def _acme(options: Options) -> Faults:
    if options.acme_directory and urlsplit(options.acme_directory).scheme not in ("https", "http"):
        yield (
            f"OCIM_ACME_DIRECTORY: {options.acme_directory!r} is not a URL.",
            "Write a URL such as https://acme-v02.api.letsencrypt.org/directory.",
        )
    if options.acme_email and "@" not in options.acme_email:
        yield (
            f"OCIM_ACME_EMAIL: {options.acme_email!r} is not an e-mail address.",
            "Write an address such as it@example.com.",
        )
    if options.acme_roots and not Path(options.acme_roots).is_file():
        yield (
            f"OCIM_ACME_ROOTS: there is no file {options.acme_roots}.",
            "Set it to a PEM file, or remove it, to trust the system's authorities.",
        )


def _platform(options: Options) -> Faults:
    if not (platform := bundled(options.platform)).is_dir():
        yield (
            f"OCIM_PLATFORM: there is no directory {platform}.",
            "Set it to the directory of a platform; `rehearsal` is the built-in one.",
        )


def _rewrites(options: Options) -> Faults:
    prefixes = [old for old, _ in options.url_rewrites]
    for prefix in sorted({prefix for prefix in prefixes if prefixes.count(prefix) > 1}):
        yield f"OCIM_URL_REWRITES: there are several rules for {prefix}.", "Keep one of them."


def _notices(options: Options) -> Faults:
    for number, address in enumerate(options.notices, start=1):
        if not _SCHEME.match(address.reveal()):
            yield (
                f"OCIM_NOTICES: address {number} has no scheme.",
                "Write URLs such as mailto://… or json://…, with spaces between.",
            )


def _unknown(options: Options) -> Faults:
    names = [option.metadata["name"] for option in option_fields()]
    for name in options.unknown:
        near = get_close_matches(name, names, n=1)
        yield (
            f"Unknown setting {name}.",
            f"Did you mean {near[0]}?"
            if near
            else "docs/reference/settings.md lists all settings.",
        )


def _release(options: Options) -> Faults:
    if not Release.of(options.default_release).known:
        yield (
            f"OCIM_DEFAULT_RELEASE: {options.default_release!r} is not a known release.",
            "Ocim treats it as the newest one. Write a release such as open-release/juniper.2.",
        )


def _acme_email(options: Options) -> Faults:
    if options.acme_directory and not options.acme_email:
        yield (
            "OCIM_ACME_EMAIL is not set, although OCIM_ACME_DIRECTORY is.",
            "Set it to an address for warnings about certificates.",
        )
    if options.acme_email and not options.acme_directory:
        yield (
            "OCIM_ACME_EMAIL is set, although OCIM_ACME_DIRECTORY is not.",
            "Set both, or neither: without them, the balancer signs certificates itself.",
        )


def _exposed(options: Options) -> Faults:
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


@dataclass(frozen=True, slots=True)
class _Check:
    id: str
    kind: type[checks.Error | checks.Warning]
    find: Callable[[Options], Faults]


CHECKS = (
    _Check("ocim.E001", checks.Error, _unreadable),
    _Check("ocim.E002", checks.Error, _master_key),
    _Check("ocim.E003", checks.Error, _ports),
    _Check("ocim.E004", checks.Error, _web_address),
    _Check("ocim.E005", checks.Error, _addresses),
    _Check("ocim.E006", checks.Error, _database),
    _Check("ocim.E007", checks.Error, _queues),
    _Check("ocim.E008", checks.Error, _numbers),
    _Check("ocim.E009", checks.Error, _provider),
    _Check("ocim.E010", checks.Error, _acme),
    _Check("ocim.E011", checks.Error, _platform),
    _Check("ocim.E012", checks.Error, _rewrites),
    _Check("ocim.E013", checks.Error, _notices),
    _Check("ocim.E014", checks.Error, _hosts),
    _Check("ocim.E015", checks.Error, _files),
    _Check("ocim.E016", checks.Error, _ssh_pool),
    _Check("ocim.W001", checks.Warning, _unknown),
    _Check("ocim.W002", checks.Warning, _release),
    _Check("ocim.W003", checks.Warning, _acme_email),
    _Check("ocim.W004", checks.Warning, _exposed),
)


def find_faults(options: Options) -> list[CheckMessage]:
    """Return the messages of all checks about these settings."""
    return [
        check.kind(problem, hint=remedy, id=check.id)
        for check in CHECKS
        for problem, remedy in check.find(options)
    ]


@register("ocim")
def check_settings(app_configs: object, **_: Any) -> list[CheckMessage]:
    """Return the messages of all checks about the settings in force."""
    return find_faults(settings.OCIM)


def _queue_fault(url: str) -> str:
    """Return a fault of a Redis URL, without quoting it, since it may contain a password."""
    from redis.connection import parse_url

    try:
        parts = parse_url(url)  # type: ignore[no-untyped-call]
    except ValueError as error:
        return "its port is not a number." if "ort" in str(error) else "it is not a URL of Redis."
    database = urlsplit(url).path.strip("/")
    if "path" not in parts and database and not database.isdecimal():
        return f"the database {database!r} is not a number."
    return ""


def _meaning(name: str) -> str:
    for option in option_fields():
        if option.metadata["name"] == name:
            return f"{option.metadata['meaning']} Default: {option.metadata['shown']}."
    return ""


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
