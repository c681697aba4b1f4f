"""System checks: everything that is wrong with the settings, all at once, before any command.

Each check is a function of the settings that yields (what is wrong, what to do); its row below
gives it an id, and says whether a command may run all the same.
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
from ocim.project.databases import database_fault
from ocim.project.options import Options, options
from ocim.store.fields import check_master_key
from ocim.tasks import PERIODIC
from ocim.wiring import PROVIDERS

Said = Iterator[tuple[str, str]]
_SHORTEST_LEASE = 1.0
_HOST = re.compile(r"\*|\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|\[[0-9a-fA-F:]+\]")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://.", re.IGNORECASE)


def _unreadable(given: Options) -> Said:
    for fault in given.faults:
        yield fault, _meaning(fault.partition(":")[0])


def _master_key(given: Options) -> Said:
    unread = any(fault.startswith("OCIM_MASTER_KEY:") for fault in given.faults)
    if not unread and (fault := check_master_key(given.master_key)):
        yield (
            f"OCIM_MASTER_KEY: {fault}",
            "Set it to the key that this installation began with; `ocim up` makes one for a new"
            f" installation, in {given.var / 'master.key'}.",
        )


def _ports(given: Options) -> Said:
    named = {"OCIM_HTTPS_PORT": given.https_port, "OCIM_HTTP_PORT": given.http_port}
    for name, port in named.items():
        if not _is_port(port):
            yield f"{name}: {port} is no port.", "Ports go from 1 to 65535."
    if given.https_port == given.http_port:
        yield "OCIM_HTTP_PORT is OCIM_HTTPS_PORT, too.", "Give each a port of its own."
    host, port = _web(given)
    if host in given.balancer_bind and port in named.values():
        yield (
            f"OCIM_WEB_ADDRESS: {given.web_address} is one of the balancer's addresses.",
            "Give the manager's pages a port of their own.",
        )


def _web_address(given: Options) -> Said:
    host, port = _web(given)
    if not host or not _is_port(port):
        yield f"OCIM_WEB_ADDRESS: {given.web_address!r} is not host:port.", "As in 127.0.0.1:5000."


def _addresses(given: Options) -> Said:
    named = [("OCIM_BALANCER_BIND", one) for one in given.balancer_bind]
    for name, address in [*named, ("OCIM_BALANCER_ADDRESS", given.balancer_address)]:
        if not _is_address(address):
            yield f"{name}: {address!r} is no IP address.", "As in 127.0.0.1 or 10.0.0.5."
    if _is_address(given.balancer_address) and ip_address(given.balancer_address).is_unspecified:
        yield (
            f"OCIM_BALANCER_ADDRESS: nobody can connect to {given.balancer_address}.",
            "Name an address of this machine that app servers reach.",
        )
    network = given.nspawn_network
    if not network.is_private or network.is_loopback or network.is_link_local:
        yield (
            f"OCIM_NSPAWN_NETWORK: {network} is not a private network.",
            "Choose a free part of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16.",
        )


def _hosts(given: Options) -> Said:
    for host in given.allowed_hosts:
        if not _HOST.fullmatch(host):
            yield (
                f"OCIM_ALLOWED_HOSTS: {host!r} is no host name.",
                "Write names without https:// and without a port, as in ocim.example.com.",
            )


def _files(given: Options) -> Said:
    named = [("OCIM_GIT_KEYS", name) for name in given.git_keys]
    named += [("OCIM_GIT_KNOWN_HOSTS", given.git_known_hosts)] if given.git_known_hosts else []
    for name, path in named:
        if not Path(path).is_file():
            yield f"{name}: there is no file {path}.", "Name a file, with its whole path."
        elif not os.access(path, os.R_OK):
            yield f"{name}: {path} cannot be read.", "Let the user that Ocim runs as read it."


def _ssh_pool(given: Options) -> Said:
    if given.ssh_pool:
        from ocim.adapters.providers.ssh.pool import read_pool

        try:
            read_pool(Path(given.ssh_pool))
        except ValidationError as error:
            for fault in error.faults:
                yield fault, error.remedy or "See docs/how-to/hosts.md for what the file holds."


def _database(given: Options) -> Said:
    if fault := database_fault(given):
        yield f"DATABASE_URL: {fault}", "Without one, Ocim keeps a SQLite file in OCIM_VAR."


def _queues(given: Options) -> Said:
    scheme = urlsplit(given.queue_url).scheme
    if given.queue_url and scheme not in ("redis", "rediss", "unix"):
        yield (
            f"OCIM_QUEUE_URL: {scheme or 'what it has'!r} is no scheme of Redis.",
            "As in redis://127.0.0.1:6379/0. Without one, the queue is a file in OCIM_VAR.",
        )
    elif given.queue_url and (fault := _queue_fault(given.queue_url)):
        yield f"OCIM_QUEUE_URL: {fault}", "As in redis://127.0.0.1:6379/0."
    if given.low_priority_queue == PERIODIC:
        yield f"OCIM_LOW_PRIORITY_QUEUE: {PERIODIC} has another use.", "Choose another name."


def _numbers(given: Options) -> Said:
    if given.workers < 1:
        yield "OCIM_WORKERS: a worker needs at least one thread.", "Set it to 1 or more."
    if given.lease < _SHORTEST_LEASE:
        yield "OCIM_LEASE: workers cannot renew a lease that short.", "Give it a second or more."


def _provider(given: Options) -> Said:
    if given.default_provider not in PROVIDERS:
        there = ", ".join(PROVIDERS)
        yield f"OCIM_DEFAULT_PROVIDER: there is no {given.default_provider!r}.", f"One of: {there}."


def _acme(given: Options) -> Said:
    if given.acme_directory and urlsplit(given.acme_directory).scheme not in ("https", "http"):
        yield (
            f"OCIM_ACME_DIRECTORY: {given.acme_directory!r} is no URL.",
            "As in https://acme-v02.api.letsencrypt.org/directory.",
        )
    if given.acme_email and "@" not in given.acme_email:
        yield f"OCIM_ACME_EMAIL: {given.acme_email!r} is no address.", "As in it@example.com."
    if given.acme_roots and not Path(given.acme_roots).is_file():
        yield (
            f"OCIM_ACME_ROOTS: there is no file {given.acme_roots}.",
            "Name a PEM file, or leave it out to trust the system's authorities.",
        )


def _platform(given: Options) -> Said:
    if not (platform := bundled(given.platform)).is_dir():
        yield (
            f"OCIM_PLATFORM: there is no directory {platform}.",
            "Name the directory of a platform; `rehearsal` is the one that Ocim brings.",
        )


def _rewrites(given: Options) -> Said:
    prefixes = [old for old, _ in given.url_rewrites]
    for twice in sorted({one for one in prefixes if prefixes.count(one) > 1}):
        yield f"OCIM_URL_REWRITES: {twice} is rewritten twice.", "Leave one of them."


def _notices(given: Options) -> Said:
    for number, address in enumerate(given.notices, start=1):
        if not _SCHEME.match(address.reveal()):
            yield (
                f"OCIM_NOTICES: address {number} does not begin with a scheme.",
                "As in mailto://… or json://…, with a space before the next one.",
            )


def _unknown(given: Options) -> Said:
    names = [one.metadata["name"] for one in options()]
    for name in given.unknown:
        near = get_close_matches(name, names, n=1)
        yield (
            f"{name} is set, but is no setting.",
            f"Did you mean {near[0]}?" if near else "docs/reference/settings.md has them all.",
        )


def _release(given: Options) -> Said:
    if not Release.of(given.default_release).known:
        yield (
            f"OCIM_DEFAULT_RELEASE: {given.default_release!r} names no release that Ocim knows.",
            "It is treated as the newest one; as in open-release/juniper.2.",
        )


def _acme_email(given: Options) -> Said:
    if given.acme_directory and not given.acme_email:
        yield (
            "OCIM_ACME_EMAIL: nobody is told of trouble with certificates.",
            "Set it, since OCIM_ACME_DIRECTORY is set.",
        )
    if given.acme_email and not given.acme_directory:
        yield (
            "OCIM_ACME_EMAIL is set, but OCIM_ACME_DIRECTORY is not.",
            "Set both, or neither: then the balancer signs certificates itself.",
        )


def _exposed(given: Options) -> Said:
    host, _ = _web(given)
    if not host or _is_loopback(host):
        return
    if given.debug:
        yield "OCIM_DEBUG: its pages show settings to the whole network.", "Take it out."
    if not given.secure_cookies:
        yield (
            "OCIM_SECURE_COOKIES: sessions can be overheard in the network.",
            "Serve them behind an https proxy and set it to true, or keep OCIM_WEB_ADDRESS local.",
        )


@dataclass(frozen=True, slots=True)
class _Check:
    id: str
    kind: type[checks.Error | checks.Warning]
    look: Callable[[Options], Said]


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


def look(given: Options) -> list[CheckMessage]:
    """What all checks have to say of these settings."""
    return [
        check.kind(what, hint=remedy, id=check.id)
        for check in CHECKS
        for what, remedy in check.look(given)
    ]


@register("ocim")
def check_settings(app_configs: object, **_: Any) -> list[CheckMessage]:
    """What all checks have to say of the settings in force."""
    return look(settings.OCIM)


def _queue_fault(url: str) -> str:
    """Return what is wrong with a URL of Redis, without any of it: it may hold a password."""
    from redis.connection import parse_url

    try:
        parts = parse_url(url)  # type: ignore[no-untyped-call]
    except ValueError as error:
        return "its port is not a number." if "ort" in str(error) else "it is no URL of Redis."
    database = urlsplit(url).path.strip("/")
    if "path" not in parts and database and not database.isdecimal():
        return f"the database {database!r} is not a number."
    return ""


def _meaning(name: str) -> str:
    for one in options():
        if one.metadata["name"] == name:
            return f"{one.metadata['meaning']} Default: {one.metadata['shown']}."
    return ""


def _web(given: Options) -> tuple[str, int]:
    host, _, port = given.web_address.rpartition(":")
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
