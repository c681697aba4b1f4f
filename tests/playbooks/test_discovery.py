"""Course discovery and its search server; test_rehearsal has discovery on hosts of each kind."""

import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import httpx
import pytest
import yaml

from ocim.core.hosts import HostRequest
from ocim.core.secrets import Secret
from tests.playbooks.conftest import REPOSITORY, AppServer, bare_app_server

DOMAIN = "discovery.demo.localhost:8443"
PASSWORD = 'the master\'s 50% "password"'


@dataclass
class Both:
    """A search server, and an app server whose discovery uses it."""

    search: AppServer
    app_server: AppServer

    def manage(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a command of discovery, as upstream's documentation writes it."""
        edx = f"{self.app_server.host.root}/edx"
        script = f". {edx}/app/discovery/discovery_env && {edx}/bin/manage.discovery {command}"
        argv = self.app_server.provider.command(self.app_server.host.name, ["sh", "-c", script])
        return subprocess.run(argv, check=False, capture_output=True, text=True)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    directory = tmp_path_factory.mktemp("discovery")
    with bare_app_server(directory, REPOSITORY / "rehearsal") as app_server:
        host = app_server.provider.create(HostRequest(name="search-1"))
        search = AppServer(directory, app_server.platform, app_server.provider, host)
        for server, arguments, playbook in (
            (search, {"ELASTICSEARCH_PASSWORD": Secret(PASSWORD)}, "search_server.yml"),
            (app_server, variables(app_server, search), "openedx_native.yml"),
        ):
            outcome = server.provision(arguments, playbook=playbook)
            assert outcome.ok, outcome.message
        yield Both(search, app_server)


def variables(app_server: AppServer, search: AppServer) -> Mapping[str, object]:
    return {
        "SANDBOX_ENABLE_DISCOVERY": True,
        "DISCOVERY_VERSION": "open-release/juniper.2",
        "DISCOVERY_SECRET_KEY": Secret('a rather long secret key: it\'s "quoted" 50%'),
        "DISCOVERY_DATABASE_ENGINE": "django.db.backends.sqlite3",
        "DISCOVERY_DEFAULT_DB_NAME": str(app_server.database.with_name("discovery.sqlite3")),
        "DISCOVERY_URL_ROOT": f"https://{DOMAIN}",
        "DISCOVERY_ELASTICSEARCH_URL": Secret(
            f"http://elastic:{httpx.URL(password=PASSWORD).userinfo.decode()[1:]}"
            f"@{search.host.address}:9200/"
        ),
        "DISCOVERY_ELASTICSEARCH_INDEX_NAME": "demo_catalog",
        "EDXAPP_LMS_ROOT_URL": "https://demo.localhost:8443",
        "edxapp_start_seconds": 60,
    }


def test_discovery_is_healthy_and_its_commands_reach_the_search_server(both: Both) -> None:
    url = f"http://{both.app_server.host.address}:8381/health/"
    answer = httpx.get(url, headers={"Host": DOMAIN}, timeout=20)
    assert answer.json()["overall_status"] == "OK"
    both.manage("install_es_indexes")
    updated = both.manage("update_index --disable-change-limit")
    assert updated.returncode == 0, updated.stderr
    result = httpx.get(
        f"http://{both.search.host.address}:9200/_cat/aliases?h=alias",
        auth=("elastic", PASSWORD),
        timeout=20,
    )
    assert result.text.split() == ["demo_catalog"]


def test_strangers_reach_nothing_on_the_search_server(both: Both) -> None:
    url = f"http://{both.search.host.address}:9200/_cat/indices"
    assert httpx.get(url, timeout=20).status_code == 401
    for path in ("etc/elasticsearch.yml", "var/elasticsearch/search.sqlite3"):
        assert both.search.path(f"/edx/{path}").stat().st_mode & 0o077 == 0


def test_settings_are_kept_from_other_users(both: Both) -> None:
    path = both.app_server.path("/edx/etc/discovery.yml")
    assert path.stat().st_mode & 0o007 == 0
    assert yaml.safe_load(path.read_text())["ELASTICSEARCH_INDEX_NAME"] == "demo_catalog"


def test_the_job_is_there_once_and_says_how_it_ended(both: Both) -> None:
    crontab = both.app_server.run("crontab -l")
    assert crontab.count("refresh_course_metadata") == 2  # the command, and its log
    job = next(line for line in crontab.splitlines() if line.startswith("43 "))
    command = job.split(" ", 5)[5].replace("\\%", "%")
    both.app_server.run(command)
    log = both.app_server.path("/edx/var/log/discovery/refresh_course_metadata.log").read_text()
    # Without a partner it cannot succeed, and nothing may go on after it has failed.
    assert "No partners available!" in log
    assert log.endswith("status 1\n")
    assert "means" not in log
