"""Values for the catalog and the adapters: instances' accounts on content servers."""

import uuid

from ocim.core.content import ContentAccount, ContentHost, meilisearch_key
from ocim.core.names import account
from ocim.core.secrets import Secret, derive
from ocim.store.models import ContentServer, OpenEdXInstance


def content_host(server: ContentServer) -> ContentHost:
    """Return address and account of a content server, as adapters need them."""
    return ContentHost(
        server.url,
        server.host,
        server.port,
        server.tls,
        server.admin_user,
        Secret(server.admin_password),
    )


def mongodb_account(instance: OpenEdXInstance, generation: int = 0) -> ContentAccount | None:
    """Return the instance's account of a generation (0: the present one) on its MongoDB server.

    Return None if it has no such server.
    """
    server = instance.mongodb_server
    if server is None:
        return None
    number = generation or instance.mongodb_generation
    user = account(instance.pk)
    return ContentAccount(
        server.url,
        server.host,
        server.port,
        server.tls,
        place=instance.database_name,
        user=f"{user}_{number}" if number > 1 else user,
        password=derive(instance.secret_seed.encode(), f"mongodb {number}"),
    )


def meilisearch_account(instance: OpenEdXInstance, generation: int = 0) -> ContentAccount | None:
    """Return the instance's key of a generation (0: the present one) on its Meilisearch server.

    Return None if it has no such server.
    """
    server = instance.meilisearch_server
    if server is None:
        return None
    number = generation or instance.meilisearch_generation
    letters = derive(instance.secret_seed.encode(), f"meilisearch {number}", 16)
    uid = str(uuid.UUID(bytes=letters.reveal().encode(), version=4))
    return ContentAccount(
        server.url,
        server.host,
        server.port,
        server.tls,
        place=f"{instance.database_name}_",
        user=uid,
        password=meilisearch_key(Secret(server.admin_password), uid),
    )
