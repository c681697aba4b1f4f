"""Search servers: registered or created, shared by instances."""

from functools import partial

from django.db import transaction

from ocim.core.errors import Conflict, ValidationError, gathered
from ocim.core.instance import Service
from ocim.core.provisioning import BUILTIN, ConfigurationSource
from ocim.core.secrets import Secret
from ocim.operations import placement, shared_servers
from ocim.operations.context import Context
from ocim.operations.shared_servers import Recipe
from ocim.store.models import Job, OpenEdXInstance, SearchServer
from ocim.store.specs import search_host, search_place, services_of

KIND = "elasticsearch"
PORT = 9200
ADMIN = "elastic"
"""The account that Elasticsearch comes with."""
WHAT = "search server"
EXAMPLE = "https://search.example.com:9200"
RECIPE = Recipe(
    role="search",
    what=WHAT,
    model=SearchServer,
    kind=KIND,
    admin=ADMIN,
    command="ocim search-server",
    playbook=ConfigurationSource(BUILTIN, "", "search_server.yml"),
    port=PORT,
    variables=lambda server: {"ELASTICSEARCH_PASSWORD": Secret(server.admin_password)},
    examine=lambda server, context: context.adapters.search[KIND].examine(search_host(server)),
)


def register(
    *, name: str, url: str, user: str, password: Secret, version: str = "", context: Context
) -> SearchServer:
    """Register an existing server, after a connection to it.

    Raise ValidationError with every fault of name, URL and version, and TransientError or
    PermanentError if the server does not answer or rejects the account.
    """
    *_, address = gathered(
        lambda: placement.require_name(name),
        lambda: placement.require_user(user),
        lambda: placement.address_of(url, {"http": PORT, "https": PORT}, example=EXAMPLE),
    )
    server = SearchServer(
        name=name,
        kind=KIND,
        host=address.host,
        port=address.port,
        tls=address.scheme == "https",
        admin_user=user,
        admin_password=password.reveal(),
    )
    same = SearchServer.objects.filter(host=server.host, port=server.port).first()
    if same:
        raise Conflict(f"{server.url} is the search server {same} already.")
    server.version = context.adapters.search[KIND].examine(search_host(server))
    if version and server.version != version and not server.version.startswith(f"{version}."):
        raise ValidationError([f"{server.url} has version {server.version}, not {version}."])
    placement.enter(server, WHAT)
    return server


def request_creation(
    *, name: str, provider: str, flavor: str = "", queue: str, context: Context
) -> tuple[SearchServer, Job]:
    """Submit the job that creates a server; see `shared_servers`."""
    _, job = shared_servers.request_creation(
        RECIPE, name=name, provider=provider, flavor=flavor, queue=queue, context=context
    )
    return find(name), job


def remove(*, name: str, context: Context) -> SearchServer:
    """Remove a server; if Ocim created it, with its host and all its indexes.

    Raise Conflict if it is being created, or if an instance, archived or not, has its indexes
    there.
    """
    server = find(name)
    shared_servers.remove(
        server,
        require_unused=partial(placement.require_unused, server),
        show=f"{RECIPE.command} show {server}",
        context=context,
    )
    return server


def find(name: str) -> SearchServer:
    """Return the server with this name. Raise Conflict if there is none."""
    return placement.find(SearchServer, name, what=WHAT, command=RECIPE.command)


def place(instance: OpenEdXInstance) -> None:
    """Place an instance with discovery on the server with the fewest instances, if it has none.

    Leave it without one if no server that it can reach accepts instances.
    """
    if instance.search_server_id or Service.DISCOVERY not in services_of(instance):
        return
    with transaction.atomic():
        for server in open_to(instance):
            # Locked, since another process may remove it.
            still_open = SearchServer.objects.filter(pk=server.pk, accepts_new_clients=True)
            if locked := still_open.select_for_update().first():
                instance.search_server = locked
                instance.save(update_fields=["search_server"])
                return


def open_to(instance: OpenEdXInstance) -> list[SearchServer]:
    """Return the servers that accept the instance, the one with the fewest instances first."""
    return placement.open_to(SearchServer, instance.provider)


def prepare(instance: OpenEdXInstance, context: Context) -> None:
    """Create the instance's account on its search server if it is missing."""
    if (server := instance.search_server) and (its := search_place(instance)):
        context.adapters.search[server.kind].ensure(search_host(server), its)


def forget(instance: OpenEdXInstance, context: Context) -> None:
    """Delete the instance's account and indexes from its search server."""
    if (server := instance.search_server) and (its := search_place(instance)):
        context.adapters.search[server.kind].drop(search_host(server), its)
