"""The router's configuration, as a value."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ocim.adapters.balancers.caddy.edge import edge_config
from ocim.adapters.balancers.caddy.router import marker, router_config
from ocim.adapters.balancers.caddy.settings import Settings, Tls
from ocim.core.routing import Routing, Site
from ocim.core.secrets import Secret

SETTINGS = Settings(state=Path("/nowhere"))
KEY = Secret("stays the same")
PAIR = Site(("demo.localhost",), ("127.0.0.1:1", "127.0.0.1:2"), health_path="/heartbeat")


def text(site: Site) -> str:
    return json.dumps(router_config(Routing((site,)), SETTINGS, KEY))


def test_equal_routings_make_equal_configurations() -> None:
    assert text(PAIR) == text(replace(PAIR))


def test_one_upstream_alone_is_neither_checked_nor_given_a_cookie() -> None:
    alone = text(replace(PAIR, upstreams=PAIR.upstreams[:1]))
    assert "health_checks" not in alone
    assert "selection_policy" not in alone
    assert "health_checks" in text(PAIR)


def test_upstreams_are_checked_by_the_name_that_they_are_asked_for() -> None:
    preview = replace(PAIR, domains=("preview.localhost",), host_header="demo.localhost")
    assert '"Host": ["demo.localhost"], "X-Forwarded-Proto"' in text(preview)
    assert '"Host": ["preview.localhost"], "X-Forwarded-Proto"' in text(
        replace(preview, host_header="")
    )


@pytest.mark.parametrize(
    "settings, key",
    [(replace(SETTINGS, https_port=443), KEY), (SETTINGS, Secret("another"))],
)
def test_another_setting_is_another_thing_to_serve(settings: Settings, key: Secret) -> None:
    assert marker("digest", settings, key) != marker("digest", SETTINGS, KEY)


def test_the_edge_gets_certificates_from_the_acme_server_that_it_is_told_of() -> None:
    tls = Tls("acme", "https://acme.example/dir", "ops@example.com", Path("/etc/test-roots.pem"))
    config = json.dumps(edge_config(replace(SETTINGS, tls=tls)))
    for value in ("https://acme.example/dir", "ops@example.com", "/etc/test-roots.pem"):
        assert value in config
    assert '"internal"' not in config


def test_the_edge_listens_on_every_address_that_it_is_told_of() -> None:
    config = json.dumps(edge_config(replace(SETTINGS, bind=("10.1.2.3", "fd00::1"))))
    assert '"listen": ["10.1.2.3:8443", "[fd00::1]:8443"]' in config


def test_the_edge_listens_on_sockets_that_it_is_given() -> None:
    config = json.dumps(edge_config(SETTINGS, {"https": [7, 8], "http": [9]}))
    assert '"listen": ["fd/7", "fd/8"]' in config
    assert '"listen": ["fd/9"]' in config


def test_the_edge_listens_everywhere_where_no_address_is_given() -> None:
    assert '"listen": [":8443"]' in json.dumps(edge_config(replace(SETTINGS, bind=())))
