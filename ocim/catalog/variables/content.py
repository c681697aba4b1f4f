"""Variables of the content servers, which Tutor's services alone use, by Tutor's names."""

from collections.abc import Collection
from typing import Any

from ocim.core.instance import Instance
from ocim.core.provisioning import TUTOR
from ocim.core.secrets import Secret

MONGODB_PASSWORD = "TUTOR_MONGODB_PASSWORD"  # noqa: S105 - a variable's name
MEILISEARCH_KEY = "TUTOR_MEILISEARCH_API_KEY"

_OF_SERVERS = {
    "TUTOR_MONGODB_HOST": "TUTOR_MONGODB_",
    "TUTOR_MEILISEARCH_URL": "TUTOR_MEILISEARCH_",
}
"""Beginning of a server's variables, by the one with its address."""


def replaced(written: Collection[str]) -> tuple[str, ...]:
    """Return the beginnings of generated variables that operators replace.

    Who names another server names its account, too: the instance has none there.
    """
    return tuple(begin for address, begin in _OF_SERVERS.items() if address in written)


def of_dry_run(written: Collection[str], database: str) -> dict[str, Any]:
    """Return what replaces an operators' account of MongoDB, whose content has no copy.

    The server does not know it, and it belongs to no database that there is. Empty if none of its
    variables is in `written`.
    """
    account = {
        "TUTOR_MONGODB_DATABASE": database,
        "TUTOR_MONGODB_USERNAME": "dry_run",
        MONGODB_PASSWORD: Secret("dry_run"),
    }
    return account if account.keys() & set(written) else {}


def tutor(instance: Instance) -> dict[str, Any]:
    """Return the variables; none for Ansible, whose playbooks install MongoDB on app servers."""
    if instance.configuration_source_repo_url != TUTOR:
        return {}
    made: dict[str, Any] = {}
    if mongodb := instance.mongodb:
        made |= {
            "TUTOR_MONGODB_HOST": mongodb.host,
            "TUTOR_MONGODB_PORT": mongodb.port,
            "TUTOR_MONGODB_USE_SSL": mongodb.tls,
            "TUTOR_MONGODB_DATABASE": mongodb.place,
            # The account belongs to the instance's own database.
            "TUTOR_MONGODB_AUTH_SOURCE": mongodb.place,
            "TUTOR_MONGODB_USERNAME": mongodb.user,
            MONGODB_PASSWORD: mongodb.password,
        }
    if meilisearch := instance.meilisearch:
        made |= {
            "TUTOR_MEILISEARCH_URL": meilisearch.url,
            # Visitors' browsers search there.
            "TUTOR_MEILISEARCH_PUBLIC_URL": meilisearch.url,
            "TUTOR_MEILISEARCH_INDEX_PREFIX": meilisearch.place,
            "TUTOR_MEILISEARCH_API_KEY_UID": meilisearch.user,
            MEILISEARCH_KEY: meilisearch.password,
        }
    return made
