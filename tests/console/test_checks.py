import json
import logging
from pathlib import Path
from typing import Any

import pytest

from ocim.project import checks
from ocim.project.loading import load
from ocim.project.options import Options, option_fields
from tests.console.processes import KEY, manage, migrate

SINGLE_SIGN_ON = {
    "OCIM_OIDC_ISSUER": "https://id.example.com",
    "OCIM_OIDC_CLIENT": "ocim",
    "OCIM_OIDC_SECRET": "secret",
    "OCIM_OIDC_ROLES": "staff=viewer",
}


def given(tmp_path: Path, file: str = "", **settings: str) -> Options:
    env_file = tmp_path / ".env"
    env_file.write_text(file)
    return load({"OCIM_VAR": str(tmp_path), "OCIM_MASTER_KEY": KEY, **settings}, env_file)


def ids(found: Options) -> list[str]:
    return [str(find_fault.id).removeprefix("ocim.") for find_fault in checks.find_faults(found)]


def test_the_defaults_have_no_fault(tmp_path: Path) -> None:
    assert ids(given(tmp_path)) == []


@pytest.mark.parametrize(
    "settings, expected",
    [
        ({"OCIM_HTTPS_PORT": "https"}, ["E001"]),
        ({"OCIM_DEBUG": "yes"}, ["E001"]),
        ({"OCIM_MASTER_KEY": "short"}, ["E002"]),
        ({"OCIM_HTTPS_PORT": "70000"}, ["E003"]),
        ({"OCIM_HTTPS_PORT": "8080"}, ["E003"]),
        ({"OCIM_WEB_ADDRESS": "127.0.0.1:8443"}, ["E003"]),
        ({"OCIM_WEB_ADDRESS": "5000"}, ["E004"]),
        ({"OCIM_WEB_ADDRESS": "127.0.0.1:http"}, ["E004"]),
        ({"OCIM_BALANCER_BIND": "127.0.0.1,everywhere"}, ["E005"]),
        ({"DATABASE_URL": "ocim.sqlite3"}, ["E006"]),
        ({"DATABASE_URL": "paper://drawer"}, ["E006"]),
        ({"OCIM_QUEUE_URL": "amqp://localhost"}, ["E007"]),
        ({"OCIM_LOW_PRIORITY_QUEUE": "opencraft_periodic"}, ["E007"]),
        ({"OCIM_WORKERS": "0"}, ["E008"]),
        ({"OCIM_LEASE": "0.5"}, ["E008"]),
        ({"OCIM_DEFAULT_PROVIDER": "moon"}, ["E009"]),
        ({"OCIM_ACME_DIRECTORY": "letsencrypt", "OCIM_ACME_EMAIL": "a@b.org"}, ["E010"]),
        ({"OCIM_ACME_ROOTS": "/nowhere/roots.pem"}, ["E010"]),
        ({"OCIM_PLATFORM": "nowhere"}, ["E011"]),
        ({"OCIM_URL_REWRITES": "https://a=b,https://a=c"}, ["E012"]),
        ({"OCIM_URL_REWRITES": "https://a"}, ["E001"]),
        ({"OCIM_NOTICES": "json://ok ops@example.com"}, ["E013"]),
        ({"OCIM_OIDC_ISSUER": "https://id.example.com"}, ["E019"] * 3),
        ({**SINGLE_SIGN_ON, "OCIM_OIDC_ISSUER": "http://id.example.com"}, ["E019"]),
        ({**SINGLE_SIGN_ON, "OCIM_OIDC_SCOPES": "profile"}, ["E019"]),
        ({**SINGLE_SIGN_ON, "OCIM_OIDC_ROLES": "staff=king"}, ["E001"]),
        (SINGLE_SIGN_ON, []),
        ({"OCIM_QUEUE_URL": "redis://h:p/x"}, ["E007"]),
        ({"OCIM_QUEUE_URL": "redis://h/x"}, ["E007"]),
        ({"OCIM_QUEUE_URL": "redis://h:99999"}, ["E007"]),
        ({"OCIM_BALANCER_ADDRESS": "x y"}, ["E005"]),
        ({"OCIM_BALANCER_ADDRESS": "0.0.0.0"}, ["E005"]),
        ({"OCIM_NSPAWN_NETWORK": "127.0.0.0/8"}, ["E005"]),
        ({"OCIM_NSPAWN_NETWORK": "8.8.8.0/24"}, ["E005"]),
        ({"OCIM_DOCKER_NETWORK": "8.8.0.0/16"}, ["E005"]),
        ({"OCIM_DOCKER_ENGINE": "ssh://root@192.0.2.7"}, ["E005"]),
        ({"OCIM_DOCKER_ENGINE": "tcp://192.0.2.7"}, ["E005"]),
        ({"OCIM_DOCKER_ENGINE": "ssh://box"}, ["E005"]),
        ({"OCIM_DOCKER_NETWORK": "10.1.2.0/28"}, ["E005"]),
        ({"OCIM_DOCKER_NETWORK": "10.213.0.0/16"}, ["E005"]),
        ({"OCIM_ALLOWED_HOSTS": "ocim.example.com,https://ocim.example.com"}, ["E014"]),
        ({"OCIM_GIT_KEYS": "/nope"}, ["E015"]),
        ({"OCIM_GIT_KNOWN_HOSTS": "/nope"}, ["E015"]),
        ({"OCIM_SSH_POOL": "/nope"}, ["E016"]),
        ({"OCIM_BALANCER_URL": "https://b.example.com"}, ["E017", "E017", "E017"]),
        ({"OCIM_BALANCER_KEY": "/nope"}, ["E017", "E017", "E017"]),
        ({"OCIM_MACHINE": "a/b"}, ["E018"]),
        ({"OCIM_HTTP_PROT": "80"}, ["W001"]),
        ({"OCIM_DEFAULT_RELEASE": "newest"}, ["W002"]),
        ({"OCIM_ACME_DIRECTORY": "https://acme.test/dir"}, ["W003"]),
        ({"OCIM_ACME_EMAIL": "a@b.org"}, ["W003"]),
        ({"OCIM_WEB_ADDRESS": "0.0.0.0:5000"}, ["W004"]),
        (
            {"OCIM_WEB_ADDRESS": "0.0.0.0:5000", "OCIM_DEBUG": "true",
             "OCIM_SECURE_COOKIES": "true"},
            ["W004"],
        ),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_named_with_its_remedy(
    tmp_path: Path, settings: dict[str, str], expected: list[str]
) -> None:
    result = checks.find_faults(given(tmp_path, **settings))

    assert [str(item.id).removeprefix("ocim.") for item in result] == expected
    assert all(
        item.hint and any(name in f"{item.msg} {item.hint}" for name in settings) for item in result
    )


def test_one_wrong_setting_does_not_hide_another(tmp_path: Path) -> None:
    result = given(
        tmp_path,
        OCIM_HTTPS_PORT="https",
        OCIM_WORKERS="many",
        OCIM_MASTER_KEY="short",
        OCIM_WEB_ADDRESS="5000",
        DATABASE_URL="paper://drawer",
        OCIM_HTTP_PROT="80",
    )

    assert ids(result) == ["E001", "E001", "E002", "E004", "E006", "W001"]


def test_a_misspelt_setting_is_compared_with_those_there_are(tmp_path: Path) -> None:
    [result] = checks.find_faults(given(tmp_path, OCIM_HTTP_PROT="80"))

    assert result.hint == "Did you mean OCIM_HTTP_PORT?"


def test_a_queue_on_redis_has_no_fault(tmp_path: Path) -> None:
    for url in ("redis://localhost", "rediss://u:p@host:6380/3", "unix:///run/redis.sock?db=2"):
        assert ids(given(tmp_path, OCIM_QUEUE_URL=url)) == []


def test_all_faults_of_a_pool_of_machines_are_told(tmp_path: Path) -> None:
    pool = tmp_path / "pool.yml"
    pool.write_text("hosts: []\ncolour: red\n")

    assert ids(given(tmp_path, OCIM_SSH_POOL=str(pool))) == ["E016", "E016"]


def test_a_password_in_the_queues_url_is_not_shown(tmp_path: Path) -> None:
    [result] = checks.find_faults(given(tmp_path, OCIM_QUEUE_URL="redis://:se/cret@host/0"))

    assert "cret" not in f"{result.msg} {result.hint}"


def test_a_password_in_an_url_is_not_shown(tmp_path: Path) -> None:
    [result] = checks.find_faults(given(tmp_path, DATABASE_URL="postgres://ocim:se/cret@db/ocim"))

    assert "se" not in result.msg.replace("password", "").split()
    assert "cret" not in f"{result.msg} {result.hint}"


def test_lines_of_the_env_file_that_set_nothing_are_named_but_not_shown(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        result = given(
            tmp_path, "# ours\nOCIM_WORKERS=3\n\nSECRET_KEY: hidden\n  OCIM_DEBUG=true\n"
        )

    assert result.workers == 3
    assert [fault.partition(" of ")[0] for fault in result.faults] == [
        ".env: line 4",
        ".env: line 5",
    ]
    assert "hidden" not in f"{result.faults}{caplog.text}"


def test_the_environment_wins_over_the_env_file(tmp_path: Path) -> None:
    result = given(tmp_path, "OCIM_WORKERS=3\nOCIM_LEASE=20\n", OCIM_WORKERS="5")

    assert (result.workers, result.lease) == (5, 20.0)


def test_the_queue_does_not_belong_into_the_env_file(tmp_path: Path) -> None:
    result = given(tmp_path, "HUEY_QUEUE_NAME=other\n")

    assert [fault.partition(":")[0] for fault in result.faults] == ["HUEY_QUEUE_NAME"]


def test_a_file_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "master.key").mkdir()
    env_file = tmp_path / ".env"
    env_file.write_bytes(b"OCIM_DEBUG=\xff\n")

    result = load({"OCIM_VAR": str(tmp_path)}, env_file)

    assert [fault.partition(":")[0] for fault in result.faults] == [".env", "OCIM_MASTER_KEY"]
    assert ids(result) == ["E001", "E001"]


def test_a_directory_that_is_a_file_is_a_fault(tmp_path: Path) -> None:
    var = tmp_path / "var"
    var.touch()

    [fault] = load({"OCIM_VAR": str(var)}, tmp_path / ".env").faults

    assert "Not a directory" in fault


@pytest.mark.parametrize("one", option_fields(), ids=lambda one: one.metadata["name"])
def test_every_setting_says_what_it_means(one: Any) -> None:
    assert one.metadata["meaning"].endswith(".")


def test_a_command_says_all_that_is_wrong_with_the_settings(tmp_path: Path) -> None:
    ran = manage(
        tmp_path, "instance", "list",
        OCIM_HTTPS_PORT="https", OCIM_DEFAULT_PROVIDER="moon", DATABASE_URL="paper://drawer",
    )  # fmt: skip

    assert ran.returncode == 1
    assert ran.stdout == ""
    lines = ran.stderr.splitlines()
    assert [line.removeprefix("Error: ").partition(":")[0] for line in lines] == [
        "OCIM_HTTPS_PORT",
        "DATABASE_URL",
        "OCIM_DEFAULT_PROVIDER",
    ]


def test_a_doubtful_setting_is_mentioned_and_the_command_runs(tmp_path: Path) -> None:
    migrate(tmp_path)

    ran = manage(tmp_path, "instance", "list", "--json", OCIM_DEFAULT_RELEASE="newest")

    assert (ran.returncode, ran.stdout) == (0, "[]\n")
    assert ran.stderr.startswith("Warning: OCIM_DEFAULT_RELEASE")


def test_djangos_own_commands_refuse_wrong_settings_too(tmp_path: Path) -> None:
    ran = manage(tmp_path, "check", OCIM_HTTPS_PORT="https")

    assert ran.returncode == 1
    assert "ocim.E001" in ran.stderr


def test_letters_that_a_terminal_does_not_know_are_replaced(tmp_path: Path) -> None:
    latin = {"PYTHONIOENCODING": "ascii"}
    migrate(tmp_path)
    manage(tmp_path, "setup")
    made = manage(tmp_path, "instance", "create", "a.example.com", "name=Łódź 大学", **latin)

    people = manage(tmp_path, "instance", "list", **latin)
    script = manage(tmp_path, "instance", "list", "--json", **latin)

    assert (made.returncode, people.returncode, script.returncode) == (0, 0, 0), made.stderr
    assert "??d? ??" in people.stdout
    assert json.loads(script.stdout)[0]["name"] == "Łódź 大学"
