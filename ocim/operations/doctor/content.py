"""The check of content servers, and of the instances' accounts on them."""

from collections.abc import Iterator
from functools import partial

from ocim.core.actions import Action
from ocim.core.errors import PermanentError, TransientError
from ocim.core.states import AppServerState
from ocim.operations import content
from ocim.operations.content_servers import KINDS, ContentKind
from ocim.operations.context import Context
from ocim.operations.findings import Finding
from ocim.store.content_specs import content_host
from ocim.store.models import ContentServer, OpenEdXInstance


def check_content_servers(context: Context) -> Iterator[Finding]:
    """Yield servers that do not answer or cannot be used, and accounts missing or left there."""
    for kind in KINDS:
        for server in kind.model._default_manager.order_by("id"):
            try:
                kind.examine(server, context)
                present = context.adapters.content[kind.kind].accounts(content_host(server))
            except (TransientError, PermanentError) as error:
                remedy = error.remedy or "Look into the server's own log."
                yield Finding("error", error.problem, remedy, server.name)
            else:
                yield from _accounts(kind, server, present, context)


def _accounts(
    kind: ContentKind, server: ContentServer, present: frozenset[str], context: Context
) -> Iterator[Finding]:
    expected: set[str] = set()
    users = OpenEdXInstance.objects.filter(**{kind.server_field: server})
    for instance in users.select_related(kind.server_field).order_by("id"):
        names = {account.user for account in content.accounts_in_use(instance, kind)}
        expected |= names
        runs = instance.appserver_set.filter(state=AppServerState.RUNNING).exists()
        if runs and not names <= present:
            yield Finding(
                "error",
                f"Its account on the {kind.what} {server} is missing.",
                "`ocim doctor --fix` creates it.",
                str(instance),
                partial(_prepare, kind, instance, context),
            )
    for name in sorted(present - expected):
        yield Finding(
            "warning",
            f"The account {name} belongs to no instance of this Ocim.",
            "Unless another Ocim uses the server, remove it there.",
            server.name,
        )


def _prepare(kind: ContentKind, instance: OpenEdXInstance, context: Context) -> list[Action]:
    content.prepare_on(kind, instance, context)
    return []
