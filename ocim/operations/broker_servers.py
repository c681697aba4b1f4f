"""Broker servers: registered or created, shared by instances."""

from dataclasses import replace
from functools import partial

from ocim.core.errors import Conflict, ValidationError, gathered
from ocim.core.provisioning import BUILTIN, ConfigurationSource
from ocim.core.secrets import Secret
from ocim.core.texts import listed
from ocim.operations import placement, shared_servers
from ocim.operations.context import Context
from ocim.operations.shared_servers import Recipe
from ocim.store.models import BrokerServer, Job
from ocim.store.specs import broker_host

WHAT = "broker server"
COMMAND = "ocim broker"
ADMIN = "ocim"
"""The user that Ocim creates others with."""
MESSAGES = {"rabbitmq": 5672, "redis": 6379}
"""The usual port for messages by kind."""
PORTS = {"https": 15671, "http": 15672, "redis": 6379}
"""The usual port by scheme of the URL that operators name."""
EXAMPLE = "https://mq.example.com:15671 (RabbitMQ's management) or redis://mq.example.com:6379"


def _examine(server: BrokerServer, context: Context) -> str:
    return context.adapters.brokers[server.kind].examine(broker_host(server))


_RABBITMQ = Recipe(
    role="rabbitmq",
    what=WHAT,
    model=BrokerServer,
    kind="rabbitmq",
    admin=ADMIN,
    command=COMMAND,
    playbook=ConfigurationSource(BUILTIN, "", "rabbitmq_server.yml"),
    port=MESSAGES["rabbitmq"],
    variables=lambda server: {"RABBITMQ_PASSWORD": Secret(server.admin_password)},
    examine=_examine,
    fields={"api_port": PORTS["http"]},
)
RECIPES = {
    "rabbitmq": _RABBITMQ,
    "redis": replace(
        _RABBITMQ,
        role="redis",
        kind="redis",
        playbook=ConfigurationSource(BUILTIN, "", "redis_server.yml"),
        port=MESSAGES["redis"],
        variables=lambda server: {"REDIS_PASSWORD": Secret(server.admin_password)},
        fields={},
    ),
}
"""The kinds of brokers that Ocim creates."""


def register(
    *, name: str, url: str, user: str, password: Secret, port: int = 0, context: Context
) -> BrokerServer:
    """Register an existing server, after a connection to it.

    `port` is RabbitMQ's for messages (0: 5672). Raise ValidationError with every fault of name and
    URL, and TransientError or PermanentError if the server does not answer, rejects the account, or
    cannot be used.
    """
    *_, address = gathered(
        lambda: placement.require_name(name),
        lambda: placement.require_user(user),
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


def request_creation(
    *, name: str, kind: str = "", provider: str, flavor: str = "", queue: str, context: Context
) -> tuple[BrokerServer, Job]:
    """Submit the job that creates a server; see `shared_servers`.

    `kind` is empty for RabbitMQ, or for Redis on local hosts, which have no packages. Raise
    ValidationError for RabbitMQ there and for an unknown kind, and Conflict if a server of another
    kind has the name.
    """
    present = BrokerServer.objects.filter(name=name).first()
    beside = provider == placement.BESIDE
    kind = kind or (present.kind if present else "redis" if beside else "rabbitmq")
    if present and present.kind != kind:
        raise Conflict(f"{name!r} is a {WHAT} of kind {present.kind}.")
    if kind not in RECIPES:
        shown = kind[: placement.SHOWN]
        raise ValidationError([f"kind: {shown!r} is none. Choose {listed(RECIPES, 'or')}."])
    if beside and kind == "rabbitmq":
        raise ValidationError(
            ["RabbitMQ is a Debian package: a local host cannot install it."],
            remedy="Choose another --provider, or --kind redis.",
        )
    _, job = shared_servers.request_creation(
        RECIPES[kind], name=name, provider=provider, flavor=flavor, queue=queue, context=context
    )
    return find(name), job


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
