"""Database servers: registered or created, shared by instances. SQLite is the embedded one."""

import ssl
from collections.abc import Iterable
from functools import partial

from ocim.core.databases import ServerFacts
from ocim.core.errors import (
    Conflict,
    PermanentError,
    TransientError,
    ValidationError,
    gathered,
)
from ocim.core.hosts import DOCKER
from ocim.core.instance import DatabaseHost
from ocim.core.provisioning import BUILTIN, ConfigurationSource
from ocim.core.secrets import Secret
from ocim.core.texts import listed
from ocim.operations import placement, shared_servers
from ocim.operations.context import Context
from ocim.operations.provisioners import MYSQL
from ocim.operations.shared_servers import Recipe
from ocim.store.models import DatabaseServer, Job
from ocim.store.specs import DATABASE_PORTS, database_host

WHAT = "database server"
COMMAND = "ocim database-server"
EXAMPLE = "mysql://db.example.com:3306 or postgresql://db.example.com:5432"
_FOR_CONTAINERS = (
    "Create one with `ocim database-server create`, or register one: containers need a MySQL server"
    " with an address that they reach."
)
EMBEDDED = "sqlite"
"""The kind of databases that need no server."""


def _examine(server: DatabaseServer, context: Context) -> str:
    return facts(server, context).version


RECIPE = Recipe(
    role="database",
    what=WHAT,
    model=DatabaseServer,
    kind="mysql",
    admin="ocim",
    command=COMMAND,
    playbook=ConfigurationSource(BUILTIN, "", "database_server.yml"),
    port=DATABASE_PORTS["mysql"],
    variables=lambda server: {
        "MARIADB_ADMIN_USER": server.admin_user,
        "MARIADB_ADMIN_PASSWORD": Secret(server.admin_password),
    },
    examine=_examine,
)


def register(
    *,
    name: str,
    url: str,
    user: str,
    password: Secret,
    tls: bool = False,
    authority: str = "",
    context: Context,
) -> tuple[DatabaseServer, list[str]]:
    """Register an existing server, after a connection to it.

    With `tls`, its certificate must be of the authority (PEM), or of a public one if that is empty.
    Return the server, and what is not as it should be there. Raise ValidationError with every fault
    of name, URL, user and authority, and TransientError or PermanentError if the server does not
    answer, rejects the account, is too old, or gives it too few rights.
    """
    *_, address = gathered(
        lambda: placement.require_name(name),
        lambda: placement.require_user(user),
        lambda: _require_certificates(authority),
        lambda: placement.address_of(url, DATABASE_PORTS, example=EXAMPLE),
    )
    server = DatabaseServer(
        name=name,
        kind=address.scheme,
        host=address.host,
        port=address.port,
        tls=tls or bool(authority),
        authority=authority,
        admin_user=user,
        admin_password=password.reveal(),
    )
    same = DatabaseServer.objects.filter(host=server.host, port=server.port).first()
    if same:
        raise Conflict(f"{server.url} is the database server {same} already.")
    examined = facts(server, context)
    server.version = examined.version
    placement.enter(server, WHAT)
    return server, [*examined.problems, *_problems(server)]


def request_creation(
    *, name: str, provider: str, flavor: str = "", queue: str, context: Context
) -> tuple[DatabaseServer, Job]:
    """Submit the job that creates a server with MariaDB; see `shared_servers`."""
    _, job = shared_servers.request_creation(
        RECIPE, name=name, provider=provider, flavor=flavor, queue=queue, context=context
    )
    return find(name), job


def remove(*, name: str, context: Context) -> DatabaseServer:
    """Remove a server; if Ocim created it, with its host and all databases on it.

    Raise Conflict if it is being created, or if an instance, archived or not, is on it.
    """
    server = find(name)
    shared_servers.remove(
        server,
        require_unused=partial(placement.require_unused, server),
        show=f"{COMMAND} show {server}",
        context=context,
    )
    return server


def find(name: str) -> DatabaseServer:
    """Return the server with this name. Raise Conflict if there is none."""
    return placement.find(DatabaseServer, name, what=WHAT, command=COMMAND)


def choose(*, name: str, provider: str) -> DatabaseServer:
    """Return the server for a new instance: the named one, or else the best for its hosts.

    Without a name, hosts of this machine have embedded databases if these accept new instances, and
    other hosts the server with the fewest instances that they reach. Raise ValidationError if the
    named one cannot be, and Conflict if there is none.
    """
    reached = placement.open_to(
        DatabaseServer,
        provider,
        suits=lambda server, _clients: provider != DOCKER or server.kind == MYSQL,
    )
    if name:
        server = next((server for server in reached if server.name == name), None)
        if server is None:
            names = listed(sorted(server.name for server in reached))
            raise ValidationError(
                [f"database_server: {name!r} is none that {provider} hosts can use."],
                remedy=f"Choose one of: {names}.",
            )
        return server
    embedded = [server for server in reached if server.kind == EMBEDDED]
    others = [server for server in reached if server.kind != EMBEDDED]
    ranked = [*embedded, *others] if provider == placement.BESIDE else [*others, *embedded]
    if not ranked:
        raise Conflict(
            "No database server accepts new clients.",
            remedy=_FOR_CONTAINERS
            if provider == DOCKER
            else "Run `ocim setup`, or let one accept new clients.",
        )
    return ranked[0]


def facts(server: DatabaseServer, context: Context) -> ServerFacts:
    """Return what the server says of itself. Raise TransientError or PermanentError."""
    host: DatabaseHost = database_host(server)
    return context.adapters.database_servers[server.kind].examine(host)


def strict(servers: Iterable[DatabaseServer], context: Context) -> tuple[str, ...]:
    """Return the names of the servers that now refuse rows without a value for each column.

    Its administrator may change that at any time, so each server is asked. One that does not answer
    counts as strict.
    """
    return tuple(sorted(server.name for server in servers if _is_strict(server, context)))


def _require_certificates(authority: str) -> None:
    """Raise ValidationError unless the text is empty, or certificates in PEM."""
    try:
        if authority:
            ssl.create_default_context(cadata=authority)
    except (ssl.SSLError, TypeError):  # the latter for a text that is not ASCII
        fault = "authority: it has no certificate that can be read. Give one in PEM."
        raise ValidationError([fault]) from None


def _is_strict(server: DatabaseServer, context: Context) -> bool:
    if server.kind == EMBEDDED:
        return False
    try:
        return facts(server, context).is_strict
    except (TransientError, PermanentError):
        return True


def _problems(server: DatabaseServer) -> list[str]:
    if server.kind == "mysql" and server.port != DATABASE_PORTS["mysql"]:
        return [
            f"Its port is {server.port}: of public configuration repositories, ecommerce and course"
            f" discovery connect to {DATABASE_PORTS['mysql']} only."
        ]
    if server.kind == "postgresql":
        return ["Public configuration repositories support MySQL only, the built-in one both."]
    return []
