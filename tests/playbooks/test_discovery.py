"""Course discovery and its search server."""

import subprocess

import httpx
import pytest
import yaml

from tests.playbooks.whole_platform import DISCOVERY, PASSWORD, WholePlatform

pytestmark = [pytest.mark.xdist_group("local rehearsal"), pytest.mark.timeout(900)]


def manage(whole: WholePlatform, command: str) -> subprocess.CompletedProcess[str]:
    """Run a command of discovery, as upstream's documentation writes it."""
    app_server = whole.app_server
    edx = f"{app_server.host.root}/edx"
    script = f". {edx}/app/discovery/discovery_env && {edx}/bin/manage.discovery {command}"
    argv = app_server.provider.command(app_server.host.name, ["sh", "-c", script])
    return subprocess.run(argv, check=False, capture_output=True, text=True)


def test_discovery_is_healthy_and_its_commands_reach_the_search_server(
    whole: WholePlatform,
) -> None:
    url = f"http://{whole.app_server.host.address}:8381/health/"
    answer = httpx.get(url, headers={"Host": DISCOVERY}, timeout=20)
    assert answer.json()["overall_status"] == "OK"
    manage(whole, "install_es_indexes")
    updated = manage(whole, "update_index --disable-change-limit")
    assert updated.returncode == 0, updated.stderr
    result = httpx.get(
        f"{whole.search_address}_cat/aliases?h=alias",
        auth=("elastic", PASSWORD),
        timeout=20,
    )
    assert result.text.split() == ["demo_catalog"]


def test_strangers_reach_nothing_on_the_search_server(whole: WholePlatform) -> None:
    url = f"{whole.search_address}_cat/indices"
    assert httpx.get(url, timeout=20).status_code == 401
    for path in ("etc/elasticsearch.yml", "var/elasticsearch/search.sqlite3"):
        assert whole.app_server.path(f"/edx/{path}").stat().st_mode & 0o077 == 0


def test_settings_are_kept_from_other_users(whole: WholePlatform) -> None:
    path = whole.app_server.path("/edx/etc/discovery.yml")
    assert path.stat().st_mode & 0o007 == 0
    assert yaml.safe_load(path.read_text())["ELASTICSEARCH_INDEX_NAME"] == "demo_catalog"


def test_the_job_is_there_once_and_says_how_it_ended(whole: WholePlatform) -> None:
    crontab = whole.app_server.run("crontab -l")
    assert crontab.count("refresh_course_metadata") == 2  # the command, and its log
    job = next(line for line in crontab.splitlines() if line.startswith("43 "))
    command = job.split(" ", 5)[5].replace("\\%", "%")
    whole.app_server.run(command)
    log = whole.app_server.path("/edx/var/log/discovery/refresh_course_metadata.log").read_text()
    # Without a partner it cannot succeed, and nothing may go on after it has failed.
    assert "No partners available!" in log
    assert log.endswith("status 1\n")
    assert "means" not in log
