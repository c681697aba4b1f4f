"""Places of instances on content servers: MongoDB and Meilisearch, which Tutor's services need."""

import hmac
from dataclasses import dataclass, replace

from ocim.core.secrets import Secret


@dataclass(frozen=True, slots=True)
class ContentHost:
    """Content server, with an account that may create other accounts."""

    url: str
    """URL without account and without a slash at the end."""
    host: str
    port: int
    tls: bool
    user: str
    """User that creates others; empty on Meilisearch, whose master key has no user."""
    password: Secret
    database: str = "admin"
    """MongoDB's database that the user belongs to."""


@dataclass(frozen=True, slots=True)
class ContentAccount:
    """Account of an instance on a content server, with the only place that it may use."""

    url: str
    host: str
    port: int
    tls: bool
    place: str
    """MongoDB's database, or the prefix of the names of Meilisearch's indexes."""
    user: str
    """User on MongoDB, or the id of Meilisearch's key."""
    password: Secret
    """Password on MongoDB, or Meilisearch's key itself."""


@dataclass(frozen=True, slots=True)
class ContentUsage:
    """Place and account of an instance on a content server."""

    collections: int
    """Number of MongoDB's collections, or of Meilisearch's indexes."""
    documents: int


def meilisearch_key(master: Secret, uid: str) -> Secret:
    """Return the text of Meilisearch's key with this id, as the server computes it."""
    return Secret(hmac.new(master.reveal().encode(), uid.encode(), "sha256").hexdigest())


def unknown_account(account: ContentAccount | None) -> ContentAccount | None:
    """Return an account that the server does not know: content is not copied for dry runs."""
    return account and replace(account, user="dry_run", password=Secret("dry_run"))
