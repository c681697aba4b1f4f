"""Shared servers of any kind: their names and addresses, and which of them an instance gets."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TypeVar
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction
from django.db.models import Count

from ocim.core.audit import AuditAction
from ocim.core.errors import Conflict, ValidationError
from ocim.core.texts import listed, plural
from ocim.operations import audit
from ocim.store.models import NetworkServer, OpenEdXInstance

BESIDE = "local"
"""The kind of hosts that share this machine's network."""
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")
SHOWN = 100
"""Number of characters of a faulty text that an error shows."""
_LONGEST_HOST = 253
LONGEST_USER = NetworkServer._meta.get_field("admin_user").max_length or 0
Shared = TypeVar("Shared", bound=NetworkServer)


@dataclass(frozen=True, slots=True)
class Address:
    """Parts of a server's URL."""

    scheme: str
    host: str
    port: int


def require_name(name: str) -> None:
    """Raise ValidationError unless the name can be that of a shared server."""
    if not _NAME.fullmatch(name):
        shown = name[:SHOWN]
        fault = f"{shown!r} is no valid name. Use small letters, digits and dashes, at most 40."
        raise ValidationError([fault])


def address_of(url: str, ports: Mapping[str, int], *, example: str) -> Address:
    """Return the parts of a server's URL; `ports` has the default port of each scheme.

    Raise ValidationError with every fault.
    """
    shown, faults = re.sub(r"//[^/@]*@", "//", url)[:SHOWN], []
    malformed = f"{shown!r} is no server's URL. Write it as {example}."
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        host.encode("idna")  # raises for a name that no server of names can be asked for
    except ValueError:
        raise ValidationError([malformed]) from None
    known = parts.scheme in ports and parts.path in ("", "/")
    if not known or not 1 <= len(host) <= _LONGEST_HOST:
        faults.append(malformed)
    if parts.username or parts.password:
        faults.append(
            "The URL holds an account. Name the user with --user; the password is asked for."
        )
    port = 0
    try:
        port = parts.port or ports.get(parts.scheme, 0)
    except ValueError as error:
        faults.append(f"{shown!r}: {error}.")
    if faults:
        raise ValidationError(faults)
    return Address(parts.scheme, host, port)


def require_user(user: str) -> None:
    """Raise ValidationError unless the name can be that of a shared server's administrator."""
    if not user.isprintable() or len(user) > LONGEST_USER:
        shown = user[:SHOWN]
        fault = (
            f"user: {shown!r} is no valid name. Use at most {LONGEST_USER} printable characters."
        )
        raise ValidationError([fault])


def enter(server: NetworkServer, what: str) -> None:
    """Store a new server. Raise Conflict if its name is taken."""
    try:
        with transaction.atomic():
            server.save(force_insert=True)
            if server.host:  # the request for a job records servers that Ocim creates
                audit.record(
                    AuditAction.SERVER_REGISTER,
                    server,
                    after={"host": server.host, "port": server.port, "user": server.admin_user},
                )
    except IntegrityError as error:
        raise Conflict(f"{what.capitalize()} {server.name!r} exists already.") from error


def find(model: type[Shared], name: str, *, what: str, command: str) -> Shared:
    """Return the server with this name. Raise Conflict if there is none."""
    server = model._default_manager.filter(name=name).first()
    if server is None:
        names = model._default_manager.order_by("name").values_list("name", flat=True)
        raise Conflict(
            f"No {what} {name!r}.",
            remedy=f"Registered: {listed(names)}."
            if names
            else f"None is registered; add one with `{command} register`.",
        )
    return server


def open_to(
    model: type[Shared],
    provider: str,
    *,
    suits: Callable[[Shared, int], bool] = lambda _server, _clients: True,
) -> list[Shared]:
    """Return the servers that accept an instance with such hosts, the emptiest first.

    `suits` judges a server by itself and its number of instances.
    """
    open_ones = model._default_manager.filter(accepts_new_clients=True)
    ranked = open_ones.annotate(clients=Count("openedxinstance")).order_by("clients", "id")
    return [
        server
        for server in ranked
        if is_reached(server.host, provider) and suits(server, server.clients)  # type: ignore[attr-defined]
    ]


def require_unused(server: NetworkServer) -> None:
    """Raise Conflict if an instance, archived or not, is on the server."""
    users = list(OpenEdXInstance.objects.filter(**{_field(server): server}).order_by("id"))
    if users:
        raise Conflict(
            f"{server} is in use by {plural(len(users), 'instance')}, such as {listed(users[:5])}.",
            remedy="Delete these instances first.",
        )


def is_reached(host: str, provider: str) -> bool:
    """Return True if the provider's hosts can reach a server.

    Only hosts on this machine's network reach a loopback address.
    """
    try:
        loopback = ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    return provider == BESIDE or not loopback


def _field(server: NetworkServer) -> str:
    """Return the name of the instances' field for such a server."""
    return next(
        field.name for field in OpenEdXInstance._meta.fields if field.related_model is type(server)
    )
