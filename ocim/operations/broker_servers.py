"""Broker servers: registered or created, shared by instances."""

from functools import partial

from ocim.core.errors import Conflict, gathered
from ocim.core.secrets import Secret
from ocim.operations import placement, shared_servers
from ocim.operations.context import Context
from ocim.store.models import BrokerServer
from ocim.store.specs import broker_host

WHAT = "broker server"
COMMAND = "ocim broker"
MESSAGES = {"rabbitmq": 5672, "redis": 6379}
"""The usual port for messages by kind."""
PORTS = {"https": 15671, "http": 15672, "redis": 6379}
"""The usual port by scheme of the URL that operators name."""
EXAMPLE = "https://mq.example.com:15671 (RabbitMQ's management) or redis://mq.example.com:6379"


def register(
    *, name: str, url: str, user: str, password: Secret, port: int = 0, context: Context
) -> BrokerServer:
    """Register an existing server, after a connection to it.

    `port` is RabbitMQ's for messages (0: 5672). Raise ValidationError with every fault of name and
    URL, and TransientError or PermanentError if the server does not answer, rejects the account, or
    cannot be used.
    """
    _, address = gathered(
        lambda: placement.require_name(name),
        lambda: placement.address_of(url, PORTS, example=EXAMPLE),
    )
    redis = address.scheme == "redis"
    kind = "redis" if redis else "rabbitmq"
    server = BrokerServer(
        name=name,
        kind=kind,
        host=address.host,
        port=address.port if redis else port or MESSAGES[kind],
        api_port=0 if redis else address.port,
        tls=address.scheme == "https",
        admin_user=user,
        admin_password=password.reveal(),
    )
    if same := BrokerServer.objects.filter(host=server.host, port=server.port).first():
        raise Conflict(f"{server.url} is the broker server {same} already.")
    server.version = context.adapters.brokers[kind].examine(broker_host(server))
    placement.enter(server, WHAT)
    return server


def remove(*, name: str, context: Context) -> BrokerServer:
    """Remove a server; if Ocim created it, with its host and all messages.

    Raise Conflict if it is being created, or if an instance, archived or not, uses it.
    """
    server = find(name)
    shared_servers.remove(
        server,
        require_unused=partial(placement.require_unused, server),
        show=f"{COMMAND} show {server}",
        context=context,
    )
    return server


def find(name: str) -> BrokerServer:
    """Return the server with this name. Raise Conflict if there is none."""
    return placement.find(BrokerServer, name, what=WHAT, command=COMMAND)
