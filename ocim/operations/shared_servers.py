"""Shared servers on hosts of their own: a job creates them, whatever they serve."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from ocim.core import stopping
from ocim.core.actions import Action
from ocim.core.audit import AuditAction
from ocim.core.errors import Conflict, OcimError, ValidationError
from ocim.core.hosts import HostRequest
from ocim.core.jobs import CreateServerJob
from ocim.core.names import shared_server_host
from ocim.core.provisioning import ConfigurationSource, ProvisionJob
from ocim.core.states import ServerState
from ocim.operations import audit, jobs, machines, placement
from ocim.operations.claim import Claim
from ocim.operations.context import Context
from ocim.operations.leases import held_outside_worker
from ocim.operations.logs import Recorder, say
from ocim.operations.provisioners import provisioner_of
from ocim.store.claims import move_server, require_lease, write_leased
from ocim.store.models import HostedServer, Job, Server
from ocim.store.selectors import open_jobs


@dataclass(frozen=True, slots=True)
class SharedKind:
    """Description of a kind of shared server: what differs where all kinds are treated alike."""

    what: str
    """Name of such a server in sentences, such as `search server`."""
    model: type[Any]
    kind: str
    command: str
    """The command of operators that manages them, such as `ocim search-server`."""
    examine: Callable[[Any, Context], str]
    """Return the version of a server that runs. Raise TransientError or PermanentError."""


@dataclass(frozen=True, slots=True)
class Recipe(SharedKind):
    """Description of a kind of shared server that Ocim creates."""

    role: str
    """Key of the recipe in `handlers.RECIPES`; names of hosts begin with it."""
    admin: str
    """User that may create others on a server that Ocim creates."""
    playbook: ConfigurationSource
    port: int
    variables: Callable[[Any], Mapping[str, Any]]
    """Return the playbook's variables for a server."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """More fields of a new server."""


def request_creation(
    recipe: Recipe, *, name: str, provider: str, flavor: str, queue: str, context: Context
) -> tuple[HostedServer, Job]:
    """Submit the job that creates a server on a host of its own.

    Continue an interrupted creation with its host; its job is returned if it is not over. No
    instance is placed on the server before it is ready. Raise Conflict if the name is taken, and
    ValidationError if the name, the provider or the flavor cannot be.
    """
    placement.require_name(name)
    if provider not in context.adapters.providers:
        kinds = ", ".join(sorted(context.adapters.providers))
        raise ValidationError([f"provider: unknown kind {provider!r}. Choose one of: {kinds}."])
    machines.provider_of(provider, context).check_flavor(flavor)
    with transaction.atomic():
        server = _unfinished(recipe, name) or _begin(recipe, name, provider, flavor)
        return server, request(server, recipe.role, queue=queue)


def _unfinished(recipe: Recipe, name: str) -> HostedServer | None:
    servers = recipe.model._default_manager.select_related("own_host")
    server: HostedServer | None = servers.filter(name=name).first()
    if server and (server.version or server.own_host is None):
        raise Conflict(f"{recipe.what.capitalize()} {name!r} exists already.")
    return server


def _begin(recipe: Recipe, name: str, provider: str, flavor: str) -> HostedServer:
    """Store the server and its host before the provider creates it: a crash loses no host."""
    with transaction.atomic():
        own_host = Server.objects.create(
            name=shared_server_host(recipe.role, name), provider=provider, flavor=flavor
        )
        server: HostedServer = recipe.model(
            name=name,
            kind=recipe.kind,
            accepts_new_clients=False,
            admin_user=recipe.admin,
            admin_password=secrets.token_urlsafe(24),
            own_host=own_host,
            **recipe.fields,
        )
        placement.enter(server, recipe.what)
    return server


def request(server: HostedServer, role: str, *, queue: str) -> Job:
    """Submit the job that creates the server, or return the job that does so already."""
    with transaction.atomic():
        type(server)._default_manager.select_for_update().get(pk=server.pk)
        payload = CreateServerJob(role, server.pk)
        return open_jobs(server).first() or jobs.submit(target=server, payload=payload, queue=queue)


def run(claim: Claim, payload: CreateServerJob, *, recipes: Mapping[str, Recipe]) -> list[Action]:
    """Create the payload's server; after an interruption, continue with the same host.

    It accepts clients once it is ready.
    """
    recipe, job, lease, context = recipes[payload.role], claim.job, claim.lease, claim.context
    server = recipe.model._default_manager.select_related("own_host").get(pk=payload.server)
    if server.version:
        return []  # an earlier job created it
    own_host = server.own_host
    assert own_host is not None  # noqa: S101 - it was requested with the server
    if job.attempts > 1:
        say(job, "Taken up again after an interruption.", context=context, level="warning")
    claim.on_step("host")
    say(job, f"Asking {own_host.provider} for a host.", context=context)
    provider = machines.provider_of(own_host.provider, context)
    provider.create(HostRequest(name=own_host.name, flavor=own_host.flavor))
    host = provider.wait_until_reachable(own_host.name, timeout=context.policy.host_timeout)
    move_server(own_host, ServerState.UP, lease=lease, address=host.address)
    claim.on_step("provisioning")
    say(job, f"Provisioning {host.name} at {host.address}.", context=context)
    outcome = provisioner_of(recipe.playbook, context).provision(
        ProvisionJob(
            host,
            recipe.playbook,
            recipe.variables(server),
            task_timeout=context.policy.task_timeout,
            total_timeout=context.policy.provision_timeout,
        ),
        on_event=Recorder(job),
        is_cancelled=stopping.is_cancelled,
    )
    if not outcome.ok:
        raise OcimError(
            f"{outcome.failed_task}: {outcome.message}",
            remedy=f"Continue with `{recipe.command} create {server}`, or remove it.",
        )
    claim.on_step("health check")
    server.host, server.port = host.address, recipe.port
    version = recipe.examine(server, context)
    write_leased(
        server,
        lease=lease,
        host=host.address,
        port=recipe.port,
        version=version,
        accepts_new_clients=True,
    )
    say(job, "Ready.", context=context)
    return []


def on_failure(claim: Claim, _payload: CreateServerJob) -> list[Action]:
    """Record the reason in the log. The host is kept, so that another job can continue."""
    first_line = claim.job.error.split("\n", 1)[0]
    say(claim.job, f"Failed: {first_line}", context=claim.context, level="error")
    return []


def cancel(server: HostedServer) -> Job:
    """Request the cancellation of the server's job. Raise Conflict if there is none."""
    job = open_jobs(server).first()
    if job is None:
        raise Conflict(f"{server} has no open job to cancel.")
    jobs.cancel(job_id=job.pk)
    return job


def remove(
    server: HostedServer, *, require_unused: Callable[[], None], show: str, context: Context
) -> None:
    """Remove a server; if Ocim created it, with its host and all its data.

    Raise Conflict if it is busy, or what `require_unused` raises if something uses it.
    """
    rows = type(server)._default_manager.filter(pk=server.pk)
    with held_outside_worker(server, show=show, context=context) as lease:
        with transaction.atomic():
            rows.select_for_update().get()
            require_unused()
            # Nothing is placed on it from now on, even if its host cannot be destroyed at once.
            rows.update(accepts_new_clients=False)
        own_host = server.own_host
        if own_host:
            machines.provider_of(own_host.provider, context).destroy(own_host.name)
        with transaction.atomic():
            require_lease(lease)
            audit.record(AuditAction.SERVER_REMOVE, server)
            server.delete()
            if own_host:
                own_host.delete()
            lease.delete()
