"""Redis servers, each for one instance alone.

Nothing keeps two instances on one Redis apart. The services' clients use the same names for their
keys (`ecommerce.fulfillment`, `_kombu.binding.…`), Celery's own prefix for keys is no setting of
the services, and Redis limits accounts to keys and commands, but not to a database: whoever may
sign in may `SELECT` every number.

Clients of older releases know passwords but no users, so they sign in as `default`. That account
becomes the instance's, and Ocim needs another one.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ocim.core.errors import PermanentError, TransientError
from ocim.core.instance import Broker, BrokerHost, BrokerUsage

USER = "default"
"""The account that clients without a user name sign in as."""
OLDEST = 6
"""First version with accounts."""
TIMEOUT = 10.0
"""Time limit for an answer, in seconds."""
RIGHTS = ("~*", "&*", "+@all", "-@admin", "-@dangerous", "+info")
"""Rights of an instance: all of Celery's commands (older clients ask for `INFO`), and no command
that reads the server's files, configuration or accounts."""


class RedisBrokers:
    """Redis servers whose account `default` is an instance's."""

    kind = "redis"
    shared = False

    def examine(self, host: BrokerHost) -> str:
        """Return the version.

        Raise PermanentError unless it has accounts that a restart keeps, an account for Ocim, and
        keeps messages when its memory is full.
        """
        with _client(host) as client:
            information = client.info("server")
            version = str(information["redis_version"])
            if int(version.partition(".")[0]) < OLDEST:
                raise PermanentError(
                    f"{_place(host)} is Redis {version}.", remedy=f"Use Redis {OLDEST} or newer."
                )
            if client.acl_whoami() == USER:
                raise PermanentError(
                    f"{_place(host)}: the user {USER!r} becomes the instance's.", remedy=_REMEDY
                )
            client.acl_list()
            settings = client.config_get("aclfile", "maxmemory-policy")
        faults = []
        if not settings["aclfile"]:
            faults.append("it forgets its accounts when it restarts: set `aclfile`")
        if settings["maxmemory-policy"] != "noeviction":
            faults.append(
                "it discards messages when its memory is full: set `maxmemory-policy noeviction`"
            )
        if faults:
            raise PermanentError(f"{_place(host)}: {'; '.join(faults)}.")
        return version

    def ensure(self, host: BrokerHost, accounts: Sequence[Broker]) -> None:
        """Set the account's passwords at once, as hashes, and save the accounts."""
        hashes = [f"#{_hash(account.password.reveal())}" for account in accounts]
        with _client(host) as client:
            client.execute_command("ACL SETUSER", USER, "reset", "on", *RIGHTS, *hashes)
            client.acl_save()

    def drop(self, host: BrokerHost, place: Broker) -> None:
        """Close the account, its connections, and then empty the server."""
        with _client(host) as client:
            client.execute_command("ACL SETUSER", USER, "reset")
            client.acl_save()
            client.execute_command("CLIENT KILL", "USER", USER)
            client.flushall()

    def usage(self, host: BrokerHost, place: Broker) -> BrokerUsage:
        """Return the account's connections, and the lists of its database, which are queues."""
        database = int(place.vhost.strip("/") or 0)
        with _client(host, database) as client:
            queues = {
                key.decode(errors="replace"): client.llen(key)
                for key in client.scan_iter(_type="list")
            }
            clients = [entry for entry in client.client_list() if entry.get("user") == USER]
        return BrokerUsage(len(clients), queues)

    def accounts(self, host: BrokerHost) -> frozenset[str]:
        """Return the empty name that clients use for `default`, if a password opens it."""
        with _client(host) as client:
            account = client.acl_getuser(USER) or {}
        return frozenset({""} if account.get("passwords") else ())


_REMEDY = "Create another one: ACL SETUSER ocim on >PASSWORD ~* &* +@all, and ACL SAVE."


@contextmanager
def _client(host: BrokerHost, database: int = 0) -> Iterator[Any]:
    """Yield a client with Ocim's account. Raise TransientError or PermanentError for its errors."""
    # Loaded when it is needed: most commands never do.
    from redis import Redis, exceptions
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    client = Redis(
        host.host,
        host.port,
        db=database,
        username=host.user,
        password=host.password.reveal(),
        socket_timeout=TIMEOUT,
        socket_connect_timeout=TIMEOUT,
        retry=Retry(NoBackoff(), 0),
    )
    try:
        with client:
            yield client
    except (exceptions.AuthenticationError, exceptions.AuthorizationError) as error:
        raise PermanentError(f"{_place(host)}: {error}", remedy=_REMEDY) from error
    except (exceptions.ConnectionError, exceptions.TimeoutError, OSError) as error:
        raise TransientError(
            f"The broker {_place(host)} does not answer: {error}",
            remedy="Check that it is running, and that this machine can reach it.",
        ) from error
    except exceptions.RedisError as error:
        raise PermanentError(f"{_place(host)}: {error}", remedy=_REMEDY) from error


def _place(host: BrokerHost) -> str:
    return f"redis://{host.host}:{host.port}"


def _hash(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()
