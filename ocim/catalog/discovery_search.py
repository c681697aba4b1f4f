"""Course Discovery on a search server: its URL, and the names of its indexes.

Names must differ between instances on one server. Up to koa one setting names the only index. Since
lilac there is an index for each kind of document, named by the module that defines it, and no
configuration repository has a variable for these names.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from ocim.catalog.releases import Traits, of_instance, traits
from ocim.core.instance import Instance, Search
from ocim.core.secrets import Secret, revealed
from ocim.core.texts import listed

URL = "DISCOVERY_ELASTICSEARCH_URL"
ONE_NAME = "DISCOVERY_ELASTICSEARCH_INDEX_NAME"
"""Variable with the name of the only index; since lilac it has no effect."""
DEFAULT_NAME = "catalog"
SETTINGS = "DISCOVERY_MEDIA_STORAGE_BACKEND"
"""Variable whose entries discovery takes as settings, whatever they are about.

The role's own dictionary of settings, `discovery_service_config_overrides`, differs between the
releases, and would be replaced as a whole. This one Ocim sets as a whole anyway.
"""
NAMES = "ELASTICSEARCH_INDEX_NAMES"
"""Setting with the name of the index of each kind of document, by module."""
_MODULES = "course_discovery.apps.course_metadata.search_indexes.documents."


def url_with_account(search: Search) -> str | Secret:
    """Return the search server's URL; a Secret if it has an account."""
    if not search.user:
        return search.url
    scheme, _, rest = search.url.partition("://")
    account = f"{quote(search.user, safe='')}:{quote(search.password.reveal(), safe='')}"
    return Secret(f"{scheme}://{account}@{rest}")


def names_with_prefix(prefix: str, release: Traits) -> dict[str, str]:
    """Return the setting `NAMES` with this prefix before each name."""
    return {f"{_MODULES}{kind}": f"{prefix}{kind}" for kind in release.index_documents}


def aliases(instance: Instance, variables: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the aliases by which discovery finds its indexes with these effective variables."""
    kinds = traits(of_instance(instance)).index_documents
    if not kinds:
        return (str(variables.get(ONE_NAME, DEFAULT_NAME)),)
    settings = variables.get(SETTINGS)
    names = settings.get(NAMES) if isinstance(settings, Mapping) else None
    chosen = names if isinstance(names, Mapping) else {}
    return tuple(str(chosen.get(f"{_MODULES}{kind}", kind)) for kind in kinds)


def is_used(search: Search | None, variables: Mapping[str, Any]) -> bool:
    """Return True if discovery uses this search server, and not one in the operator's settings."""
    return search is not None and revealed(variables.get(URL)) == revealed(url_with_account(search))


def warning(instance: Instance, variables: Mapping[str, Any]) -> str:
    """Return a warning if indexes would be refused, or be another instance's, too; or else ""."""
    if URL not in variables:
        return ""  # each app server runs a search server of its own
    names, search = aliases(instance, variables), instance.search
    if search and is_used(search, variables):
        refused = [name for name in names if not name.startswith(search.index_prefix)]
        problem = f"the instance's account on the search server may use only {search.index_prefix}*"
    else:
        refused = [name for name in names if name in (DEFAULT_NAME, *_kinds(instance))]
        problem = "two instances on one search server would overwrite each other's"
    if not refused:
        return ""
    where = f"{NAMES} in {SETTINGS}" if _kinds(instance) else ONE_NAME
    return (
        f"Course Discovery's indexes are named {listed(refused)}, but {problem}. Set {where} to"
        f" names with a prefix, or {URL} to a search server of this instance's own."
    )


def _kinds(instance: Instance) -> tuple[str, ...]:
    return traits(of_instance(instance)).index_documents
