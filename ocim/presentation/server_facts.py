"""Facts of a shared server as it answers now, for commands and pages: health, sizes, use."""

from collections.abc import Mapping

from ocim.core.content import ContentUsage
from ocim.core.databases import ServerFacts
from ocim.core.errors import PermanentError, TransientError
from ocim.core.instance import BrokerUsage
from ocim.core.texts import plural
from ocim.operations import broker_servers, database_servers, search_servers
from ocim.operations.content_servers import ContentKind
from ocim.presentation.texts import size as size_text
from ocim.store.content_specs import content_host
from ocim.store.models import (
    BrokerServer,
    ContentServer,
    DatabaseServer,
    HostedServer,
    OpenEdXInstance,
    SearchServer,
)
from ocim.store.selectors import open_jobs
from ocim.store.specs import broker_account, broker_host, search_host, search_place
from ocim.wiring import context


def database_facts(server: DatabaseServer) -> dict[str, object]:
    """Return a database server's address, health, and the size of each instance's databases."""
    health, facts = _examine_databases(server)
    instances = server.openedxinstance_set.order_by("id")
    return {
        "name": server.name,
        "kind": server.kind,
        "url": server.url if server.host or server.directory else None,
        "version": server.version or None,
        "health": health,
        "notes": list(facts.problems),
        **_common(server),
        "instances": [_databases(instance, facts) for instance in instances],
    }


def search_facts(server: SearchServer) -> dict[str, object]:
    """Return a search server's address, health, and the indexes of each instance."""
    unfinished = _unfinished(server, search_servers.RECIPE.command)
    health, indexes = (unfinished, {}) if unfinished else _examine_indexes(server)
    return {
        "name": server.name,
        "url": server.url if server.host else None,
        "version": server.version,
        "health": health,
        **_common(server),
        "instances": [
            f"{instance} as {place.user}: {_indexes(indexes, place.index_prefix)}"
            for instance in server.openedxinstance_set.order_by("id")
            if (place := search_place(instance))
        ],
    }


def broker_facts(server: BrokerServer) -> dict[str, object]:
    """Return a broker's address, health, and the use of it by each instance."""
    instances = server.openedxinstance_set.select_related("broker_server").order_by("id")
    return {
        "name": server.name,
        "kind": server.kind,
        "url": server.url if server.host else None,
        "management": server.api_url or None if server.host else None,
        "version": server.version,
        "health": _unfinished(server, broker_servers.COMMAND) or _broker_health(server),
        **_common(server),
        "instances": [_messages(server, instance) for instance in instances],
    }


def content_facts(server: ContentServer, *, kind: ContentKind) -> dict[str, object]:
    """Return a content server's address, health, and the content of each instance."""
    try:
        health = "ok" if kind.examine(server, context()) else ""
    except (TransientError, PermanentError) as error:
        health = str(error)
    users = OpenEdXInstance.objects.filter(**{kind.server_field: server}).order_by("id")
    return {
        "name": server.name,
        "url": server.url,
        "version": server.version,
        "health": health,
        "accepts new": server.accepts_new_clients,
        "instances": [_content(server, instance, kind) for instance in users],
    }


def _common(server: HostedServer) -> dict[str, object]:
    return {
        "accepts new": server.accepts_new_clients,
        "host": server.own_host and server.own_host.name,
        "provider": server.own_host and server.own_host.provider,
    }


def _unfinished(server: HostedServer, command: str) -> str:
    """Return in words how far the creation of a server is; empty if it is over."""
    if server.version:
        return ""
    if open_jobs(server).exists():
        return f"in creation: `{command} logs {server} --follow` shows it"
    return f"not finished: run `{command} create {server}` again"


def _examine_databases(server: DatabaseServer) -> tuple[str, ServerFacts]:
    """Return the server's health in words, and its facts."""
    none = ServerFacts("", {}, {})
    if server.kind == database_servers.EMBEDDED:
        return "ok", none
    if unfinished := _unfinished(server, database_servers.COMMAND):
        return unfinished, none
    try:
        return "ok", database_servers.facts(server, context())
    except (TransientError, PermanentError) as error:
        return str(error), none


def _databases(instance: OpenEdXInstance, facts: ServerFacts) -> str:
    """Return an instance with the size of its databases and its connections."""
    begin, adopted = f"{instance.database_name}_", instance.adopted_databases.values()
    sizes, connections = (
        [count for name, count in by_name.items() if name.startswith(begin) or name in adopted]
        for by_name in (facts.sizes, facts.connections)
    )
    return (
        f"{instance}: {plural(len(sizes), 'database')}, {size_text(sum(sizes))},"
        f" {plural(sum(connections), 'connection')}"
    )


def _examine_indexes(server: SearchServer) -> tuple[str, Mapping[str, int]]:
    """Return the server's health in words, and the number of documents per index."""
    adapter = context().adapters.search[server.kind]
    try:
        adapter.examine(search_host(server))
        return "ok", adapter.indexes(search_host(server), "")
    except (TransientError, PermanentError) as error:
        return str(error), {}


def _indexes(indexes: Mapping[str, int], prefix: str) -> str:
    """Return the number of indexes with a prefix, and of their documents, in words."""
    own = [count for name, count in indexes.items() if name.startswith(prefix)]
    return f"{plural(len(own), 'index', 'indexes')}, {plural(sum(own), 'document')}"


def _broker_health(server: BrokerServer) -> str:
    try:
        context().adapters.brokers[server.kind].examine(broker_host(server))
    except (TransientError, PermanentError) as error:
        return str(error)
    return "ok"


def _content(server: ContentServer, instance: OpenEdXInstance, kind: ContentKind) -> str:
    """Return an instance with its account and what it has on the server."""
    account = kind.account(instance, 0)
    assert account is not None  # noqa: S101 - it is on this server
    try:
        usage = context().adapters.content[kind.kind].usage(content_host(server), account)
    except (TransientError, PermanentError):
        usage = ContentUsage(0, 0)
    collections = plural(usage.collections, *kind.collections)
    return f"{instance} as {account.user}: {collections}, {plural(usage.documents, 'document')}"


def _messages(server: BrokerServer, instance: OpenEdXInstance) -> str:
    """Return an instance with its account and its use of the server."""
    account = broker_account(instance)
    assert account is not None  # noqa: S101 - it is on this server
    try:
        usage = context().adapters.brokers[server.kind].usage(broker_host(server), account)
    except (TransientError, PermanentError):
        usage = BrokerUsage(0, {})
    connections = plural(usage.connections, "connection")
    messages = plural(sum(usage.queues.values()), "message")
    return f"{instance} as {account.user or 'default'}: {connections}, {messages} waiting"
