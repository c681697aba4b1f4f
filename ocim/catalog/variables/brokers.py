"""Variables of the server for Celery's messages: one function per service, with upstream's names.

Operators compose their own URLs of the LMS's variables, as
`TRANSPORT://USER:PASSWORD@HOSTNAME` and `VHOST` without anything in between. So each kind of
broker has values that make such a URL right.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ocim.core.instance import Instance
from ocim.core.provisioning import BUILTIN
from ocim.core.secrets import Secret

TRANSPORTS = {"rabbitmq": "amqp", "redis": "redis"}
"""Celery's name for each kind of broker."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """Parts of a broker's URL."""

    transport: str
    user: str
    password: Secret
    hostname: str
    """Host and port."""
    vhost: str
    """Path with its slash."""

    def url(self) -> str | Secret:
        """Return the whole URL, which is a secret if it holds a password."""
        password = self.password.reveal()
        url = f"{self.transport}://{self.user}:{password}@{self.hostname}{self.vhost}"
        return Secret(url) if password else url


def edxapp(instance: Instance) -> dict[str, Any]:
    """Return the LMS's variables; none if each app server has a broker of its own."""
    parts = _parts(instance)
    if parts is None:
        return {}
    return {
        "EDXAPP_CELERY_BROKER_TRANSPORT": parts.transport,
        "EDXAPP_CELERY_BROKER_HOSTNAME": parts.hostname,
        "EDXAPP_CELERY_USER": parts.user,
        "EDXAPP_CELERY_PASSWORD": parts.password,
        # edx-platform adds another slash before it: so the LMS's virtual host on RabbitMQ is
        # `/campus`, and that of the shop `campus`. For Redis, Celery removes all these slashes.
        "EDXAPP_CELERY_BROKER_VHOST": parts.vhost,
    }


def ecommerce(instance: Instance) -> dict[str, Any]:
    """Return the whole URLs: upstream composes them of parts, without a virtual host."""
    parts = _parts(instance)
    if parts is None:
        return {}
    return {"ECOMMERCE_BROKER_URL": parts.url(), "ECOMMERCE_WORKER_BROKER_URL": parts.url()}


def _parts(instance: Instance) -> _Parts | None:
    """Return the parts of the instance's broker; None if its app servers have their own.

    Without a server, the built-in playbooks use a directory of messages, which outlives app
    servers. Upstream's install RabbitMQ or Redis on each app server, with defaults of their own.
    """
    broker = instance.broker
    if broker is not None:
        transport, hostname = TRANSPORTS[broker.kind], f"{broker.host}:{broker.port}"
        return _Parts(transport, broker.user, broker.password, hostname, broker.vhost)
    if instance.configuration_source_repo_url != BUILTIN:
        return None
    return _Parts("filesystem", "", Secret(""), "", quote(f"{instance.storage_directory}/celery"))
