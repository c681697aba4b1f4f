"""Variables of Course Discovery's search server."""

from typing import Any
from urllib.parse import quote

from ocim.core.instance import Instance
from ocim.core.secrets import Secret


def discovery(instance: Instance) -> dict[str, Any]:
    """Return the URL, with the account in it, and the name of the index.

    Return nothing if no search server is assigned: upstream's default is one on the app server.
    """
    search = instance.search
    if search is None:
        return {}
    url: str | Secret = search.url
    if search.user:
        scheme, _, rest = search.url.partition("://")
        account = f"{quote(search.user, safe='')}:{quote(search.password.reveal(), safe='')}"
        url = Secret(f"{scheme}://{account}@{rest}")
    return {
        "DISCOVERY_ELASTICSEARCH_URL": url,
        "DISCOVERY_ELASTICSEARCH_INDEX_NAME": f"{search.index_prefix}catalog",
    }
