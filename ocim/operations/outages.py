"""The shared servers that an instance uses, and what is wrong with them when its job fails."""

import logging
from collections.abc import Iterator

from ocim.core.errors import (
    Cancelled,
    Conflict,
    OcimError,
    PermanentError,
    TransientError,
    ValidationError,
)
from ocim.operations import broker_servers, content_servers, database_servers, search_servers
from ocim.operations.context import Context
from ocim.operations.shared_servers import SharedKind
from ocim.store.models import SHARED_SERVERS, HostedServer, OpenEdXInstance

log = logging.getLogger(__name__)


def shared_servers_of(instance: OpenEdXInstance) -> Iterator[tuple[SharedKind, HostedServer]]:
    """Yield the servers that the instance uses, each with the description of its kind."""
    if instance.database_server.kind != database_servers.EMBEDDED:
        yield database_servers.RECIPE, instance.database_server
    if broker := instance.broker_server:
        yield broker_servers.RECIPES[broker.kind], broker
    if search := instance.search_server:
        yield search_servers.RECIPE, search
    for kind in content_servers.KINDS:
        if server := getattr(instance, kind.server_field):
            yield kind, server


def outages(instance: OpenEdXInstance, context: Context) -> Iterator[tuple[str, OcimError]]:
    """Yield, for each of the instance's shared servers that cannot be used now, what it is and why.

    Its error's remedy says how to try it.
    """
    for recipe, server in shared_servers_of(instance):
        try:
            recipe.examine(server, context)
        except (TransientError, PermanentError) as error:
            remedy = f"{error.remedy} {remedy_of(recipe, server)}".strip()
            name = f"{recipe.what.capitalize()} {server}"
            yield name, type(error)(error.problem, remedy=remedy)


def remedy_of(recipe: SharedKind, server: HostedServer) -> str:
    """Return the advice for a server that cannot be used."""
    return f"`{recipe.command} show {server}` tries it. Once it is well, try again."


def explained(error: OcimError, instance_id: int | None, context: Context) -> str:
    """Return the text of an error that ended a job, with outages of shared servers before it.

    What fails without its server says so in many ways, of which few name the server.
    """
    if instance_id is None or isinstance(error, (Cancelled, Conflict, ValidationError)):
        return str(error)
    instance = OpenEdXInstance.objects.select_related(*SHARED_SERVERS).get(pk=instance_id)
    try:
        dead = list(outages(instance, context))
    except Exception:
        log.exception("The shared servers of %s were not examined", instance)
        return str(error)
    if not dead:
        return str(error)
    texts = [f"{name}: {outage}" for name, outage in dead]
    # A step that found out by itself has its name before the same words.
    if not any(error.problem.endswith(outage.problem) for _, outage in dead):
        texts.append(f"What failed meanwhile: {error}")
    return "\n".join(texts)
