"""Checks of the databases and search servers that Ocim uses."""

from collections.abc import Iterator

from ocim.core.errors import PermanentError, TransientError
from ocim.operations.context import Context
from ocim.operations.findings import Finding
from ocim.store.models import OpenEdXInstance, SearchServer
from ocim.store.selectors import open_jobs
from ocim.store.specs import search_host


def check_secrets(_context: Context) -> Iterator[Finding]:
    """Raise an error if the master key does not decrypt the secrets."""
    for _ in OpenEdXInstance.objects.values_list("secret_seed").iterator():
        pass
    yield from ()


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
