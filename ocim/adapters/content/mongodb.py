"""MongoDB servers. Each instance has a database, which its accounts belong to."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pymongo import MongoClient
from pymongo.errors import ConnectionFailure, OperationFailure, PyMongoError

from ocim.core.content import ContentAccount, ContentHost, ContentUsage
from ocim.core.errors import PermanentError, TransientError

TIMEOUT = 20.0
"""Time limit for an answer, in seconds."""
RIGHTS = frozenset({"userAdminAnyDatabase", "dbAdminAnyDatabase"})
"""Roles that an administrator needs, unless it has `root`."""
OLDEST = 4
"""First version that the sumac release supports."""
_MARK = {"created_by": "ocim"}
"""Note on the accounts that Ocim creates: other programs may have some there, too."""
_NOT_FOUND = 11


class MongodbServers:
    """MongoDB servers, or primaries of replica sets."""

    kind = "mongodb"

    def __init__(self, *, timeout: float = TIMEOUT) -> None:
        self.timeout = timeout

    def examine(self, host: ContentHost) -> str:
        """Return the version.

        Raise PermanentError unless it takes writes, and checks rights, which suffice.
        """
        with self._client(host) as client:
            version = str(client.admin.command("buildInfo")["version"])
            if int(version.partition(".")[0]) < OLDEST:
                raise PermanentError(
                    f"{host.url} is MongoDB {version}.", remedy=f"Use MongoDB {OLDEST} or newer."
                )
            status = client.admin.command("connectionStatus")["authInfo"]
            if not client.admin.command("hello")["isWritablePrimary"]:
                raise PermanentError(
                    f"{host.url} is no primary of its replica set.", remedy="Use the primary."
                )
        roles = {each["role"] for each in status["authenticatedUserRoles"] if each["db"] == "admin"}
        if "root" not in roles and not roles >= RIGHTS:
            raise PermanentError(
                f"{host.url}: the user {host.user} may not create users and remove databases.",
                remedy=f"Give it the role root, or {' and '.join(sorted(RIGHTS))}.",
            )
        if self._lets_in_everybody(host):
            raise PermanentError(
                f"{host.url} lets in everybody, without an account.",
                remedy="Set `security.authorization: enabled` in its configuration.",
            )
        return version

    def ensure(self, host: ContentHost, accounts: Sequence[ContentAccount]) -> None:
        """Create the users in the instance's database, where they read and write and no more."""
        place = _place(accounts[0])
        with self._client(host) as client:
            database = client[place]
            present = {each["user"] for each in database.command("usersInfo", 1)["users"]}
            for account in accounts:
                command = "updateUser" if account.user in present else "createUser"
                database.command(
                    command,
                    account.user,
                    pwd=account.password.reveal(),
                    roles=[{"role": "readWrite", "db": place}],
                    customData=_MARK,
                )
            for user in present - {account.user for account in accounts}:
                _drop_user(database, user)

    def drop(self, host: ContentHost, account: ContentAccount) -> None:
        """Remove the users first, so that nothing writes to the database any more."""
        place = _place(account)
        with self._client(host) as client:
            client[place].command("dropAllUsersFromDatabase")
            client.drop_database(place)

    def usage(self, host: ContentHost, account: ContentAccount) -> ContentUsage:
        """Return the numbers that the server keeps of the database."""
        with self._client(host) as client:
            facts = client[_place(account)].command("dbStats")
        return ContentUsage(int(facts["collections"]), int(facts["objects"]))

    def accounts(self, host: ContentHost) -> frozenset[str]:
        """Return the users that have Ocim's note."""
        with self._client(host) as client:
            users = client.admin.command("usersInfo", {"forAllDBs": True})["users"]
        return frozenset(each["user"] for each in users if each.get("customData") == _MARK)

    def _lets_in_everybody(self, host: ContentHost) -> bool:
        try:
            with self._client(host, anonymous=True) as client:
                client.admin.command("usersInfo", 1)
        except PermanentError:
            return False
        return True

    @contextmanager
    def _client(
        self, host: ContentHost, *, anonymous: bool = False
    ) -> Iterator[MongoClient[dict[str, Any]]]:
        """Yield a client of this very server; raise OcimErrors for its errors."""
        milliseconds = int(self.timeout * 1000)
        try:
            with MongoClient[dict[str, Any]](
                f"[{host.host}]" if ":" in host.host else host.host,
                host.port,
                tls=host.tls,
                directConnection=True,  # an address is registered, which instances are given
                serverSelectionTimeoutMS=milliseconds,
                timeoutMS=milliseconds,
                appname="ocim",
                username=None if anonymous else host.user or None,
                password=None if anonymous else host.password.reveal(),
                authSource=host.database,
            ) as client:
                yield client
        except ConnectionFailure as error:
            raise TransientError(
                f"The MongoDB server {host.url} does not answer.",
                remedy="Check that it is running, that this machine reaches it, and whether it"
                " wants TLS.",
            ) from error
        except OperationFailure as error:
            reason = str((error.details or {}).get("errmsg", error)).rstrip(".")
            raise PermanentError(f"{host.url} answered: {reason}.") from error
        except PyMongoError as error:
            raise PermanentError(f"{host.url}: {error}") from error


def _drop_user(database: Any, user: str) -> None:
    try:
        database.command("dropUser", user)
    except OperationFailure as error:
        if error.code != _NOT_FOUND:
            raise


def _place(account: ContentAccount) -> str:
    # Without a name, `drop` would address MongoDB's own databases.
    if account.place in ("", "admin", "config", "local"):
        raise ValueError("a place on a shared server needs a database of its own")
    return account.place
