"""Search servers that speak Elasticsearch 7's REST API, with its accounts."""

from collections.abc import Mapping
from urllib.parse import quote

from ocim.adapters.rest_api import RestApi
from ocim.core.errors import PermanentError
from ocim.core.instance import Search, SearchHost

PRODUCT = "X-Elastic-Product"
MAJOR = "7"
"""The version that discovery's client needs from lilac on."""


class ElasticsearchServers:
    """Elasticsearch servers. Each account has a role of the same name, limited to its prefix."""

    kind = "elasticsearch"

    def examine(self, host: SearchHost) -> str:
        """Return the server's version.

        Raise PermanentError unless it is Elasticsearch 7 and the account may manage other accounts.
        """
        api = _api(host)
        answer = api.ask("GET", "")
        if PRODUCT not in answer.headers:
            raise PermanentError(
                f"{host.url} is not Elasticsearch: its answers have no header {PRODUCT}.",
                remedy="Use Elasticsearch itself: its clients refuse other servers from 7.14 on.",
            )
        version = str(api.content(answer)["version"]["number"])
        if version.partition(".")[0] != MAJOR:
            raise PermanentError(
                f"{host.url} is Elasticsearch {version}.", remedy=f"Use version {MAJOR}."
            )
        # The role need not exist: the question is whether the account may read roles.
        api.ask("GET", "_security/role/ocim", but=(404,))
        return version

    def ensure(self, host: SearchHost, place: Search) -> None:
        """Create the role first: an account without its role could do nothing."""
        name = quote(_account(place), safe="")
        indices = [{"names": [f"{_prefix(place)}*"], "privileges": ["all"]}]
        role = {"cluster": ["monitor"], "indices": indices}
        _api(host).ask("PUT", f"_security/role/{name}", json=role)
        user = {"password": place.password.reveal(), "roles": [_account(place)]}
        _api(host).ask("PUT", f"_security/user/{name}", json=user)

    def drop(self, host: SearchHost, place: Search) -> None:
        """Remove the account first, so that nothing writes to the indexes any more."""
        name = quote(_account(place), safe="")
        for kind in ("user", "role"):
            _api(host).ask("DELETE", f"_security/{kind}/{name}", but=(404,))
        for index in self.indexes(host, _prefix(place)):
            _api(host).ask("DELETE", quote(index, safe=""), but=(404,))

    def indexes(self, host: SearchHost, prefix: str) -> Mapping[str, int]:
        """Return the number of documents by index, from `_cat/indices`."""
        path = f"_cat/indices/{quote(prefix, safe='')}*"
        rows = _api(host).json(path, params={"format": "json", "h": "index,docs.count"})
        return {str(row["index"]): int(row["docs.count"] or 0) for row in rows}

    def aliases(self, host: SearchHost, prefix: str) -> Mapping[str, str]:
        """Return the index by alias, from `_cat/aliases`."""
        path = f"_cat/aliases/{quote(prefix, safe='')}*"
        rows = _api(host).json(path, params={"format": "json", "h": "alias,index"})
        return {str(row["alias"]): str(row["index"]) for row in rows}


def _api(host: SearchHost) -> RestApi:
    return RestApi(
        what="search server",
        url=host.url,
        user=host.user,
        password=host.password,
        reason=lambda content: content["error"]["reason"],
        missing_right="Use an account that may manage other accounts.",
    )


def _account(place: Search) -> str:
    if not place.user:
        raise ValueError("a place on a shared server needs an account")
    return place.user


def _prefix(place: Search) -> str:
    # Without a prefix, the account would own everybody's indexes, and `drop` would remove them.
    if not place.index_prefix:
        raise ValueError("a place on a shared server needs a prefix")
    return place.index_prefix
