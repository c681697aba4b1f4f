"""Elasticsearch 7 with accounts, and what speaks as much of its REST interface."""

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
"""Seconds for a request as a whole."""
PRODUCT = "X-Elastic-Product"
MAJOR = "7"
"""The version that discovery's own client speaks from lilac on."""


class ElasticsearchServers:
    """An account has a role of its own name, which may do all with names that begin so."""

    kind = "elasticsearch"

    def examine(self, host: SearchHost) -> str:
        """Its version. The account has to be let in, and to be allowed to make others."""
        answer = _ask(host, "GET", "")
        if PRODUCT not in answer.headers:
            raise PermanentError(
                f"{host.url} is not Elasticsearch: its answers do not say that they are from it.",
                remedy="Clients of version 7.14 and later refuse such a server.",
            )
        version = str(_json(host, answer)["version"]["number"])
        if version.partition(".")[0] != MAJOR:
            raise PermanentError(
                f"{host.url} is Elasticsearch {version}.", remedy=f"Version {MAJOR} is needed."
            )
        # Whether there is a role of that name does not matter: only who may ask for it does.
        _ask(host, "GET", "_security/role/ocim", but=(404,))
        return version

    def ensure(self, host: SearchHost, place: Search) -> None:
        """The role first: an account without it could do nothing."""
        name = quote(_account(place), safe="")
        indices = [{"names": [f"{_prefix(place)}*"], "privileges": ["all"]}]
        role = {"cluster": ["monitor"], "indices": indices}
        _ask(host, "PUT", f"_security/role/{name}", json=role)
        user = {"password": place.password.reveal(), "roles": [_account(place)]}
        _ask(host, "PUT", f"_security/user/{name}", json=user)

    def drop(self, host: SearchHost, place: Search) -> None:
        """The account first, so that nothing is written any more."""
        name = quote(_account(place), safe="")
        for kind in ("user", "role"):
            _ask(host, "DELETE", f"_security/{kind}/{name}", but=(404,))
        for index in self.indexes(host, _prefix(place)):
            _ask(host, "DELETE", quote(index, safe=""), but=(404,))

    def indexes(self, host: SearchHost, prefix: str) -> Mapping[str, int]:
        """As its own list tells them."""
        path = f"_cat/indices/{quote(prefix, safe='')}*"
        answer = _ask(host, "GET", path, params={"format": "json", "h": "index,docs.count"})
        return {str(row["index"]): int(row["docs.count"] or 0) for row in _json(host, answer)}

    def aliases(self, host: SearchHost, prefix: str) -> Mapping[str, str]:
        """As `_cat/aliases` says."""
        path = f"_cat/aliases/{quote(prefix, safe='')}*"
        answer = _ask(host, "GET", path, params={"format": "json", "h": "alias,index"})
        return {str(row["alias"]): str(row["index"]) for row in _json(host, answer)}


def _ask(
    host: SearchHost, method: str, path: str, *, but: tuple[int, ...] = (), **request: Any
) -> httpx.Response:
    """What the server answers; an error status is refused, unless it is one of `but`."""
    account = (host.user, host.password.reveal())
    url = f"{host.url}{path}"
    transport = DeadlineTransport(TIMEOUT, verify=_context())
    try:
        with httpx.Client(auth=account, transport=transport, trust_env=False) as client:
            answer = client.request(method, url, **request)
    except (httpx.HTTPError, OSError) as error:
        raise TransientError(
            f"The search server {host.url} does not answer: {error}.",
            remedy="See whether it runs, and whether this machine reaches it.",
        ) from error
    if answer.is_success or answer.status_code in but:
        return answer
    said = f"{host.url} says {answer.status_code}: {_reason(answer)}."
    if answer.is_server_error or answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
        raise TransientError(said)
    if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        raise PermanentError(said, remedy="Give an account that may manage the others.")
    raise PermanentError(said)


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
        raise PermanentError(f"{host.url} does not answer in JSON.") from error


def _account(place: Search) -> str:
    if not place.user:
        raise ValueError("a place on a shared server needs an account")
    return place.user


def _prefix(place: Search) -> str:
    # Without one, an account would have everybody's indexes, and `drop` remove them.
    if not place.index_prefix:
        raise ValueError("a place on a shared server needs a prefix")
    return place.index_prefix
