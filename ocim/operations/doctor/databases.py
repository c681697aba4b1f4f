"""Checks of instances' databases, and of the servers that they are on."""

import re
from collections.abc import Iterable, Iterator

from ocim.core.databases import SCRATCH_SUFFIXES, ServerFacts
from ocim.core.errors import PermanentError, TransientError
from ocim.operations import database_servers
from ocim.operations.context import Context
from ocim.operations.doctor.sites import active_instances
from ocim.operations.findings import Finding
from ocim.operations.jobs import OPEN
from ocim.store.models import DatabaseServer, Job, OpenEdXInstance
from ocim.store.selectors import open_jobs
from ocim.store.specs import all_databases, copies, instance_spec

FREE = ("df", "-B1", "--output=avail", "/")
"""Command for the free space of a host, in bytes."""
FREE_TIMEOUT = 20.0
LEAST_FREE = 1_000_000_000
"""Bytes that should be free on a host in any case."""
_OF_OCIM = re.compile(
    r"\w+_[0-9a-f]{8}_(edxapp|edxapp_csmh|xqueue|ecommerce|discovery)(_new|_old)?"
)
"""Names that Ocim gives to databases; others on the server are no concern of it."""


def check_databases(context: Context) -> Iterator[Finding]:
    """Yield the databases of active instances that do not exist."""
    for instance in active_instances():
        for purpose, database in instance_spec(instance, context.policy).databases.items():
            if context.adapters.databases[database.kind].size(database) is None:
                yield Finding(
                    "error",
                    f"Its {purpose} database is gone.",
                    "Restore a backup, or spawn an app server, which creates an empty database.",
                    f"{instance}: {database.name}",
                )


def check_database_servers(context: Context) -> Iterator[Finding]:
    """Yield database servers that do not answer or cannot be used, and databases left on them."""
    for server in DatabaseServer.objects.exclude(kind=database_servers.EMBEDDED).order_by("id"):
        if not server.version:
            if not open_jobs(server).exists():
                remedy = f"Finish it with: {database_servers.COMMAND} create {server}"
                yield Finding("warning", "Its creation was interrupted.", remedy, server.name)
            continue
        try:
            facts = database_servers.facts(server, context)
        except (TransientError, PermanentError) as error:
            remedy = error.remedy or "Look into the database server's own log."
            yield Finding("error", error.problem, remedy, server.name)
            continue
        yield from _left(server, facts, context)
        yield from _space(server, facts, context)


def _left(server: DatabaseServer, facts: ServerFacts, context: Context) -> Iterator[Finding]:
    scratch: set[str] = set()
    for instance in _instances(server):
        if instance.adopted_databases:  # their names are the site's own
            scratch |= _scratch(instance, context)
    left = set(facts.sizes) - _expected(server, context)
    for name in sorted(name for name in left if name in scratch or _OF_OCIM.fullmatch(name)):
        yield Finding(
            "warning",
            f"The database {name} belongs to no instance of this Ocim.",
            "Unless something else uses it, drop it with the server's own client.",
            server.name,
        )


def _space(server: DatabaseServer, facts: ServerFacts, context: Context) -> Iterator[Finding]:
    """Yield a finding if the host that Ocim created has too little space for a restore."""
    if server.own_host is None:
        return
    provider = context.adapters.providers[server.own_host.provider]
    try:
        ran = provider.run(server.own_host.name, FREE, timeout=FREE_TIMEOUT)
        free = int(ran.output.split()[-1])
    except (TransientError, PermanentError, ValueError, IndexError) as error:
        yield Finding("warning", f"Its free space is unknown: {error}", "", server.name)
        return
    largest = max(facts.sizes.values(), default=0)
    if free < max(largest, LEAST_FREE):
        yield Finding(
            "warning",
            f"{free // 10**6} MB are free on its host; its largest database has"
            f" {largest // 10**6} MB, and a restore needs room for it once more.",
            "Remove what nobody needs there, or give the host a larger disk.",
            server.name,
        )


def _expected(server: DatabaseServer, context: Context) -> set[str]:
    """Return the names of all databases that instances may have on the server now."""
    names: set[str] = set()
    at_work = set(Job.objects.filter(state__in=OPEN).values_list("lease", flat=True))
    for instance in _instances(server):
        names |= {database.name for database in all_databases(instance).values()}
        if instance.lease_id in at_work:  # a dry run or a restore may go on
            names |= _scratch(instance, context)
    return names


def _scratch(instance: OpenEdXInstance, context: Context) -> set[str]:
    """Return the names of what dry runs and restores make beside the instance's databases."""
    own = {database.name for database in all_databases(instance).values()}
    dry_run = {database.name for database in copies(instance, context.policy).values()}
    return dry_run | {f"{name}{suffix}" for name in own | dry_run for suffix in SCRATCH_SUFFIXES}


def _instances(server: DatabaseServer) -> Iterable[OpenEdXInstance]:
    return server.openedxinstance_set.select_related("database_server", "ref_set")
