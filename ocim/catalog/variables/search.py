"""Variables of Course Discovery's search server."""

from collections.abc import Mapping
from typing import Any

from ocim.catalog.discovery_search import (
    DEFAULT_NAME,
    NAMES,
    ONE_NAME,
    SETTINGS,
    URL,
    names_with_prefix,
    url_with_account,
)
from ocim.catalog.releases import of_instance, traits
from ocim.core.instance import Instance

CLUSTER_URL = "ELASTICSEARCH_CLUSTER_URL"
"""Setting that discovery reads since lilac; before it was ELASTICSEARCH_URL."""
_OLD_ROLES = ("lilac", "maple")
"""Names of releases whose role still writes ELASTICSEARCH_URL, which discovery does not read."""


def discovery(instance: Instance) -> dict[str, Any]:
    """Return the URL, with the account in it, and the names of the indexes.

    Return nothing if no search server is assigned: upstream's default is one on the app server.
    """
    search = instance.search
    if search is None:
        return {}
    url = url_with_account(search)
    release = traits(of_instance(instance))
    if not release.index_documents:
        return {URL: url, ONE_NAME: f"{search.index_prefix}{DEFAULT_NAME}"}
    names = names_with_prefix(search.index_prefix, release)
    return {URL: url, SETTINGS: {NAMES: names, **_cluster_url(instance, url)}}


def followed(extra: Mapping[str, Any], instance: Instance) -> dict[str, Any]:
    """Return the variables that follow from an operator's own URL of a search server."""
    own = _cluster_url(instance, extra[URL]) if URL in extra else {}
    return {SETTINGS: own} if own else {}


def _cluster_url(instance: Instance, url: object) -> dict[str, Any]:
    return {CLUSTER_URL: url} if of_instance(instance).name in _OLD_ROLES else {}
