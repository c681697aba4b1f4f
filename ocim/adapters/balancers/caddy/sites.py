"""Sites → the router's routes, small enough for tens of thousands of them."""

from collections.abc import Iterator

from ocim.adapters.balancers.caddy.parts import HOLDING_PAGE, Json, seconds
from ocim.adapters.balancers.caddy.settings import Settings
from ocim.core.routing import Routing, Site
from ocim.core.secrets import Secret

COOKIE = "ocim_server"

# Caddy tries one route after the other: two steps of this width instead of tens of thousands.
_GROUP = 150

# How long a request waits for an app server that is being started again, and how long one that
# failed is passed over: less, so that there is a second look before the wait is over.
_WAIT = 10.0
_PASS_OVER = 5.0


def site_routes(routing: Routing, settings: Settings, cookie_key: Secret) -> Iterator[Json]:
    """Routes that end in an answer for every name of the routing, and for no other."""
    for start in range(0, len(routing.sites), _GROUP):
        group = routing.sites[start : start + _GROUP]
        routes = [_route(site.domains, _handlers(site, settings, cookie_key)) for site in group]
        names = tuple(name for site in group for name in site.domains)
        yield _route(names, [{"handler": "subroute", "routes": routes}])


def _route(names: tuple[str, ...], handlers: list[Json]) -> Json:
    return {"match": [{"host": list(names)}], "handle": handlers, "terminal": True}


def _handlers(site: Site, settings: Settings, cookie_key: Secret) -> list[Json]:
    handlers = _password(site) if site.password_hash else []
    if not site.upstreams:
        return [*handlers, {"handler": "invoke", "name": "holding"}]
    if len(site.upstreams) == 1:
        # Neither checked nor passed over: its own answer says more than ours.
        return [*handlers, *_shared_proxy(site)]
    return [*handlers, _balancing_proxy(site, settings, cookie_key)]


def _password(site: Site) -> list[Json]:
    """The service behind must not take the visitor's password for one of its own."""
    provider: Json = {
        "accounts": [{"username": site.user, "password": site.password_hash}],
        "hash": {"algorithm": "bcrypt"},
        "hash_cache": {},
        "realm": "preview",
    }
    return [
        {"handler": "authentication", "providers": {"http_basic": provider}},
        {"handler": "headers", "request": {"delete": ["Authorization"]}},
    ]


def _proxy(upstreams: tuple[str, ...], host: str = "") -> Json:
    proxy: Json = {
        "handler": "reverse_proxy",
        "upstreams": [{"dial": upstream} for upstream in upstreams],
        # A kept connection may be closed by an app server just as a request is sent on it.
        "transport": {
            "protocol": "http",
            "compression": False,
            "dial_timeout": "2s",
            "keep_alive": {"enabled": False},
        },
        "load_balancing": _BALANCING,
        "stream_close_delay": "5m",
    }
    return {**proxy, "headers": {"request": {"set": {"Host": [host]}}}} if host else proxy


_BALANCING: Json = {
    "try_duration": seconds(_WAIT),
    "try_interval": "250ms",
    # A refused connection is always tried again; this is for one that broke.
    "retry_match": [{"method": ["GET", "HEAD", "OPTIONS"]}],
}

# One proxy for each site takes twice the memory and the time of a reload (20,000 were measured).
SHARED_ROUTES: Json = {
    "holding": {"handle": [HOLDING_PAGE]},
    "proxy": {"handle": [_proxy(("{http.vars.upstream}",))]},
    "proxy-as": {"handle": [_proxy(("{http.vars.upstream}",), "{http.vars.host}")]},
}


def _shared_proxy(site: Site) -> list[Json]:
    target: Json = {"handler": "vars", "upstream": site.upstreams[0]}
    if not site.host_header:
        return [target, {"handler": "invoke", "name": "proxy"}]
    return [{**target, "host": site.host_header}, {"handler": "invoke", "name": "proxy-as"}]


def _balancing_proxy(site: Site, settings: Settings, cookie_key: Secret) -> Json:
    policy: Json = {
        "policy": "cookie",
        "name": COOKIE,
        "secret": cookie_key.reveal(),
        "fallback": {"policy": "least_conn"},
    }
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
    return {
        **_proxy(site.upstreams, site.host_header),
        "load_balancing": {**_BALANCING, "selection_policy": policy},
        "health_checks": checks,
    }
