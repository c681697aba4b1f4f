"""Meilisearch servers. Each instance has keys for the indexes with its prefix.

The text of a key follows from the master key and the key's id, so that Ocim knows it beforehand.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from ocim.adapters.rest_api import RestApi
from ocim.core.content import ContentAccount, ContentHost, ContentUsage, meilisearch_key
from ocim.core.errors import PermanentError

ACTIONS = (
    "search",
    "documents.*",
    "indexes.*",
    "settings.*",
    "tasks.*",
    "stats.get",
    "version",
    # Studio asks for the id of its own key, which it signs learners' tokens with.
    "keys.get",
)
"""Rights of an instance. With Tutor's own `*`, it could make keys for everybody's indexes."""
_MARK = "Created by Ocim"
"""Description of the keys that Ocim creates: other programs may have some there, too."""
_ALL = {"limit": "100000"}
"""Query for all keys at once."""


class MeilisearchServers:
    """Meilisearch servers."""

    kind = "meilisearch"

    def examine(self, host: ContentHost) -> str:
        """Return the version. Raise PermanentError unless the password is the master key."""
        api = _api(host)
        keys = _keys(api)
        version = str(api.json("version")["pkgVersion"])
        for key in keys:
            text = meilisearch_key(host.password, key["uid"]).reveal()
            if key.get("key", text) != text:
                raise PermanentError(
                    f"{host.url}: this is a key, but not the master key.",
                    remedy="Give the one that the server was started with (MEILI_MASTER_KEY).",
                )
        return version

    def ensure(self, host: ContentHost, accounts: Sequence[ContentAccount]) -> None:
        """Create the keys. A key's rights cannot be changed: one with others is replaced."""
        indexes = [f"{_prefix(accounts[0])}*"]
        api = _api(host)
        present = {key["uid"]: key for key in _own(_keys(api)) if key["indexes"] == indexes}
        wanted = {account.user for account in accounts}
        for uid, key in present.items():
            if uid not in wanted or set(key["actions"]) != set(ACTIONS):
                _delete_key(api, uid)
        for uid in wanted:
            if uid in present and set(present[uid]["actions"]) == set(ACTIONS):
                continue
            key = {
                "uid": uid,
                "name": indexes[0],
                "description": _MARK,
                "actions": list(ACTIONS),
                "indexes": indexes,
                "expiresAt": None,
            }
            api.ask("POST", "keys", json=key)

    def drop(self, host: ContentHost, account: ContentAccount) -> None:
        """Remove the keys first, so that nothing writes to the indexes any more."""
        api, prefix = _api(host), _prefix(account)
        for key in _own(_keys(api)):
            if key["indexes"] == [f"{prefix}*"]:
                _delete_key(api, key["uid"])
        for index in _indexes(api, prefix):
            api.ask("DELETE", f"indexes/{quote(index, safe='')}", but=(404,))

    def usage(self, host: ContentHost, account: ContentAccount) -> ContentUsage:
        """Return the numbers that the server keeps of the indexes."""
        indexes = _indexes(_api(host), _prefix(account))
        return ContentUsage(len(indexes), sum(indexes.values()))

    def accounts(self, host: ContentHost) -> frozenset[str]:
        """Return the ids of the keys that have Ocim's description."""
        return frozenset(str(key["uid"]) for key in _own(_keys(_api(host))))


def _keys(api: RestApi) -> list[Mapping[str, Any]]:
    return list(api.json("keys", params=_ALL)["results"])


def _own(keys: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [key for key in keys if key["description"] == _MARK]


def _indexes(api: RestApi, prefix: str) -> Mapping[str, int]:
    """Return the number of documents by index, for names that begin with the prefix."""
    indexes = api.json("stats")["indexes"]
    return {
        str(name): int(facts["numberOfDocuments"])
        for name, facts in indexes.items()
        if name.startswith(prefix)
    }


def _delete_key(api: RestApi, uid: str) -> None:
    api.ask("DELETE", f"keys/{uid}", but=(404,))


def _api(host: ContentHost) -> RestApi:
    return RestApi(
        what="Meilisearch server",
        url=f"{host.url}/",
        user="",
        password=host.password,
        reason=lambda content: content["message"],
        missing_right="Give the master key that the server was started with (MEILI_MASTER_KEY).",
    )


def _prefix(account: ContentAccount) -> str:
    # Without a prefix, the key would open everybody's indexes, and `drop` would remove them.
    if not account.place:
        raise ValueError("a place on a shared server needs a prefix")
    return account.place
