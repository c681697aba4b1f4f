"""A second app server takes over, and a broken third never gets a request."""

import pytest

from tests.acceptance.installation import Installation, Refused, until
from tests.acceptance.traffic import Traffic

pytestmark = pytest.mark.timeout(600)

OLD = {
    "openedx_release": "open-release/ironwood.2",
    "edx_platform_commit": "opencraft-release/ironwood.2",
}
NEW = {
    "openedx_release": "open-release/juniper.2",
    "edx_platform_commit": "opencraft-release/juniper.2",
}
NEWER = {name: value.replace(".2", ".3") for name, value in NEW.items()}


def words(fields: dict[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in fields.items()]


def test_an_app_server_takes_over_without_one_failed_request(installation: Installation) -> None:
    domain = installation.instance("swing.localhost", **NEW)
    installation.ocim("appserver", "spawn", domain, "--activate")
    (first,) = installation.appservers(domain)
    with Traffic(installation, domain) as traffic:
        until(lambda: traffic.answers, "nothing answers")
        installation.ocim("instance", "set", domain, *words(NEWER))
        installation.ocim("appserver", "spawn", domain, "--activate")
        swung = traffic.answers.total()
        installation.ocim("appserver", "terminate", str(first["id"]), "--yes")
        until(lambda: traffic.answers.total() > swung + 100, "nothing answers any more")
    assert traffic.failures == []
    assert set(traffic.answers) == {NEW["edx_platform_commit"], NEWER["edx_platform_commit"]}
    assert [one["state"] for one in installation.appservers(domain)] == ["running", "terminated"]


@pytest.fixture(scope="module")
def served(installation: Installation) -> str:
    """An instance that an ironwood app server serves."""
    domain = installation.instance("steady.localhost", **OLD)
    installation.ocim("appserver", "spawn", domain, "--activate")
    return domain


BREAKS = {
    "a bad setting": (
        {"configuration_extra_settings": "EDXAPP_DATABASE_ENGINE: django.db.backends.none"},
        "django.db.backends.none",
    ),
    "a migration that fails": (NEW, 'table "thumbnail_kvstore" already exists'),
    "a service that answers 500": (
        {
            "configuration_extra_settings": (
                "EDXAPP_LMS_ENV_EXTRA: {REHEARSAL_FAULTS: [answer-500]}\nedxapp_start_seconds: 10"
            )
        },
        "status 500",
    ),
}


@pytest.mark.parametrize("changes, reason", BREAKS.values(), ids=BREAKS.keys())
def test_a_broken_app_server_never_gets_a_request(
    installation: Installation, served: str, changes: dict[str, str], reason: str
) -> None:
    whole = OLD | {"configuration_extra_settings": ""} | changes
    installation.ocim("instance", "set", served, *words(whole))
    with Traffic(installation, served) as traffic:
        until(lambda: traffic.answers, "nothing answers")
        with pytest.raises(Refused, match=reason):
            installation.ocim("appserver", "spawn", served, "--activate")
        failed = traffic.answers.total()
        until(lambda: traffic.answers.total() > failed + 50, "nothing answers any more")
    newest = installation.appservers(served)[0]
    assert (newest["state"], newest["active"]) == ("failed", False)
    assert reason in newest["failure"]
    assert traffic.failures == []
    assert set(traffic.answers) == {OLD["edx_platform_commit"]}
