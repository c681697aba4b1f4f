"""Course discovery on the app server of an instance, and its search server."""

import httpx
import pytest
import yaml

from tests.campus import Campus

pytestmark = [pytest.mark.xdist_group("services"), pytest.mark.timeout(1500)]


def test_strangers_reach_nothing_on_the_search_server(shop_campus: Campus) -> None:
    server = shop_campus.installation.json("search-server", "show", "main")
    assert httpx.get(httpx.URL(server["url"]).join("/_cat/indices"), timeout=20).status_code == 401
    host = shop_campus.installation.hosts / "search-main"
    for path in ("etc/elasticsearch.yml", "var/elasticsearch/search.sqlite3"):
        assert (host / "edx" / path).stat().st_mode & 0o077 == 0


def test_settings_are_kept_from_other_users(shop_campus: Campus) -> None:
    path = shop_campus.root / "edx/etc/discovery.yml"
    assert path.stat().st_mode & 0o007 == 0
    assert yaml.safe_load(path.read_text())["ELASTICSEARCH_INDEX_NAME"]
