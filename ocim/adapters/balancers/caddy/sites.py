"""Sites → the router's routes, small enough for tens of thousands of sites."""

from collections.abc import Iterator

from ocim.adapters.balancers.caddy.pages import maintenance_page
from ocim.adapters.balancers.caddy.parts import HOLDING_PAGE, Json, seconds
from ocim.adapters.balancers.caddy.settings import Settings
from ocim.core.routing import Routing, Site
from ocim.core.secrets import Secret

COOKIE = "ocim_server"

# Caddy tries one route after the other: groups of this size avoid tens of thousands of attempts.
_GROUP = 150

# Seconds that a request waits for an app server that is being restarted, and seconds that a failed
# one gets no requests: fewer, so that it is tried again before the wait is over.
_WAIT = 10.0
_PASS_OVER = 5.0


def site_routes(routing: Routing, settings: Settings, cookie_key: Secret) -> Iterator[Json]:
    """Yield routes that answer every name of the routing, and no other name."""
    for start in range(0, len(routing.sites), _GROUP):
        group = routing.sites[start : start + _GROUP]
        routes = [_route(site.domains, _handlers(site, settings, cookie_key)) for site in group]
        names = tuple(name for site in group for name in site.domains)
        yield _route(names, [{"handler": "subroute", "routes": routes}])


def _route(names: tuple[str, ...], handlers: list[Json]) -> Json:
    return {"match": [{"host": list(names)}], "handle": handlers, "terminal": True}


def _handlers(site: Site, settings: Settings, cookie_key: Secret) -> list[Json]:
    handlers = _password(site) if site.password_hash else []
    if site.notice:
        return [*handlers, {**HOLDING_PAGE, "body": maintenance_page(site.notice)}]
    if not site.upstreams:
        return [*handlers, {"handler": "invoke", "name": "holding"}]
    if len(site.upstreams) == 1:
        # A single app server needs no health checks: its own error page says more than ours.
        return [*handlers, *_shared_proxy(site)]
    return [*handlers, _balancing_proxy(site, settings, cookie_key)]


def _password(site: Site) -> list[Json]:
    """Return the handlers that ask for the password and then hide it from the service behind."""
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
        # An app server might close an idle connection just as a request is sent on it.
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
    # A refused connection is always tried again; these methods also after a broken connection.
    "retry_match": [{"method": ["GET", "HEAD", "OPTIONS"]}],
}

# A proxy for each site would take twice the memory and twice the time (measured with 20,000 sites).
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
            # The service's own name; and https, so that it does not redirect.
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
