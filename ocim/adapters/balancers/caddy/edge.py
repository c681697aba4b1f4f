"""Settings → the configuration of the edge, which does TLS and passes requests to the router.

Nothing in it changes with the fleet, so it is never reloaded. A reload would close HTTP/1.1
connections that are idle or in their handshake, and their clients would see an error.
"""

from collections.abc import Mapping, Sequence

from ocim.adapters.balancers.caddy.parts import (
    GATEWAY_ERRORS,
    HEALTH_HOST,
    KNOWN_PATH,
    WITHOUT_SECRETS,
    Json,
    base,
    seconds,
)
from ocim.adapters.balancers.caddy.settings import (
    ACCESS_LOG,
    AUTHORITY,
    ROUTER_SOCKETS,
    STORAGE,
    Settings,
    Tls,
)

# App servers would trust these headers, so those of clients are removed.
_CLEAN: Json = {
    "handler": "headers",
    "request": {"delete": ["X-Forwarded-*", "Forwarded", "X-Real-Ip"]},
    "response": {"deferred": True, "delete": ["Server", "Via"]},
}

_ACCESS = "http.log.access"
_ACCESS_LOG: Json = {
    "writer": {"output": "file", "filename": ACCESS_LOG, "mode": "0600", "roll_keep": 10},
    "encoder": WITHOUT_SECRETS,
    "include": [_ACCESS],
}


def edge_config(settings: Settings, inherited: Mapping[str, Sequence[int]] | None = None) -> Json:
    """Return the whole configuration.

    `inherited`: descriptors of sockets that listen already, as `https` and `http`.
    """
    listen = {
        name: [f"fd/{number}" for number in numbers] for name, numbers in (inherited or {}).items()
    }
    https = listen.get("https") or _listen(settings, settings.https_port)
    http = listen.get("http") or _listen(settings, settings.http_port)
    # One of the router's two sockets is always unused; the checks would log that all the time.
    silent = ["http.handlers.reverse_proxy.health_checker.active"]
    if settings.access_log:
        silent.append(_ACCESS)
    config = base(admin={"disabled": True}, silent=tuple(silent))
    config["storage"] = {"module": "file_system", "root": STORAGE}
    config["apps"] = {
        "pki": {"certificate_authorities": {AUTHORITY: {"install_trust": False}}},
        "tls": {"automation": _automation(settings)},
        "http": {
            "http_port": settings.http_port,
            "https_port": settings.https_port,
            "grace_period": "10s",  # new connections wait meanwhile
            "servers": {"public": _public(settings, https), "plain": _plain(settings, http)},
        },
    }
    if settings.access_log:
        config["logging"]["logs"]["access"] = _ACCESS_LOG  # type: ignore[index]
    return config


def _automation(settings: Settings) -> Json:
    """Return the rules for certificates: on demand, and only for names that are served."""
    host = settings.bind[0] if settings.bind else "127.0.0.1"
    return {
        "policies": [{"issuers": [_issuer(settings.tls)], "on_demand": True}],
        "on_demand": {
            "permission": {
                "module": "http",
                "endpoint": f"http://{_address(host, settings.http_port)}{KNOWN_PATH}",
            }
        },
    }


def _issuer(tls: Tls) -> Json:
    if tls.issuer == "internal":
        return {"module": "internal", "ca": AUTHORITY}
    issuer: Json = {"module": "acme", "ca": tls.directory}
    if tls.email:
        issuer["email"] = tls.email
    if tls.trusted_roots:
        issuer["trusted_roots_pem_files"] = [str(tls.trusted_roots)]
    return issuer


def _public(settings: Settings, listen: list[str]) -> Json:
    log: Json = {
        "handler": "log_append",
        "key": "user_agent",
        "value": "{http.request.header.User-Agent}",
    }
    handlers = [_CLEAN, _to_router(settings)]
    server: Json = {
        "listen": listen,
        # No HTTP/3: it needs its UDP port open to the outside.
        "protocols": ["h1", "h2"],
        "automatic_https": {"disable_redirects": True},
        "tls_connection_policies": [{}],
        "routes": [{"handle": [log, *handlers] if settings.access_log else handlers}],
        "errors": GATEWAY_ERRORS,
    }
    return {**server, "logs": {}} if settings.access_log else server


def _plain(settings: Settings, listen: list[str]) -> Json:
    host_from_query = {"request": {"set": {"Host": ["{http.request.uri.query.domain}"]}}}
    return {
        "listen": listen,
        "protocols": ["h1"],
        "automatic_https": {"disable": True},
        "routes": [
            {
                "match": [{"path": [KNOWN_PATH]}],
                "handle": [{**_to_router(settings), "headers": host_from_query}],
                "terminal": True,
            },
            {"handle": [_CLEAN, _to_router(settings)]},
        ],
        "errors": GATEWAY_ERRORS,
    }


def _to_router(settings: Settings) -> Json:
    """Return the proxy to the router's present configuration, on one of two sockets in turn.

    When the router loads a new configuration, the old one reports that it is about to end and takes
    no more requests. Requests wait while the router is being restarted.
    """
    return {
        "handler": "reverse_proxy",
        "upstreams": [{"dial": f"unix/{socket}"} for socket in ROUTER_SOCKETS],
        # The router might close an idle connection just as a request is sent on it.
        "transport": {"protocol": "http", "compression": False, "keep_alive": {"enabled": False}},
        "load_balancing": {"try_duration": "10s", "try_interval": "20ms"},
        "health_checks": {
            "active": {
                "uri": "/",
                "headers": {"Host": [HEALTH_HOST]},
                "expect_status": 200,
                "interval": seconds(settings.drain / 5),
            }
        },
    }


def _listen(settings: Settings, port: int) -> list[str]:
    return [_address(host, port) for host in settings.bind or ("",)]


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
