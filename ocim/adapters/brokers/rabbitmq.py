"""RabbitMQ servers, managed through their management plugin's HTTP interface."""

import socket
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from ocim.adapters.rest_api import RestApi
from ocim.core.errors import PermanentError, TransientError
from ocim.core.instance import Broker, BrokerHost, BrokerUsage

MARK = "ocim"
"""Tag of the users that Ocim creates. It gives them no right in the management."""
ADMINISTRATOR = "administrator"
GREETING = b"AMQP\x00\x00\x09\x01"
"""First bytes of a client of AMQP 0-9-1; the server answers with a frame of type 1."""
TIMEOUT = 10.0
"""Time limit for the answer to the greeting, in seconds."""
_NOT_FOUND = (404,)


class RabbitmqBrokers:
    """RabbitMQ servers. An instance's users have rights on its own virtual hosts alone."""

    kind = "rabbitmq"
    shared = True

    def examine(self, host: BrokerHost) -> str:
        """Return the version.

        Raise PermanentError unless the management is RabbitMQ's, its user is an administrator, and
        the port for messages speaks AMQP.
        """
        overview, user = _api(host).json("api/overview"), _api(host).json("api/whoami")
        if not isinstance(overview, dict) or "rabbitmq_version" not in overview:
            raise PermanentError(f"{host.api_url} is not RabbitMQ's management.")
        if ADMINISTRATOR not in _tags(user):
            raise PermanentError(
                f"{host.api_url}: the user {host.user} is no administrator.", remedy=_REMEDY
            )
        _greet(host)
        return str(overview["rabbitmq_version"])

    def ensure(self, host: BrokerHost, accounts: Sequence[Broker]) -> None:
        """Create the virtual hosts, then the users; remove former users last."""
        api = _api(host)
        vhosts = _vhosts(accounts[0])
        for vhost in vhosts:
            api.ask("PUT", f"api/vhosts/{_quoted(vhost)}")
        rights = {"configure": ".*", "write": ".*", "read": ".*"}
        for account in accounts:
            user = _quoted(account.user)
            password = account.password.reveal()
            api.ask("PUT", f"api/users/{user}", json={"password": password, "tags": MARK})
            for vhost in vhosts:
                api.ask("PUT", f"api/permissions/{_quoted(vhost)}/{user}", json=rights)
        for name in self._users(host, vhosts) - {account.user for account in accounts}:
            api.ask("DELETE", f"api/users/{_quoted(name)}", but=_NOT_FOUND)

    def drop(self, host: BrokerHost, place: Broker) -> None:
        """Remove the users first, so that nothing writes to the queues any more."""
        api, vhosts = _api(host), _vhosts(place)
        for name in self._users(host, vhosts):
            api.ask("DELETE", f"api/users/{_quoted(name)}", but=_NOT_FOUND)
        for vhost in vhosts:
            api.ask("DELETE", f"api/vhosts/{_quoted(vhost)}", but=_NOT_FOUND)

    def usage(self, host: BrokerHost, place: Broker) -> BrokerUsage:
        """Return connections and queues of both virtual hosts. They may be some seconds old."""
        queues: dict[str, int] = {}
        connections = 0
        for vhost in _vhosts(place):
            columns = {"columns": "name,messages"}
            for queue in self._rows(host, f"api/queues/{_quoted(vhost)}", columns):
                queues[queue["name"]] = queues.get(queue["name"], 0) + queue.get("messages", 0)
            connections += len(self._rows(host, f"api/vhosts/{_quoted(vhost)}/connections"))
        return BrokerUsage(connections, queues)

    def accounts(self, host: BrokerHost) -> frozenset[str]:
        """Return the users that have Ocim's tag."""
        users = _api(host).json("api/users")
        return frozenset(user["name"] for user in users if MARK in _tags(user))

    def _users(self, host: BrokerHost, vhosts: Sequence[str]) -> frozenset[str]:
        """Return the users with Ocim's tag that have rights on one of the virtual hosts."""
        rights = [
            right
            for vhost in vhosts
            for right in self._rows(host, f"api/vhosts/{_quoted(vhost)}/permissions")
        ]
        return self.accounts(host) & {right["user"] for right in rights}

    def _rows(
        self, host: BrokerHost, path: str, params: dict[str, str] | None = None
    ) -> list[dict[str, Any]]:
        """Return a list; an empty one if the virtual host does not exist."""
        answer = _api(host).ask("GET", path, but=_NOT_FOUND, params=params)
        rows: list[dict[str, Any]] = _api(host).content(answer) if answer.is_success else []
        return rows


_REMEDY = "Use a user with the tag `administrator`: rabbitmqctl set_user_tags USER administrator"


def _api(host: BrokerHost) -> RestApi:
    return RestApi(
        what="broker",
        url=host.api_url,
        user=host.user,
        password=host.password,
        reason=lambda content: content["reason"],
        missing_right=_REMEDY,
    )


def _vhosts(place: Broker) -> tuple[str, str]:
    """Return the two virtual hosts of an instance.

    In a URL that ends in `/campus`, the virtual host is `campus`. edx-platform adds a slash of its
    own before it, and so uses `/campus`.
    """
    name = place.vhost.strip("/")
    # The server's own virtual host is `/`: `drop` would remove what belongs to others.
    if not name or not place.user:
        raise ValueError("an instance on a RabbitMQ server needs a virtual host and an account")
    return name, f"/{name}"


def _greet(host: BrokerHost) -> None:
    """Raise TransientError or PermanentError unless the port for messages speaks AMQP."""
    place = f"{host.host}:{host.port}"
    try:
        with socket.create_connection((host.host, host.port), TIMEOUT) as connection:
            connection.sendall(GREETING)
            frame = connection.recv(1)
    except OSError as error:
        raise TransientError(
            f"RabbitMQ's port for messages, {place}, does not answer: {error}.",
            remedy="Check that it is running, and that this machine can reach it.",
        ) from error
    if frame != b"\x01":
        raise PermanentError(
            f"{place} does not speak AMQP.",
            remedy="Name the port for messages without TLS, 5672 by default.",
        )


def _tags(user: Any) -> list[str]:
    """Return a user's tags, which were one text with commas before RabbitMQ 3.9."""
    tags = user["tags"]
    return [tag.strip() for tag in tags.split(",")] if isinstance(tags, str) else list(tags)


def _quoted(name: str) -> str:
    return quote(name, safe="")
