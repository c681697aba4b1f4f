"""Faults keep Tutor from running an app server; settings that it does not have are told."""

import re
from typing import Any

import pytest

from ocim.catalog.tutor.checks import faults, release_in, unreadable_prices
from ocim.catalog.tutor.known import PLUGINS, nearest, settings
from ocim.catalog.tutor.operators import OCIMS, warnings
from ocim.core.instance import Database
from tests.catalog.instances import BOTH, ECOMMERCE, MYSQL, RABBITMQ
from tests.catalog.tutor.examples import tutors

ALLOWED = ("discovery", "ecommerce", "forum", "indigo", "mfe")


def told(variables: dict[str, Any], major: int = 21, allowed: tuple[str, ...] = ALLOWED) -> str:
    return "\n".join(faults(variables, major, allowed=allowed))


def test_an_instance_on_shared_servers_passes() -> None:
    assert told(tutors()) == ""


@pytest.mark.parametrize(
    "changes, fault",
    [
        ({"databases": {"edxapp": Database("sqlite", "/x.sqlite3")}}, "needs a MySQL server"),
        ({"broker": RABBITMQ}, "needs a Redis server"),
        ({"broker": None}, "needs a Redis server"),
        ({"public_port": 8443}, "the balancer must be at 443"),
        ({"services": ECOMMERCE}, "ecommerce needs Course Discovery"),
        ({"services": BOTH, "search": None}, "needs a search server"),
        ({"name": 'The "new" campus'}, 'EDXAPP_PLATFORM_NAME: .* Remove ", '),
        (
            {"databases": {**MYSQL, "edxapp": Database("mysql", "a", "127.0.0.1", 3306)}},
            "The database server is at 127.0.0.1, which is the container itself",
        ),
    ],
)
def test_what_tutor_cannot_run_is_told(changes: dict[str, Any], fault: str) -> None:
    assert re.search(fault, told(tutors(**changes)))


def test_a_catalogue_of_tutors_own_image_that_cannot_read_the_shops_prices_is_told() -> None:
    sumac: dict[str, Any] = {
        "openedx_release": "sumac.3",
        "edx_platform_commit": "open-release/sumac.3",
    }
    [warning] = unreadable_prices(tutors(services=BOTH, **sumac))
    assert "TUTOR_DISCOVERY_DOCKER_IMAGE is not set" in warning
    chosen = {"TUTOR_DISCOVERY_DOCKER_IMAGE": "registry.example.com/discovery:teak"}
    assert unreadable_prices(tutors(chosen, services=BOTH, **sumac)) == []
    assert unreadable_prices(tutors(**sumac)) == []


@pytest.mark.parametrize(
    "name, value, fault",
    [
        ("TUTOR_MONGODB_HOST", "", "set TUTOR_MONGODB_HOST to its address"),
        ("TUTOR_MONGODB_HOST", "localhost", "MongoDB is at localhost"),
        ("TUTOR_MEILISEARCH_URL", "http://127.0.0.1:7700", "Meilisearch is at 127.0.0.1:7700"),
        ("TUTOR_MOUNTS", ["/"], "TUTOR_MOUNTS must not be set: containers must not see"),
        ("TUTOR_LMS_HOST", "a.example", "change the domain of the instance instead"),
        ("TUTOR_OPENEDX_LMS_UWSGI_WORKERS", "many", "must be a whole number"),
        ("TUTOR_DOCKER_IMAGE_OPENEDX", ["a"], "must be a text"),
        ("TUTOR_DOCKER_IMAGE_OPENEDX", "a\n    privileged: true", "Remove .* line breaks"),
        ("TUTOR_LANGUAGE_CODE", "{{ OPENEDX_SECRET_KEY }}", "would render its value"),
        ("TUTOR_INDIGO_FOOTER_NAV_LINKS", [{"a": "{% x %}"}], "would render its value"),
        ("EDXAPP_LMS_ENV_EXTRA", {"A": "{{ ID }}"}, "EDXAPP_LMS_ENV_EXTRA: Tutor would render"),
        ("TUTOR_PLUGINS", ["minio"], "Tutor 21 has no plugin 'minio' here"),
    ],
)
def test_a_setting_that_must_not_be_is_told(name: str, value: Any, fault: str) -> None:
    assert re.search(fault, told(tutors({name: value})))


def test_a_plugin_that_the_administrator_does_not_allow_is_told() -> None:
    assert "OCIM_TUTOR_PLUGINS does not allow 'mfe', but: indigo." in told(
        tutors(), allowed=("indigo",)
    )


def test_all_faults_are_told_at_once() -> None:
    variables = tutors({"TUTOR_MOUNTS": ["/"]}, broker=None, public_port=8443)
    assert len(faults(variables, 21, allowed=ALLOWED)) == 3


def test_every_setting_that_is_ocims_is_one_of_tutors() -> None:
    known = {name for major in PLUGINS for name in settings(major, PLUGINS[major])}
    assert set(OCIMS) <= known


def test_an_unknown_setting_is_warned_of_with_the_nearest_name() -> None:
    variables = tutors({"TUTOR_LANGUAGE_COD": "de", "TUTOR_FORUM_VERSION": "1"})
    assert list(warnings(variables, 21)) == [
        (
            "TUTOR_LANGUAGE_COD",
            "is no setting of Tutor 21 with the plugins indigo and mfe."
            " Was TUTOR_LANGUAGE_CODE meant?",
            "TUTOR_LANGUAGE_CODE",
        ),
        ("TUTOR_FORUM_VERSION", "has no effect: the plugin forum is off (TUTOR_PLUGINS).", ""),
    ]


def test_a_setting_of_another_major_is_unknown() -> None:
    assert "PREVIEW_LMS_HOST" in settings(20, ())
    assert "PREVIEW_LMS_HOST" not in settings(21, ())
    assert nearest("NOTHING_LIKE_IT_AT_ALL", 21, ()) == ""


def test_the_release_is_the_platforms_or_else_the_one_that_is_named() -> None:
    assert release_in({"edx_platform_version": "release/teak.3"}).name == "teak"
    by_name = {"edx_platform_version": "a1b2c3d", "openedx_release": "ulmo.1"}
    assert release_in(by_name).name == "ulmo"
