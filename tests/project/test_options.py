import os
from ipaddress import IPv4Network
from pathlib import Path
from socket import gethostname
from typing import Any

import pytest

from ocim.core.secrets import Secret
from ocim.project import options
from ocim.project.databases import database
from ocim.project.home import HOME
from ocim.project.loading import load
from ocim.project.options import Options

NONE = Path("/nowhere/.env")


def test_without_anything_set_every_option_has_its_default(tmp_path: Path) -> None:
    loaded = load({"OCIM_VAR": str(tmp_path)}, NONE)
    for option in options.option_fields():
        if option.name not in ("var", "secret_key"):
            assert getattr(loaded, option.name) == option.default, option.name
    assert loaded.faults == ()


def test_what_is_kept_is_beside_the_code_by_default() -> None:
    assert load({}, NONE).var == HOME / "var"


DEFAULTS = {
    "OCIM_MACHINE": gethostname(),
    "OCIM_MASTER_KEY": "",
    "OCIM_DEBUG": False,
    "OCIM_ALLOWED_HOSTS": ("127.0.0.1", "localhost"),
    "OCIM_TRUSTED_ORIGINS": (),
    "OCIM_SECURE_COOKIES": False,
    "DATABASE_URL": "",
    "OCIM_QUEUE_URL": "",
    "HUEY_QUEUE_NAME": "opencraft",
    "OCIM_LOW_PRIORITY_QUEUE": "opencraft_low_priority",
    "OCIM_WORKERS": 2,
    "OCIM_WEB_ADDRESS": "127.0.0.1:5000",
    "OCIM_BALANCER_BIND": ("127.0.0.1",),
    "OCIM_BALANCER_ADDRESS": "127.0.0.1",
    "OCIM_BALANCER_URL": "",
    "OCIM_BALANCER_CONTROL": "127.0.0.1:8444",
    "OCIM_BALANCER_AUTHORITY": "",
    "OCIM_BALANCER_CERTIFICATE": "",
    "OCIM_BALANCER_KEY": "",
    "OCIM_HTTPS_PORT": 8443,
    "OCIM_HTTP_PORT": 8080,
    "OCIM_ACME_DIRECTORY": "",
    "OCIM_ACME_EMAIL": "",
    "OCIM_ACME_ROOTS": "",
    "OCIM_URL_REWRITES": (),
    "OCIM_PLATFORM": "rehearsal",
    "OCIM_DEFAULT_RELEASE": "open-release/juniper.2",
    "OCIM_DEFAULT_PLATFORM_URL": "https://github.com/open-craft/edx-platform",
    "OCIM_DEFAULT_CONFIGURATION_URL": "builtin",
    "OCIM_DEFAULT_CONFIGURATION_VERSION": "",
    "OCIM_DEFAULT_PROVIDER": "local",
    "OCIM_NSPAWN_NETWORK": IPv4Network("10.213.0.0/22"),
    "OCIM_DOCKER_ENGINE": "",
    "OCIM_DOCKER_NETWORK": IPv4Network("10.231.0.0/16"),
    "OCIM_TUTOR_PLUGINS": ("discovery", "ecommerce", "forum", "indigo", "mfe"),
    "OCIM_SSH_POOL": "",
    "OCIM_BUILD_IMAGES": True,
    "OCIM_VERIFY_SERVICES": True,
    "OCIM_SMTP_URL": None,
    "OCIM_RUN_MEMORY": 4096,
    "OCIM_RUN_PROCESSES": 1000,
    "OCIM_RUN_FILE_SIZE": 8192,
    "OCIM_BUILD_TIMEOUT": 1800.0,
    "OCIM_SQL_TIMEOUT": 600.0,
    "OCIM_COPY_TIMEOUT": 3600.0,
    "OCIM_JOB_TIMEOUT": 43200.0,
    "OCIM_LOOK_SECONDS": 30.0,
    "OCIM_FALLBACK_SERVES": True,
    "OCIM_NOTICES": (),
    "OCIM_TRANSPORT": "pipelining",
    "OCIM_MAIL_SENDER": "",
    "OCIM_REQUIRE_SECOND_FACTOR": False,
    "OCIM_OIDC_ISSUER": "",
    "OCIM_OIDC_CLIENT": "",
    "OCIM_OIDC_SECRET": Secret(""),
    "OCIM_OIDC_SCOPES": ("openid", "profile", "email"),
    "OCIM_OIDC_CLAIM": "groups",
    "OCIM_OIDC_ROLES": (),
    "OCIM_LEASE": 15.0,
    "OCIM_DRAIN": 10.0,
    "OCIM_HOST_TIMEOUT": 300.0,
    "OCIM_GIT_KEYS": (),
    "OCIM_GIT_KNOWN_HOSTS": "",
    "OCIM_REQUIRE_SANDBOX": False,
    "OCIM_TASK_TIMEOUT": 1800.0,
    "OCIM_PROVISION_TIMEOUT": 10800.0,
    "OCIM_FALLBACK_DAYS": 7.0,
    "OCIM_FAILED_DAYS": 3.0,
    "OCIM_SIGN_IN_DAYS": 90.0,
}


@pytest.mark.parametrize("name, default", DEFAULTS.items())
def test_an_operator_who_sets_nothing_gets(name: str, default: object, tmp_path: Path) -> None:
    [option] = [option for option in options.option_fields() if option.metadata["name"] == name]
    assert getattr(load({"OCIM_VAR": str(tmp_path)}, NONE), option.name) == default


def test_no_option_is_without_name_and_meaning() -> None:
    names = [option.metadata["name"] for option in options.option_fields()]
    assert sorted(names) == sorted({*DEFAULTS, "OCIM_VAR", "SECRET_KEY"})
    assert all(option.metadata["meaning"] for option in options.option_fields())


@pytest.mark.parametrize(
    "name, text, field, value",
    [
        ("OCIM_DEBUG", "True", "debug", True),
        ("OCIM_HTTPS_PORT", " 443 ", "https_port", 443),
        ("OCIM_DRAIN", "0.5", "drain", 0.5),
        ("OCIM_ALLOWED_HOSTS", "a, b,", "allowed_hosts", ("a", "b")),
        (
            "OCIM_URL_REWRITES",
            "https://x.org/=builtin,git@y:=file:///z",
            "url_rewrites",
            (("https://x.org/", "builtin"), ("git@y:", "file:///z")),
        ),
        (
            "OCIM_NOTICES",
            "json://a,b  mailto://c",
            "notices",
            (Secret("json://a,b"), Secret("mailto://c")),
        ),
        ("OCIM_WORKERS", "", "workers", 2),
    ],
)
def test_a_value_is_read(name: str, text: str, field: str, value: object) -> None:
    loaded = load({name: text}, NONE)
    assert getattr(loaded, field) == value
    assert loaded.faults == ()


def test_addresses_of_notices_do_not_print() -> None:
    assert "hunter2" not in repr(load({"OCIM_NOTICES": "json://hunter2"}, NONE))


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("OCIM_WORKERS=3\nOCIM_LEASE=20\n")
    loaded = load({"OCIM_WORKERS": "4"}, file)
    assert (loaded.workers, loaded.lease) == (4, 20.0)


def test_the_file_is_not_read_into_the_environment(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("OCIM_ONLY_IN_THE_FILE=1\n")
    load({}, file)
    assert "OCIM_ONLY_IN_THE_FILE" not in os.environ


def test_one_file_is_not_taken_for_another(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("OCIM_WORKERS=3\n")
    load({}, file)
    assert load({}, NONE).workers == 2


def test_all_faults_are_told_at_once_with_their_names(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("HUEY_QUEUE_NAME=slow\nOCIM_LEASE=-1\n")
    loaded = load(
        {
            "OCIM_DEBUG": "perhaps",
            "OCIM_WORKERS": "2.5",
            "OCIM_DRAIN": "nan",
            "OCIM_URL_REWRITES": "=x",
        },
        file,
    )
    names = {fault.split()[0].rstrip(":") for fault in loaded.faults}
    assert names == {
        "OCIM_DEBUG", "OCIM_WORKERS", "OCIM_DRAIN", "OCIM_LEASE", "OCIM_URL_REWRITES",
        "HUEY_QUEUE_NAME",
    }  # fmt: skip
    assert loaded.workers == 2


def test_a_queue_in_the_file_is_a_fault_that_says_why(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("HUEY_QUEUE_NAME=slow\n")
    [fault] = load({"HUEY_QUEUE_NAME": "opencraft"}, file).faults
    assert "honcho lets it override the command line" in fault


def test_a_queue_in_the_environment_is_taken() -> None:
    assert load({"HUEY_QUEUE_NAME": "slow"}, NONE).queue_name == "slow"


def test_the_master_key_is_read_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "master.key").write_text("key\n")
    assert load({"OCIM_VAR": str(tmp_path)}, NONE).master_key == "key"
    assert load({"OCIM_VAR": str(tmp_path), "OCIM_MASTER_KEY": "x"}, NONE).master_key == "x"


def url(text: str = "", **fields: Any) -> dict[str, Any]:
    return database(Options(database_url=text, **fields))


@pytest.mark.parametrize("directory", ["/srv/ocim", "/srv/with blank", "/srv/100%#?/x"])
def test_the_database_is_a_file_beside_the_rest(directory: str) -> None:
    assert url(var=Path(directory))["NAME"] == f"{directory}/ocim.sqlite3"


@pytest.mark.parametrize("text", ["", "sqlite:////srv/x.sqlite3"])
def test_sqlite_waits_for_a_writer_at_a_transactions_beginning(text: str) -> None:
    assert url(text)["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


def test_a_database_without_a_driver_is_left_to_the_checks() -> None:
    assert url("oracle://ocim:hush@db.example.com:1521/ocim") == {}


def test_passwords_that_commands_read_are_no_settings_and_not_unknown() -> None:
    loaded = load({"OCIM_BROKER_PASSWORD": "x", "OCIM_BROKER_PASSWORT": "y"}, NONE)
    assert loaded.unknown == ("OCIM_BROKER_PASSWORT",)


def test_a_query_waits_no_longer_than_a_third_of_a_lease_for_postgresql() -> None:
    options = url("postgres://ocim@db.example.com/ocim", lease=15)["OPTIONS"]

    assert (options["connect_timeout"], options["tcp_user_timeout"]) == (5, 5000)
    silence = options["keepalives_interval"] * options["keepalives_count"]
    assert options["keepalives_idle"] + silence == 5


def test_an_operators_limits_for_postgresql_are_kept() -> None:
    limited = "postgres://ocim@db.example.com/ocim?connect_timeout=9"

    assert url(limited)["OPTIONS"]["connect_timeout"] == 9
