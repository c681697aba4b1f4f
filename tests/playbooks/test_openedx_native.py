"""The built-in playbook on a bare local host; all tests share one app server."""

import json
from collections.abc import Iterator
from importlib.util import cache_from_source
from pathlib import Path

import pytest
import yaml

from ocim.core.secrets import Secret
from tests.playbooks.app_servers import AppServer, bare_app_server

AWKWARD = 'it\'s "quoted": 50% #1 \\ ß\n- {two: lines}'
JWKS = json.dumps({"keys": [{"kty": "RSA", "n": "x"}]})
CRON_JOB = {
    "name": "discovery: hourly course metadata refresh",
    "user": "root",
    "job": "sudo -u discovery bash -c 'source {{ COMMON_APP_DIR }}/discovery/discovery_env'",
    "hour": "*",
    "minute": "43",
    "day": "*",
}
VARIABLES: dict[str, object] = {
    "EDXAPP_EDXAPP_SECRET_KEY": Secret(AWKWARD),
    "COMMON_JWT_PUBLIC_SIGNING_JWK_SET": JWKS,
    "EDXAPP_PLATFORM_NAME": "{{ EDXAPP_SITE_NAME }}!",
    "EDXAPP_LMS_ENV_EXTRA": {
        "COURSE_MODE_DEFAULTS": {"sku": None, "min_price": 0, "slug": "honor"},
        "TIME_ZONE": "Asia/Tokyo",
    },
    "EDXAPP_ADDITIONAL_CRON_JOBS": [CRON_JOB],
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    with bare_app_server(tmp_path_factory.mktemp("running")) as app_server:
        outcome = app_server.provision(VARIABLES)
        assert outcome.ok, outcome.message
        yield app_server


def test_both_services_answer(running: AppServer) -> None:
    assert running.ask("lms")["settings"]["LMS_BASE"] == "demo.localhost:8443"
    assert running.ask("cms")["settings"]["CMS_BASE"] == "studio.demo.localhost:8443"


def test_packages_come_compiled_from_the_cache(running: AppServer) -> None:
    modules = [*running.path("/edx/app/edxapp/venvs/edxapp/lib").glob("*/*/gunicorn/**/*.py")]
    assert modules
    for path in modules:
        compiled_from = Path(cache_from_source(path)).read_bytes()[8:12]
        assert int.from_bytes(compiled_from, "little") == path.stat().st_mtime


def test_values_reach_the_services_as_they_are(running: AppServer) -> None:
    settings = running.ask("cms")["settings"]
    assert settings["SECRET_KEY"] == AWKWARD
    assert settings["JWT_AUTH"]["JWT_PUBLIC_SIGNING_JWK_SET"] == JWKS


def test_values_may_refer_to_other_variables(running: AppServer) -> None:
    assert running.ask("lms")["settings"]["PLATFORM_NAME"] == "demo.localhost:8443!"


def test_extra_settings_come_last_and_for_their_service_only(running: AppServer) -> None:
    lms, cms = running.ask("lms")["settings"], running.ask("cms")["settings"]
    assert lms["COURSE_MODE_DEFAULTS"] == {"sku": None, "min_price": 0, "slug": "honor"}
    assert lms["TIME_ZONE"] == "Asia/Tokyo"
    assert cms["TIME_ZONE"] == "America/New_York"


def test_settings_are_kept_from_other_users(running: AppServer) -> None:
    for name in ("lms", "studio"):
        assert running.path(f"/edx/etc/{name}.yml").stat().st_mode & 0o007 == 0


def test_secrets_are_in_no_event(running: AppServer) -> None:
    assert "quoted" not in repr(running.events)


def test_commands_run_as_upstream_writes_them(running: AppServer) -> None:
    root = running.host.root
    command = (
        f". {root}/edx/app/edxapp/edxapp_env; {root}/edx/app/edxapp/venvs/edxapp/bin/python "
        f"{root}/edx/app/edxapp/edx-platform/manage.py lms --settings=production migrate"
    )
    assert running.run(command) == "No migrations to apply.\n"


def test_a_management_command_is_executable_by_itself(running: AppServer) -> None:
    root = running.host.root
    command = f". {root}/edx/app/edxapp/edxapp_env; {root}/edx/bin/manage.edxapp lms --settings=x"
    assert running.run(f"{command} migrate") == "No migrations to apply.\n"


def test_cron_jobs_are_in_the_crontab(running: AppServer) -> None:
    name, job = running.run("crontab -l").splitlines()[-2:]
    assert name == "#Ansible: discovery: hourly course metadata refresh"
    environment = f"{running.host.root}/edx/app/discovery/discovery_env"
    assert job == f"43 * * * * sudo -u discovery bash -c 'source {environment}'"


@pytest.mark.parametrize("playbook", ["openedx_native.yml", "edx_sandbox.yml"])
def test_a_second_run_changes_nothing(running: AppServer, playbook: str) -> None:
    before = running.ask("lms")["process"]
    outcome = running.provision(VARIABLES, playbook=playbook)
    assert (outcome.ok, running.changed_tasks()) == (True, [])
    assert running.ask("lms")["process"] == before


def test_the_settings_file_is_plain_yaml(running: AppServer) -> None:
    settings = yaml.safe_load(running.path("/edx/etc/lms.yml").read_text())
    assert settings == running.ask("lms")["settings"]
