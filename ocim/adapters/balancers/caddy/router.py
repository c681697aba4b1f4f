"""Routing → the configuration of the router, which knows sites and app servers."""

import hashlib
import json

from ocim.adapters.balancers.caddy.parts import (
    GATEWAY_ERRORS,
    HEALTH_HOST,
    KNOWN_PATH,
    UNKNOWN_PAGE,
    Json,
    base,
    seconds,
)
from ocim.adapters.balancers.caddy.settings import (
    ADMIN_SOCKET,
    ROUTER_SOCKETS,
    Settings,
)
from ocim.adapters.balancers.caddy.sites import COOKIE, SHARED_ROUTES, site_routes
from ocim.core.routing import Routing, Site
from ocim.core.secrets import Secret

_HEALTH: list[Json] = [
    {
        "match": [{"host": [HEALTH_HOST], "vars": {"{http.shutting_down}": ["true"]}}],
        "handle": [{"handler": "static_response", "status_code": 503}],
        "terminal": True,
    },
    {
        "match": [{"host": [HEALTH_HOST]}],
        "handle": [{"handler": "static_response", "status_code": 200}],
        "terminal": True,
    },
]

# Without this, scripts could read Caddy's cookie.
_COOKIE: Json = {
    "handler": "headers",
    "response": {
        "deferred": True,
        "replace": {
            "Set-Cookie": [{"search_regexp": f"^({COOKIE}=.*)$", "replace": "$1; HttpOnly"}]
        },
    },
}

_SAMPLE = Routing(
    (
        Site(domains=("one.example",), upstreams=("127.0.0.1:1", "127.0.0.1:2"), health_path="/"),
        Site(domains=("two.example",), upstreams=()),
        Site(
            domains=("three.example",),
            upstreams=("127.0.0.1:1",),
            host_header="one.example",
            user="user",
            password_hash="hash",  # noqa: S106 - never loaded
        ),
    )
)


def marker(digest: str, settings: Settings, cookie_key: Secret) -> str:
    """Return a name for what is served: the routing and everything else in its configuration."""
    sample = json.dumps(_config(_SAMPLE, settings, cookie_key, "", "")).encode()
    return f"routing-{digest}-{hashlib.sha256(sample).hexdigest()[:12]}"


def router_config(
    routing: Routing, settings: Settings, cookie_key: Secret, *, socket: str = ROUTER_SOCKETS[0]
) -> Json:
    """Return the whole configuration; `socket` must differ from that of the present one."""
    name = marker(routing.digest, settings, cookie_key)
    return _config(routing, settings, cookie_key, socket, name)


def _config(
    routing: Routing, settings: Settings, cookie_key: Secret, socket: str, name: str
) -> Json:
    config = base(admin={"listen": f"unix/{ADMIN_SOCKET}|0600"})
    # The router stores nothing, but Caddy would otherwise choose a directory below HOME.
    config["storage"] = {"module": "file_system", "root": "router-storage"}
    unknown: Json = {"@id": name, "handle": [UNKNOWN_PAGE]}
    server: Json = {
        "listen": [f"unix/{socket}|0600"],
        "protocols": ["h1"],
        "automatic_https": {"disable": True},
        # Only the edge reaches the socket, and it has replaced the headers that clients sent.
        "trusted_proxies_unix": True,
        "routes": [
            *_HEALTH,
            _plain(routing, settings),
            {"handle": [_COOKIE]},
            *site_routes(routing, settings, cookie_key),
            unknown,
        ],
        "named_routes": SHARED_ROUTES,
        "errors": GATEWAY_ERRORS,
    }
    config["apps"] = {
        "http": {
            "shutdown_delay": seconds(settings.drain),
            # Time limit for requests and streams that have begun before.
            "grace_period": "5m",
            "servers": {"router": server},
        }
    }
    return config


def _plain(routing: Routing, settings: Settings) -> Json:
    """Return the routes of plain HTTP: questions about known names, and redirects to https."""
    port = "" if settings.https_port == 443 else f":{settings.https_port}"  # noqa: PLR2004
    to_https: Json = {
        "handler": "static_response",
        "status_code": 308,
        "headers": {"Location": [f"https://{{http.request.host}}{port}{{http.request.uri}}"]},
    }
    known: Json = {"handler": "static_response", "status_code": 200}
    routes: list[Json] = []
    if names := [name for site in routing.sites for name in site.domains]:
        routes += [
            {
                "match": [{"host": names, "path": [KNOWN_PATH]}],
                "handle": [known],
                "terminal": True,
            },
            {"match": [{"host": names}], "handle": [to_https], "terminal": True},
        ]
    return {
        "match": [{"header": {"X-Forwarded-Proto": ["http"]}}],
        "handle": [
            {"handler": "subroute", "routes": [*routes, {"handle": [UNKNOWN_PAGE]}]},
        ],
        "terminal": True,
    }
