"""Search servers that speak Elasticsearch 7's REST API, with its accounts."""

import ssl
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import quote

import httpx

from ocim.adapters.deadlines import DeadlineTransport
from ocim.core.errors import PermanentError, TransientError
from ocim.core.instance import Search, SearchHost

TIMEOUT = 20.0
"""Time limit for a request, in seconds."""
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
        answer = _ask(host, "GET", "")
        if PRODUCT not in answer.headers:
            raise PermanentError(
                f"{host.url} is not Elasticsearch: its answers have no header {PRODUCT}.",
                remedy="Use Elasticsearch itself: its clients refuse other servers from 7.14 on.",
            )
        version = str(_json(host, answer)["version"]["number"])
        if version.partition(".")[0] != MAJOR:
            raise PermanentError(
                f"{host.url} is Elasticsearch {version}.", remedy=f"Use version {MAJOR}."
            )
        # The role need not exist: the question is whether the account may read roles.
        _ask(host, "GET", "_security/role/ocim", but=(404,))
        return version

    def ensure(self, host: SearchHost, place: Search) -> None:
        """Create the role first: an account without its role could do nothing."""
        name = quote(_account(place), safe="")
        indices = [{"names": [f"{_prefix(place)}*"], "privileges": ["all"]}]
        role = {"cluster": ["monitor"], "indices": indices}
        _ask(host, "PUT", f"_security/role/{name}", json=role)
        user = {"password": place.password.reveal(), "roles": [_account(place)]}
        _ask(host, "PUT", f"_security/user/{name}", json=user)

    def drop(self, host: SearchHost, place: Search) -> None:
        """Remove the account first, so that nothing writes to the indexes any more."""
        name = quote(_account(place), safe="")
        for kind in ("user", "role"):
            _ask(host, "DELETE", f"_security/{kind}/{name}", but=(404,))
        for index in self.indexes(host, _prefix(place)):
            _ask(host, "DELETE", quote(index, safe=""), but=(404,))

    def indexes(self, host: SearchHost, prefix: str) -> Mapping[str, int]:
        """Return the number of documents by index, from `_cat/indices`."""
        path = f"_cat/indices/{quote(prefix, safe='')}*"
        answer = _ask(host, "GET", path, params={"format": "json", "h": "index,docs.count"})
        return {str(row["index"]): int(row["docs.count"] or 0) for row in _json(host, answer)}

    def aliases(self, host: SearchHost, prefix: str) -> Mapping[str, str]:
        """Return the index by alias, from `_cat/aliases`."""
        path = f"_cat/aliases/{quote(prefix, safe='')}*"
        answer = _ask(host, "GET", path, params={"format": "json", "h": "alias,index"})
        return {str(row["alias"]): str(row["index"]) for row in _json(host, answer)}


def _ask(
    host: SearchHost, method: str, path: str, *, but: tuple[int, ...] = (), **request: Any
) -> httpx.Response:
    """Return the server's answer.

    Raise TransientError or PermanentError for an error status that is not in `but`.
    """
    account = (host.user, host.password.reveal())
    url = f"{host.url}{path}"
    transport = DeadlineTransport(TIMEOUT, verify=_context())
    try:
        with httpx.Client(auth=account, transport=transport, trust_env=False) as client:
            answer = client.request(method, url, **request)
    except (httpx.HTTPError, OSError) as error:
        raise TransientError(
            f"The search server {host.url} does not answer: {error}.",
            remedy="Check that it is running, and that this machine can reach it.",
        ) from error
    if answer.is_success or answer.status_code in but:
        return answer
    problem = f"{host.url} answered {answer.status_code}: {_reason(answer)}."
    if answer.is_server_error or answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
        raise TransientError(problem)
    if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        raise PermanentError(problem, remedy="Use an account that may manage other accounts.")
    raise PermanentError(problem)


@cache
def _context() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)


def _reason(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["error"]["reason"]).rstrip(".")
    except (ValueError, KeyError, TypeError):
        return answer.reason_phrase


def _json(host: SearchHost, answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError as error:
        raise PermanentError(f"{host.url} answered with something other than JSON.") from error


def _account(place: Search) -> str:
    if not place.user:
        raise ValueError("a place on a shared server needs an account")
    return place.user


def _prefix(place: Search) -> str:
    # Without a prefix, the account would own everybody's indexes, and `drop` would remove them.
    if not place.index_prefix:
        raise ValueError("a place on a shared server needs a prefix")
    return place.index_prefix
