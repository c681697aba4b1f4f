"""The check of broker servers, and of the instances' accounts on them."""

from collections.abc import Iterator
from functools import partial

from ocim.core.actions import Action
from ocim.core.errors import PermanentError, TransientError
from ocim.core.states import AppServerState
from ocim.operations import broker_servers, brokers
from ocim.operations.context import Context
from ocim.operations.findings import Finding
from ocim.store.models import BrokerServer, OpenEdXInstance
from ocim.store.selectors import open_jobs
from ocim.store.specs import broker_host

_LEFT = {
    "rabbitmq": "Unless another Ocim uses the server: rabbitmqctl delete_user {user}",
    "redis": "If nothing uses it: ACL SETUSER default reset, and ACL SAVE.",
}


def check_brokers(context: Context) -> Iterator[Finding]:
    """Yield brokers that do not answer or cannot be used, and accounts missing or left there."""
    for server in BrokerServer.objects.order_by("id"):
        if not server.version:
            if not open_jobs(server).exists():
                remedy = f"Finish it with: {broker_servers.COMMAND} create {server}"
                yield Finding("warning", "Its creation was interrupted.", remedy, server.name)
            continue
        adapter, host = context.adapters.brokers[server.kind], broker_host(server)
        try:
            adapter.examine(host)
            present = adapter.accounts(host)
        except (TransientError, PermanentError) as error:
            remedy = error.remedy or "Look into the broker's own log."
            yield Finding("error", error.problem, remedy, server.name)
            continue
        expected: set[str] = set()
        for instance in server.openedxinstance_set.select_related("broker_server").order_by("id"):
            users = {account.user for account in brokers.accounts_in_use(instance)}
            expected |= users
            if not users <= present and _runs(instance):
                yield Finding(
                    "error",
                    f"Its account on the broker {server} is missing.",
                    "`ocim doctor --fix` creates it.",
                    str(instance),
                    partial(_prepare, instance, context),
                )
        for user in sorted(present - expected):
            yield Finding(
                "warning",
                f"The account {user or 'default'} belongs to no instance of this Ocim.",
                _LEFT[server.kind].format(user=user),
                server.name,
            )


def _runs(instance: OpenEdXInstance) -> bool:
    return instance.appserver_set.filter(state=AppServerState.RUNNING).exists()


def _prepare(instance: OpenEdXInstance, context: Context) -> list[Action]:
    brokers.prepare(instance, context)
    return []
