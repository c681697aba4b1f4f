"""Routing → the configuration of the router, which knows sites and app servers."""

import hashlib
import json

from ocim.adapters.balancers.caddy.parts import (
    GATEWAY_ERRORS,
    HEALTH_HOST,
    HOLDING_PAGE,
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
from ocim.core.spec import Routing, Secret, Site

COOKIE = "ocim_server"

_HOLDING: Json = {"handler": "invoke", "name": "holding"}

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

# Caddy's own cookie may be read by scripts.
_COOKIE: Json = {
    "handler": "headers",
    "response": {
        "deferred": True,
        "replace": {
            "Set-Cookie": [{"search_regexp": f"^({COOKIE}=.*)$", "replace": "$1; HttpOnly"}]
        },
    },
}

# How long a request waits for an app server that is being started again, and how long one that
# failed is passed over: less, so that there is a second look before the wait is over.
_WAIT = 10.0
_PASS_OVER = 5.0

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
    """Names what is served: the routing, and all else that makes its configuration."""
    sample = json.dumps(_config(_SAMPLE, settings, cookie_key, "", "")).encode()
    return f"routing-{digest}-{hashlib.sha256(sample).hexdigest()[:12]}"


def router_config(
    routing: Routing, settings: Settings, cookie_key: Secret, *, socket: str = ROUTER_SOCKETS[0]
) -> Json:
    """The whole configuration; `socket` must be another one than that of the one in force."""
    name = marker(routing.digest, settings, cookie_key)
    return _config(routing, settings, cookie_key, socket, name)


def _config(
    routing: Routing, settings: Settings, cookie_key: Secret, socket: str, name: str
) -> Json:
    config = base(admin={"listen": f"unix/{ADMIN_SOCKET}|0600"})
    # It stores nothing; but Caddy wants a place, and must not pick one below HOME.
    config["storage"] = {"module": "file_system", "root": "router-storage"}
    sites: list[Json] = [
        {
            "match": [{"host": list(site.domains)}],
            "handle": _handlers(site, settings, cookie_key),
            "terminal": True,
        }
        for site in routing.sites
    ]
    unknown: Json = {"@id": name, "handle": [UNKNOWN_PAGE]}
    server: Json = {
        "listen": [f"unix/{socket}|0600"],
        "protocols": ["h1"],
        "automatic_https": {"disable": True},
        # Only the edge reaches the socket, and it has put its own in place of what clients claim.
        "trusted_proxies_unix": True,
        "routes": [*_HEALTH, _plain(routing, settings), {"handle": [_COOKIE]}, *sites, unknown],
        "named_routes": {"holding": {"handle": [HOLDING_PAGE]}},
        "errors": GATEWAY_ERRORS,
    }
    config["apps"] = {
        "http": {
            "shutdown_delay": seconds(settings.drain),
            # What has begun by then may take that long; streams, too.
            "grace_period": "5m",
            "servers": {"router": server},
        }
    }
    return config


def _handlers(site: Site, settings: Settings, cookie_key: Secret) -> list[Json]:
    handlers: list[Json] = [_password(site)] if site.password_hash else []
    return [*handlers, _proxy(site, settings, cookie_key) if site.upstreams else _HOLDING]


def _password(site: Site) -> Json:
    account = {"username": site.user, "password": site.password_hash}
    provider = {
        "accounts": [account],
        "hash": {"algorithm": "bcrypt"},
        "hash_cache": {},
        "realm": "preview",
    }
    return {"handler": "authentication", "providers": {"http_basic": provider}}


def _proxy(site: Site, settings: Settings, cookie_key: Secret) -> Json:
    balancing: Json = {
        "try_duration": seconds(_WAIT),
        "try_interval": "250ms",
        # A refused connection is always tried again; this is for one that broke.
        "retry_match": [{"method": ["GET", "HEAD", "OPTIONS"]}],
    }
    proxy: Json = {
        "handler": "reverse_proxy",
        "upstreams": [{"dial": upstream} for upstream in site.upstreams],
        # A kept connection may be closed by an app server just as a request is sent on it.
        "transport": {
            "protocol": "http",
            "compression": False,
            "dial_timeout": "2s",
            "keep_alive": {"enabled": False},
        },
        "load_balancing": balancing,
        "stream_close_delay": "5m",
    }
    request: Json = {}
    if site.host_header:
        request["set"] = {"Host": [site.host_header]}
    if site.password_hash:
        request["delete"] = ["Authorization"]
    if request:
        proxy["headers"] = {"request": request}
    # One alone is never passed over: its own answer says more than ours.
    if len(site.upstreams) > 1:
        balancing["selection_policy"] = {
            "policy": "cookie",
            "name": COOKIE,
            "secret": cookie_key.reveal(),
            "fallback": {"policy": "least_conn"},
        }
        proxy["health_checks"] = _health_checks(site, settings)
    return proxy


def _health_checks(site: Site, settings: Settings) -> Json:
    checks: Json = {"passive": {"fail_duration": seconds(_PASS_OVER), "max_fails": 1}}
    if site.health_path:
        checks["active"] = {
            "uri": site.health_path,
            # What the service takes for its own name, and no redirect to https.
            "headers": {
                "Host": [site.host_header or site.domains[0]],
                "X-Forwarded-Proto": ["https"],
            },
            "expect_status": 200,
            "interval": seconds(settings.health_interval),
            "timeout": "5s",
            "fails": 2,
        }
    return checks


def _plain(routing: Routing, settings: Settings) -> Json:
    """What comes without TLS: questions about names, and what is sent on to https."""
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
