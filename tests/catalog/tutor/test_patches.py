"""Ocim's plugin for Tutor."""

from ocim.catalog.tutor.patches import plugin
from tests.catalog.tutor.examples import tutors


def test_settings_that_tutor_does_not_have_are_patched_in() -> None:
    extra = {
        "EDXAPP_LMS_ENV_EXTRA": {"A": 'it\'s "a"\nb', "API_TOKEN": "t"},
        "EDXAPP_FEATURES_EXTRA": {"ENABLE_X": True},
    }
    patches = plugin(tutors(extra))["patches"]
    lms: dict[str, object] = {}
    exec(patches["openedx-lms-production-settings"], lms)  # noqa: S102
    assert (lms["A"], lms["API_TOKEN"]) == ('it\'s "a"\nb', "t")
    common: dict[str, object] = {"FEATURES": {}}
    exec(patches["openedx-common-settings"], common)  # noqa: S102
    assert common["FEATURES"] == {"ENABLE_X": True}
    assert common["TIME_ZONE"] == "Europe/Berlin"


def test_a_name_that_tutors_web_server_does_not_know_leads_to_the_lms() -> None:
    assert "redir https://{{ LMS_HOST }}{uri}" in plugin(tutors())["patches"]["caddyfile"]


def test_migrations_on_copies_leave_the_search_server_alone() -> None:
    settings = {
        dry_run: plugin(tutors(), dry_run=dry_run)["patches"]["openedx-common-settings"]
        for dry_run in (True, False)
    }
    assert "MEILISEARCH_ENABLED = False" in settings[True]
    assert "MEILISEARCH" not in settings[False]
