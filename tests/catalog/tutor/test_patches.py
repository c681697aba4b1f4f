"""Ocim's plugin for Tutor."""

from typing import Any

from ocim.catalog.tutor.patches import endings, plugin
from ocim.core.instance import ALWAYS, Service
from ocim.core.secrets import Secret, revealed
from tests.catalog.tutor.examples import tutors

SHOP = ALWAYS | {Service.ECOMMERCE, Service.DISCOVERY}


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


def test_secrets_that_data_depend_on_are_those_of_ansible() -> None:
    variables = tutors()
    common: dict[str, object] = {}
    exec(plugin(variables)["patches"]["openedx-common-settings"], common)  # noqa: S102
    for name in ("PROFILE_IMAGE_HASH_SEED", "FERNET_KEYS", "RETIRED_USER_SALTS", "EDX_API_KEY"):
        assert common[name] == revealed(variables[f"EDXAPP_{name}"])


def test_a_name_that_tutors_web_server_does_not_know_leads_to_the_lms() -> None:
    assert "redir https://{{ LMS_HOST }}{uri}" in plugin(tutors())["patches"]["caddyfile"]


def test_migrations_on_copies_leave_the_search_server_alone() -> None:
    settings = {
        dry_run: plugin(tutors(), dry_run=dry_run)["patches"]["openedx-common-settings"]
        for dry_run in (True, False)
    }
    assert "MEILISEARCH_ENABLED = False" in settings[True]
    assert "MEILISEARCH" not in settings[False]


def test_the_shop_has_its_keys_under_the_code_of_its_partner_and_queues_for_tutors_worker() -> None:
    config = {"campus": {"paypal": {"client_secret": Secret("s3")}}}
    extra = {"ECOMMERCE_PAYMENT_PROCESSOR_CONFIG": config}
    patches = plugin(tutors(extra, services=SHOP))["patches"]
    of_tutor: dict[str, Any] = {"openedx": {}, "campus": {"cybersource-rest": {}}}
    shop: dict[str, Any] = {"PAYMENT_PROCESSOR_CONFIG": of_tutor, "CELERY_ROUTES": {}}
    exec(patches["ecommerce-settings-common"], shop)  # noqa: S102
    assert "cybersource-rest" in shop["PAYMENT_PROCESSOR_CONFIG"]["campus"]
    assert shop["PAYMENT_PROCESSOR_CONFIG"]["campus"]["paypal"] == {"client_secret": "s3"}
    assert list(shop["CELERY_ROUTES"].values()) == [{"queue": "fulfillment"}]
    assert shop["BROKER_URL"].startswith("redis://")


def test_the_shops_worker_knows_the_shop_and_its_client_at_the_lms() -> None:
    variables = tutors(services=SHOP)
    [text] = endings(variables).values()
    worker: dict[str, Any] = {}
    exec(text, worker)  # noqa: S102
    assert worker["ECOMMERCE_API_ROOT"] == "https://ecommerce.demo.localhost/api/v2/"
    key = variables["ECOMMERCE_BACKEND_SERVICE_EDX_OAUTH2_KEY"]
    assert worker["BACKEND_SERVICE_EDX_OAUTH2_KEY"] == key
    assert worker["BACKEND_SERVICE_EDX_OAUTH2_SECRET"]
    assert endings(tutors()) == {}
