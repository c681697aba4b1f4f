"""Settings about the search server, whose names depend on the release."""

from collections.abc import Mapping
from typing import Any

from rehearsal.common.releases import Release

DOCUMENTS = "course_discovery.apps.course_metadata.search_indexes.documents."
"""Package of the real service whose modules define a document each."""


def search_url(configuration: Mapping[str, Any], release: Release) -> str:
    """Return the search server's URL, with the account in it. Lilac renamed the setting."""
    name = "ELASTICSEARCH_URL" if release.before("lilac") else "ELASTICSEARCH_CLUSTER_URL"
    return configuration.get(name) or "http://127.0.0.1:9200/"


def index_names(configuration: Mapping[str, Any], release: Release) -> dict[str, str]:
    """Return the alias of each kind of document, which has its own since lilac.

    Raise KeyError if the configuration has a table of names without one of them.
    """
    if release.before("lilac"):
        return {}
    kinds = ["course", "course_run", "person", "program"]
    if not release.before("nutmeg"):
        kinds.append("learner_pathway")
    names = configuration.get("ELASTICSEARCH_INDEX_NAMES")
    return {kind: names[DOCUMENTS + kind] if names else kind for kind in kinds}
