"""The variables of ecommerce and discovery, alone and together, on releases that differ."""

import os
import shlex
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment

from ocim.catalog import discovery_job, discovery_search
from ocim.catalog.steps import cron
from ocim.catalog.variables.discovery import LOG
from ocim.catalog.variables.services import services_of
from ocim.core.errors import ValidationError
from ocim.core.instance import ALWAYS, Instance, Service
from ocim.core.secrets import Secret, revealed
from ocim.parsing.extra_settings import check_extra_settings
from tests.catalog.instances import (
    BOTH,
    DISCOVERY,
    DOMAINS,
    ECOMMERCE,
    REDIS,
    full,
    variables,
)
from tests.specification import CRON, CURRENCY, SERVICES

KINDS = ["rabbitmq", "redis", "embedded"]


@pytest.mark.parametrize(
    "name, value",
    [
        ("SANDBOX_ENABLE_ECOMMERCE", True),
        ("ECOMMERCE_VERSION", "open-release/juniper.2"),
        ("ECOMMERCE_ECOMMERCE_URL_ROOT", "https://ecommerce.demo.localhost"),
        ("ECOMMERCE_LMS_URL_ROOT", "https://demo.localhost"),
        ("ECOMMERCE_DISCOVERY_SERVICE_URL", "https://discovery.demo.localhost"),
        ("ECOMMERCE_WORKER_ECOMMERCE_API_ROOT", "https://ecommerce.demo.localhost/api/v2/"),
        ("ECOMMERCE_PLATFORM_NAME", "Démo: “yes”"),
        ("ECOMMERCE_OSCAR_FROM_EMAIL", "ops@example.com"),
        ("ECOMMERCE_SOCIAL_AUTH_REDIRECT_IS_HTTPS", True),
        ("ECOMMERCE_NGINX_PORT", 80),
        ("ECOMMERCE_DATABASE_NAME", "campus_ecommerce"),
        ("ECOMMERCE_DATABASE_USER", "openedx_7"),
        ("ECOMMERCE_DATABASE_PASSWORD", Secret("pw-123")),
        ("ECOMMERCE_DATABASE_HOST", "db"),
        ("ECOMMERCE_BROKER_URL", Secret("amqp://openedx_7:pw@mq.internal:5672/campus")),
        ("ECOMMERCE_WORKER_BROKER_URL", Secret("amqp://openedx_7:pw@mq.internal:5672/campus")),
    ],
)
def test_ecommerce_is_given(name: str, value: object) -> None:
    assert variables(full(services=ECOMMERCE))[name] == value


@pytest.mark.parametrize(
    "name, value",
    [
        ("SANDBOX_ENABLE_DISCOVERY", True),
        ("DISCOVERY_VERSION", "open-release/juniper.2"),
        ("DISCOVERY_URL_ROOT", "https://discovery.demo.localhost"),
        ("DISCOVERY_DEFAULT_DB_NAME", "campus_discovery"),
        ("DISCOVERY_MYSQL", "db"),
        ("DISCOVERY_MYSQL_REPLICA_HOST", "db"),
        ("DISCOVERY_MYSQL_PASSWORD", Secret("pw-123")),
        ("DISCOVERY_ELASTICSEARCH_URL", Secret("https://openedx_7:p%2Fw@search.internal:9200/")),
        ("DISCOVERY_ELASTICSEARCH_INDEX_NAME", "campus_catalog"),
        ("DISCOVERY_MEMCACHE", ["localhost:11211"]),
        ("DISCOVERY_EMAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend"),
        ("DISCOVERY_NGINX_PORT", 80),
    ],
)
def test_discovery_is_given(name: str, value: object) -> None:
    assert variables(full(services=DISCOVERY))[name] == value


@pytest.mark.parametrize(
    "services, absent", [(ALWAYS, ("ECOMMERCE_", "DISCOVERY_")), (ECOMMERCE, ("DISCOVERY_",)),
                         (DISCOVERY, ("ECOMMERCE_",))],
)  # fmt: skip
def test_a_service_that_is_off_is_given_nothing_but_its_clients(
    services: frozenset[Service], absent: tuple[str, ...]
) -> None:
    given_anyway = {name for name in variables(full(services=services)) if name.startswith(absent)}
    assert {name for name in given_anyway if "_OAUTH2_" not in name} == set()


def test_uploads_of_discovery_outlive_its_app_server() -> None:
    media = variables(full())["DISCOVERY_MEDIA_STORAGE_BACKEND"]
    assert media["MEDIA_ROOT"] == "/var/storage/7/discovery/media"


def test_the_hourly_job_refreshes_and_then_indexes_as_the_user_of_discovery() -> None:
    [job] = variables(full())["EDXAPP_ADDITIONAL_CRON_JOBS"]
    words = shlex.split(job["job"])
    user = words.index("discovery")
    assert words[user - 2 : user + 3] == ["sudo", "-u", "discovery", "bash", "-c"]
    of = full().databases["discovery"]
    assert words[user + 3].rstrip(";") == (
        "source /edx/app/discovery/discovery_env; cd /edx/bin && "
        + discovery_job.command("./manage.discovery", of)
    )
    assert job["job"].endswith(" > /edx/var/log/discovery/refresh_course_metadata.log 2>&1")
    assert (job["user"], job["minute"], job["hour"]) == ("root", "43", "*")


def test_the_hourly_job_leaves_a_log_that_is_read_as_that_of_the_built_in_playbooks(
    tmp_path: Path,
) -> None:
    [job] = variables(full())["EDXAPP_ADDITIONAL_CRON_JOBS"]
    line = job["job"].replace("\\%", "%").replace("/edx/", f"{tmp_path}/")
    discovery = "sudo() { echo 'Sanity check failed for x'; return 1; }"
    subprocess.run(["bash", "-c", f"{discovery}; {line}"], check=True)
    log = (tmp_path / "var/log/discovery/refresh_course_metadata.log").read_text()
    last = cron.last_run(cron.Job(entry="", log=log, syslog=""))
    assert last
    assert (last.status, last.reason, last.at_limit) == (1, "Sanity check failed for x", True)


def test_the_last_run_is_found_however_much_it_says(tmp_path: Path) -> None:
    log = tmp_path / LOG.strip("/")
    log.parent.mkdir(parents=True)
    lines = [f"course {number}" for number in range(200)]
    ended = ["2026-05-04T10:43:00Z begins", "status 0", "2026-05-04T11:43:00Z begins", *lines]
    log.write_text("\n".join([*ended, "no LMS", "status 1\n"]))
    environment = {"OCIM_HOST_ROOT": str(tmp_path), "PATH": os.environ["PATH"]}
    ran = subprocess.run(
        ["sh", "-c", cron.SCRIPT], check=False, env=environment, capture_output=True, text=True
    )
    last = cron.last_run(cron.read(ran.stdout))
    assert last
    assert (last.started, last.status, last.reason) == ("2026-05-04T11:43:00Z", 1, "no LMS")


LILAC = {"edx_platform_commit": "open-release/lilac.1"}
NUTMEG = {"edx_platform_commit": "open-release/nutmeg.1"}
MEDIA = "DISCOVERY_MEDIA_STORAGE_BACKEND"
NAMES = "ELASTICSEARCH_INDEX_NAMES"


@pytest.mark.parametrize(
    "release, kinds",
    [
        (LILAC, ["course", "course_run", "person", "program"]),
        (NUTMEG, ["course", "course_run", "learner_pathway", "person", "program"]),
    ],
)
def test_since_lilac_each_index_has_the_prefix_of_the_instance(
    release: dict[str, str], kinds: list[str]
) -> None:
    of = full(**release)
    values = variables(of)
    documents = "course_discovery.apps.course_metadata.search_indexes.documents"
    assert values[MEDIA][NAMES] == {f"{documents}.{kind}": f"campus_{kind}" for kind in kinds}
    assert values[MEDIA]["MEDIA_URL"] == "/media/"
    assert "DISCOVERY_ELASTICSEARCH_INDEX_NAME" not in values
    assert sorted(discovery_search.aliases(of, values)) == [f"campus_{kind}" for kind in kinds]


@pytest.mark.parametrize(
    "release, sent", [("koa.3", False), ("lilac.1", True), ("maple.3", True), ("nutmeg.1", False)]
)
def test_the_url_is_sent_where_the_role_writes_it_under_a_name_that_discovery_does_not_read(
    release: str, sent: bool
) -> None:
    of = full(edx_platform_commit=release)
    mine = {"DISCOVERY_ELASTICSEARCH_URL": "http://mine:9200/"}
    for values in (variables(of), variables(of, **mine)):
        url = values["DISCOVERY_ELASTICSEARCH_URL"]
        assert values[MEDIA].get("ELASTICSEARCH_CLUSTER_URL") == (url if sent else None)


@pytest.mark.parametrize(
    "release, extra, words",
    [
        (LILAC, {}, ""),
        (LILAC, {MEDIA: "{{ media }}"}, "may use only campus_*. Set ELASTICSEARCH_INDEX_NAMES"),
        ({}, {}, ""),
        ({}, {"DISCOVERY_ELASTICSEARCH_INDEX_NAME": "mine"}, "named mine, but the instance's"),
        ({"search": None}, {}, ""),
        ({"search": None}, {"DISCOVERY_ELASTICSEARCH_URL": "http://own:9200/"}, "catalog, but two"),
        (
            {"search": None, **LILAC},
            {"DISCOVERY_ELASTICSEARCH_URL": "http://own:9200/"},
            "course, course_run, person and program, but two instances",
        ),
    ],
)
def test_names_that_are_refused_or_shared_are_warned_of(
    release: dict[str, Any], extra: dict[str, str], words: str
) -> None:
    of = full(**release)
    text = discovery_search.warning(of, variables(of, **extra))
    assert words in text if words else text == ""


def test_the_hourly_job_has_the_documented_name_so_that_it_is_never_there_twice() -> None:
    [documented] = check_extra_settings(CRON)["EDXAPP_ADDITIONAL_CRON_JOBS"]
    [job] = variables(full())["EDXAPP_ADDITIONAL_CRON_JOBS"]
    assert job["name"] == documented["name"]


def test_the_hourly_job_fits_into_a_line_of_a_crontab() -> None:
    [job] = variables(full())["EDXAPP_ADDITIONAL_CRON_JOBS"]
    assert len(job["job"]) < 900  # Debian's cron reads 998 characters of a command
    assert "%" not in job["job"].replace("\\%", "")


def test_the_built_in_playbooks_have_the_same_command_in_a_job_of_their_own() -> None:
    of = full(configuration_source_repo_url="builtin")
    result = variables(of)
    assert "EDXAPP_ADDITIONAL_CRON_JOBS" not in result
    command = discovery_job.command("./manage.discovery", of.databases["discovery"])
    assert result["DISCOVERY_HOURLY_COMMAND"] == command


def test_redis_is_a_broker_without_virtual_hosts() -> None:
    result = revealed(variables(full(broker=REDIS)))
    assert result["ECOMMERCE_BROKER_URL"] == "redis://:pw@redis.internal:6379/0"


def test_without_shared_servers_each_app_server_of_other_playbooks_has_its_own() -> None:
    result = variables(full(broker=None, search=None))
    assert not {name for name in result if "BROKER" in name or "ELASTICSEARCH" in name}


def test_without_a_broker_the_built_in_playbooks_use_a_directory_that_outlives_app_servers() -> (
    None
):
    result = revealed(variables(embedded()))
    assert result["ECOMMERCE_BROKER_URL"] == "filesystem://:@/var/storage/7/celery"


def test_a_directory_with_any_name_is_the_path_of_its_url() -> None:
    result = variables(embedded(storage_directory="/var/a storage?#%41"))
    assert result["EDXAPP_CELERY_BROKER_VHOST"] == "/var/a%20storage%3F%23%2541/celery"


def embedded(**changes: Any) -> Instance:
    """Return an instance of the built-in playbooks that has no broker server."""
    return full(broker=None, configuration_source_repo_url="builtin", **changes)


# The documentation's own settings, as an operator would paste them.


@pytest.mark.parametrize("of", [full(), full(broker=REDIS), embedded()], ids=KINDS)
@pytest.mark.parametrize("name", ["ECOMMERCE_BROKER_URL", "ECOMMERCE_WORKER_BROKER_URL"])
def test_the_documented_template_of_the_broker_gives_what_is_generated(
    of: Instance, name: str
) -> None:
    template = check_extra_settings(SERVICES)[name]
    result = revealed(variables(of))
    rendered = Environment(autoescape=False).from_string(template).render(result)  # noqa: S701
    assert rendered == result[name]


def test_the_documented_settings_win_and_turn_both_services_on() -> None:
    extra = check_extra_settings(SERVICES + CURRENCY + CRON)
    assert services_of(extra) == BOTH
    result = variables(full(services=services_of(extra)), **extra)
    assert result["DISCOVERY_VERSION"] == "{{ ECOMMERCE_VERSION }}"
    assert result["ECOMMERCE_OSCAR_DEFAULT_CURRENCY"] == "GBP"
    assert result["EDXAPP_LMS_ENV_EXTRA"]["COURSE_MODE_DEFAULTS"]["currency"] == "gbp"
    assert [job["minute"] for job in result["EDXAPP_ADDITIONAL_CRON_JOBS"]] == ["43"]


# Pairs and rules.


@pytest.mark.parametrize(
    "leader, follower",
    [("EDXAPP_EDX_API_KEY", "ECOMMERCE_EDX_API_KEY"),
     ("COMMON_JWT_SECRET_KEY", "ECOMMERCE_WORKER_JWT_SECRET_KEY"),
     ("EDXAPP_COMMENTS_SERVICE_KEY", "FORUM_API_KEY")],
)  # fmt: skip
def test_what_two_services_share_follows_the_operator(leader: str, follower: str) -> None:
    plain = variables(full())
    assert plain[leader] == plain[follower]
    assert variables(full(), **{leader: "mine"})[follower] == Secret("mine")
    assert variables(full(), **{leader: "mine", follower: "other"})[follower] == Secret("other")


def test_nothing_follows_for_a_service_that_is_off() -> None:
    result = variables(full(services=ALWAYS), EDXAPP_DEFAULT_FROM_EMAIL="me@example.com")
    assert "ECOMMERCE_OSCAR_FROM_EMAIL" not in result


@pytest.mark.parametrize("name", ["demo.localhost", "Demo.localhost.", "learn.example.com"])
def test_a_host_name_that_is_public_is_refused_with_the_reason(name: str) -> None:
    domains = replace(DOMAINS, external={"lms": ("learn.example.com",)})
    with pytest.raises(ValidationError, match=r"/etc/hosts as localhost.*TLS"):
        variables(full(domains=domains), COMMON_HOSTNAME=name)


@pytest.mark.parametrize("name", ["", "openlearning.example.com", None])
def test_another_host_name_or_none_is_taken(name: str | None) -> None:
    assert variables(full(), COMMON_HOSTNAME=name)["COMMON_HOSTNAME"] == name


@pytest.mark.parametrize("url", ["amqp://me:pw@mq/x", "https://:pw@search:9200/"])
def test_a_password_in_a_url_is_hidden_wherever_it_stands(url: str) -> None:
    result = variables(full(), MY_THING={"url": url, "other": "https://example.com:80/@x"})
    assert result["MY_THING"] == {"url": Secret(url), "other": "https://example.com:80/@x"}


# Releases.


@pytest.mark.parametrize(
    "release, clients",
    [
        ("open-release/ginkgo.2", {"SOCIAL_AUTH_EDX_OIDC"}),
        ("open-release/ironwood.2", {"SOCIAL_AUTH_EDX_OIDC"}),
        ("open-release/juniper.2", {"SOCIAL_AUTH_EDX_OAUTH2", "BACKEND_SERVICE_EDX_OAUTH2"}),
        ("open-release/lilac.1", {"SOCIAL_AUTH_EDX_OAUTH2", "BACKEND_SERVICE_EDX_OAUTH2"}),
        ("release/sumac.3", {"SOCIAL_AUTH_EDX_OAUTH2", "BACKEND_SERVICE_EDX_OAUTH2"}),
        ("master", {"SOCIAL_AUTH_EDX_OAUTH2", "BACKEND_SERVICE_EDX_OAUTH2"}),
    ],
)
def test_clients_have_the_names_of_their_release(release: str, clients: set[str]) -> None:
    result = variables(full(openedx_release=release, edx_platform_commit=release))
    for service in ("ECOMMERCE", "DISCOVERY"):
        ids = {name for name in result if name.startswith(service) and name.endswith("_KEY")}
        assert {f"{service}_{client}_KEY" for client in clients} == {
            name for name in ids if "_EDX_O" in name
        }


@pytest.mark.parametrize(
    "release, reference",
    [
        ("open-release/koa.3", "open-release/koa.3"),
        ("juniper.2", "open-release/juniper.2"),
        ("teak.1", "release/teak.1"),
        ("master", "master"),
        ("0" * 40, "master"),
    ],
)
def test_services_are_of_the_instances_release(release: str, reference: str) -> None:
    result = variables(full(openedx_release=release, edx_platform_commit="opencraft/some-branch"))
    assert result["DISCOVERY_VERSION"] == reference


@pytest.mark.parametrize("release, knows", [("hawthorn.2", False), ("ironwood.2", True)])
def test_the_variable_for_cron_jobs_came_with_ironwood(release: str, knows: bool) -> None:
    result = variables(
        full(
            openedx_release=release,
            edx_platform_commit=release,
            configuration_source_repo_url="https://example.com/configuration.git",
        )
    )
    assert ("EDXAPP_ADDITIONAL_CRON_JOBS" in result) is knows


def test_the_shops_worker_has_the_shops_client_since_it_asks_the_lms_for_its_token() -> None:
    of = full(openedx_release="palm.1", edx_platform_commit="palm.1")
    made = variables(of, ECOMMERCE_BACKEND_SERVICE_EDX_OAUTH2_KEY="own-key")
    worker = made["ECOMMERCE_WORKER_SERVICE_CONFIG"]
    prefix = "BACKEND_SERVICE_EDX_OAUTH2"
    assert worker[f"{prefix}_PROVIDER_URL"] == f"{made['COMMON_LMS_BASE_URL']}/oauth2"
    assert worker[f"{prefix}_KEY"] == "own-key"
    assert worker[f"{prefix}_SECRET"] == made[f"ECOMMERCE_{prefix}_SECRET"]
    assert worker["BROKER_URL"] == made["ECOMMERCE_WORKER_BROKER_URL"]


@pytest.mark.parametrize(
    "release, services, has",
    [("ironwood.2", ECOMMERCE, False), ("juniper.2", ECOMMERCE, True),
     ("juniper.2", DISCOVERY, False)],
)  # fmt: skip
def test_the_workers_settings_are_generated_where_the_shop_has_a_client_for_it(
    release: str, services: Any, has: bool
) -> None:
    of = full(openedx_release=release, edx_platform_commit=release, services=services)
    assert ("ECOMMERCE_WORKER_SERVICE_CONFIG" in variables(of)) is has
