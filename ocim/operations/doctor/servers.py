"""Checks of the databases and search servers that Ocim uses."""

import re
from collections.abc import Iterator

from ocim.core.databases import SCRATCH_SUFFIXES
from ocim.core.errors import PermanentError, TransientError
from ocim.operations import database_servers
from ocim.operations.context import Context
from ocim.operations.doctor.sites import active_instances
from ocim.operations.findings import Finding
from ocim.operations.jobs import OPEN
from ocim.store.models import DatabaseServer, Job, OpenEdXInstance, SearchServer
from ocim.store.selectors import open_jobs
from ocim.store.specs import all_databases, copies, instance_spec, search_host

_OF_OCIM = re.compile(
    r"\w+_[0-9a-f]{8}_(edxapp|edxapp_csmh|xqueue|ecommerce|discovery)(_new|_old)?"
)
"""Names that Ocim gives to databases; others on the server are no concern of it."""


def check_secrets(_context: Context) -> Iterator[Finding]:
    """Raise an error if the master key does not decrypt the secrets."""
    for _ in OpenEdXInstance.objects.values_list("secret_seed").iterator():
        pass
    yield from ()


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
            found = database_servers.facts(server, context)
        except (TransientError, PermanentError) as error:
            remedy = error.remedy or "Look into the database server's own log."
            yield Finding("error", error.problem, remedy, server.name)
            continue
        left = set(found.sizes) - _expected(server, context)
        for name in sorted(filter(_OF_OCIM.fullmatch, left)):
            yield Finding(
                "warning",
                f"The database {name} belongs to no instance of this Ocim.",
                "Unless something else uses it, drop it with the server's own client.",
                server.name,
            )


def _expected(server: DatabaseServer, context: Context) -> set[str]:
    """Return the names of all databases that instances may have on the server now."""
    names: set[str] = set()
    instances = server.openedxinstance_set.select_related("database_server", "ref_set")
    at_work = set(Job.objects.filter(state__in=OPEN).values_list("lease", flat=True))
    for instance in instances:
        own = {database.name for database in all_databases(instance)}
        if instance.lease_id in at_work:  # a dry run or a restore may go on
            own |= {database.name for database in copies(instance, context.policy).values()}
            own |= {f"{name}{suffix}" for name in own for suffix in SCRATCH_SUFFIXES}
        names |= own
    return names


def check_search_servers(context: Context) -> Iterator[Finding]:
    """Yield the search servers that do not answer or reject their account."""
    for server in SearchServer.objects.order_by("id"):
        if not server.version:
            if open_jobs(server).exists():
                continue
            remedy = f"Finish it with: ocim search-server create {server}"
            yield Finding("warning", "Its creation was interrupted.", remedy, server.name)
            continue
        try:
            context.adapters.search[server.kind].examine(search_host(server))
        except (TransientError, PermanentError) as error:
            remedy = error.remedy or "Look into the search server's own log."
            yield Finding("error", error.problem, remedy, server.name)
