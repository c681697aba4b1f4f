"""Configurations that are refused before a shop or a catalogue is installed."""

from dataclasses import replace
from typing import Any

import pytest

from ocim.catalog.shop import checks
from ocim.catalog.shop.shop import shop_of
from ocim.core.secrets import Secret
from tests.catalog.instances import BOTH, DISCOVERY, ECOMMERCE, full, variables

PAYPAL = {"mode": "sandbox", "client_id": "id", "client_secret": Secret("secret")}
STRIPE = {"publishable_key": "pk_test_1", "secret_key": Secret("sk_test_1"), "country": "GB"}


def faults(instance: Any = None, **extra: Any) -> str:
    of = instance or full()
    return "\n".join(checks.faults(of, variables(of, **extra)))


def config(code: str, **processors: Any) -> dict[str, Any]:
    return {"ECOMMERCE_PAYMENT_PROCESSOR_CONFIG": {code: processors}}


def test_what_is_complete_has_no_fault() -> None:
    of = full(partner_code="ACME", currency="GBP", payment_processors={"paypal": PAYPAL})
    assert faults(of) == ""


@pytest.mark.parametrize("code", ["ninechars", "a b", "é", "a.b"])
def test_a_partner_code_that_mysql_or_the_services_would_break_on_is_refused(code: str) -> None:
    assert "partner code" in faults(**config(code, paypal=PAYPAL))


def test_keys_under_another_code_are_refused_since_every_checkout_would_fail() -> None:
    assert "no entry for the partner code 'acme'" in faults(
        full(partner_code="acme"), **config("other", paypal=PAYPAL)
    )


def test_a_code_in_capitals_in_the_processors_settings_is_refused() -> None:
    assert "not in lower case" in faults(full(partner_code="ACME"), **config("ACME", paypal=PAYPAL))


@pytest.mark.parametrize("missing", ["mode", "client_id", "client_secret"])
def test_a_key_that_is_missing_is_named(missing: str) -> None:
    keys = {name: value for name, value in PAYPAL.items() if name != missing}
    assert f"paypal needs values for {missing}." in faults(**config("acme", paypal=keys))


def test_what_a_processor_needs_depends_on_the_release() -> None:
    keys = {name: value for name, value in STRIPE.items() if name != "country"}
    assert "needs values for country" in faults(**config("acme", stripe=keys))
    of = full(edx_platform_commit="ginkgo.2")
    assert "does not exist in the ecommerce of ginkgo.2" in faults(of, **config("a", stripe=STRIPE))


@pytest.mark.parametrize("release, entries", [("olive.1", {"acme"}), ("palm.1", {"acme", "edx"})])
def test_an_operators_own_configuration_gets_what_ecommerce_of_palm_needs_to_start(
    release: str, entries: set[str]
) -> None:
    of, own = full(edx_platform_commit=release), config("acme", paypal=PAYPAL)
    assert set(variables(of, **own)["ECOMMERCE_PAYMENT_PROCESSOR_CONFIG"]) == entries
    assert faults(of, **own) == ""
    assert shop_of(of, variables(of, **own)).partner_code == "acme"


def test_an_operators_own_entry_for_webhooks_is_no_partner_and_no_processor() -> None:
    webhooks = {"stripe": {"secret_key": "none", "webhook_endpoint_secret": "any"}}
    own = config("acme", paypal=PAYPAL)
    own["ECOMMERCE_PAYMENT_PROCESSOR_CONFIG"]["edx"] = webhooks
    palm = full(edx_platform_commit="palm.1")
    assert faults(palm, **own) == ""
    shop = shop_of(palm, variables(palm, **own))
    assert (shop.partner_code, shop.processors) == ("acme", ("paypal",))


@pytest.mark.parametrize("code, processors", [("ACME", ("paypal",)), ("edx", ("paypal",))])
def test_the_entry_for_webhooks_is_generated_whatever_the_partner_is(
    code: str, processors: tuple[str, ...]
) -> None:
    palm = full(
        edx_platform_commit="palm.1", partner_code=code, payment_processors={"paypal": PAYPAL}
    )
    made = variables(palm)["ECOMMERCE_PAYMENT_PROCESSOR_CONFIG"]
    assert made["edx"]["stripe"]["webhook_endpoint_secret"].reveal()
    assert made[code.lower()]["paypal"]["mode"] == "sandbox"
    assert faults(palm) == ""
    assert shop_of(palm, variables(palm)).processors == processors


def test_a_shop_of_palm_without_processors_starts_and_has_a_partner_of_its_own() -> None:
    palm = full(edx_platform_commit="palm.1")
    assert set(variables(palm)["ECOMMERCE_PAYMENT_PROCESSOR_CONFIG"]) == {"edx"}
    assert faults(palm) == ""
    shop = shop_of(palm, variables(palm))
    assert (shop.partner_code, shop.processors) == ("site7", ())


def test_stripes_keys_are_completed_and_given_to_its_webhooks_from_palm_on() -> None:
    stripe = {"publishable_key": "pk_test_1", "secret_key": "sk_test_1"}
    palm = full(
        edx_platform_commit="palm.1", partner_code="ACME", payment_processors={"stripe": stripe}
    )
    made = variables(palm)["ECOMMERCE_PAYMENT_PROCESSOR_CONFIG"]
    assert made["acme"]["stripe"] | {"api_version": ""} == {
        "api_version": "",
        "enable_telemetry": None,
        "log_level": None,
        "max_network_retries": 0,
        "proxy": None,
        "publishable_key": "pk_test_1",
        "secret_key": Secret("sk_test_1"),
        "webhook_endpoint_secret": made["edx"]["stripe"]["webhook_endpoint_secret"],
    }
    assert made["edx"]["stripe"]["secret_key"] == Secret("sk_test_1")
    assert faults(palm) == ""


def test_a_processor_that_there_is_not_is_refused() -> None:
    assert "bitcoin is not a payment processor" in faults(**config("acme", bitcoin={}))


def test_the_card_of_rehearsals_is_refused_where_the_shop_is_a_real_one() -> None:
    assert "exists in rehearsals only" in faults(**config("acme", **{"test-card": {}}))


def test_addresses_that_differ_are_refused() -> None:
    messages = faults(ECOMMERCE_OSCAR_FROM_EMAIL="shop@example.com")
    assert "ECOMMERCE_OSCAR_FROM_EMAIL and EDXAPP_DEFAULT_FROM_EMAIL differ" in messages


def test_a_currency_that_there_is_not_is_refused() -> None:
    assert "'POUNDS' is not a currency" in faults(ECOMMERCE_OSCAR_DEFAULT_CURRENCY="POUNDS")


@pytest.mark.parametrize("part", ["KEY", "SECRET"])
def test_an_empty_client_is_refused_since_the_services_would_take_it(part: str) -> None:
    name = f"DISCOVERY_BACKEND_SERVICE_EDX_OAUTH2_{part}"
    assert f"{name} is empty" in faults(**{name: ""})


def test_an_empty_set_of_public_keys_is_refused_since_any_signature_would_do() -> None:
    assert "anybody" in faults(COMMON_JWT_PUBLIC_SIGNING_JWK_SET="")


def test_discovery_without_a_search_server_is_refused() -> None:
    of = full(search=None, configuration_source_repo_url="builtin")
    assert "no search server" in faults(of)


def test_all_faults_are_told_at_once() -> None:
    messages = faults(
        ECOMMERCE_OSCAR_DEFAULT_CURRENCY="X",
        ECOMMERCE_OSCAR_FROM_EMAIL="shop@example.com",
        **config("ninechars", paypal={}),
    )
    assert len(messages.splitlines()) == 4


def test_a_shop_that_is_off_may_be_anything() -> None:
    of = full(services=DISCOVERY)
    assert faults(of, ECOMMERCE_OSCAR_DEFAULT_CURRENCY="X") == ""


def test_a_release_without_ecommerce_is_warned_of() -> None:
    of = full(openedx_release="teak.1", edx_platform_commit="teak.1", services=BOTH)
    assert any(
        "does not include ecommerce" in warning for warning in checks.warnings(of, variables(of))
    )


@pytest.mark.parametrize(
    "shop, catalogue, warned",
    [
        *(("quince.3", "sumac.3", False), ("redwood.3", "sumac.3", True)),
        *(("master", "redwood.1", True), ("redwood.3", "teak.1", False)),
        *(("redwood.3", "redwood.3", False), ("quince.3", "redwood.3", True)),
        *(("quince.3", "teak.2", True), ("quince.3", "master", False)),
        *(("0123abc", "sumac.3", False), ("master", "master", False)),
    ],
)
def test_a_pair_whose_prices_cannot_be_read_is_warned_of(
    shop: str, catalogue: str, warned: bool
) -> None:
    of = full()
    versions = {"ECOMMERCE_VERSION": shop, "DISCOVERY_VERSION": catalogue}
    messages = checks.warnings(of, variables(of, **versions))
    assert any("every refresh_course_metadata fails" in text for text in messages) is warned
    alone = full(services=DISCOVERY)
    assert "refresh" not in str(checks.warnings(alone, variables(alone, **versions)))


@pytest.mark.parametrize("release, warned", [("ironwood.2", False), ("juniper.2", True)])
def test_a_catalogue_without_a_shop_is_warned_of_since_its_search_finds_nothing(
    release: str, warned: bool
) -> None:
    of = full(services=DISCOVERY, edx_platform_commit=release)
    messages = checks.warnings(of, variables(of))
    assert any("its search finds none" in text for text in messages) is warned


def test_a_shop_without_a_processor_is_warned_of() -> None:
    of = full(services=ECOMMERCE)
    assert checks.warnings(of, variables(of)) == [
        "No payment processor: only coupons of 100 % can be redeemed."
    ]


def test_the_processors_are_those_that_have_keys_and_stripe_is_used_in_the_browser() -> None:
    of = full(partner_code="ACME", payment_processors={"paypal": PAYPAL, "stripe": STRIPE})
    shop = shop_of(of, variables(of))
    assert (shop.partner_code, shop.processors) == ("ACME", ("paypal", "stripe"))
    assert shop.client_side == "stripe"


def test_the_partner_code_of_the_settings_is_the_partners() -> None:
    of = full()
    assert shop_of(of, variables(of, **config("partn_id", paypal=PAYPAL))).partner_code == (
        "partn_id"
    )


def test_without_any_the_partner_code_is_made_of_the_id() -> None:
    of = replace(full(), id=7)
    assert shop_of(of, variables(of)).partner_code == "site7"


# Currency.


def test_a_currency_is_all_that_the_documentation_sets_for_pounds() -> None:
    result = variables(full(currency="GBP"))
    assert result["ECOMMERCE_OSCAR_DEFAULT_CURRENCY"] == "GBP"
    assert result["EDXAPP_PAID_COURSE_REGISTRATION_CURRENCY"] == ["gbp", "£"]
    assert result["EDXAPP_LMS_ENV_EXTRA"]["COURSE_MODE_DEFAULTS"] == {
        "bulk_sku": None,
        "currency": "gbp",
        "description": None,
        "expiration_datetime": None,
        "min_price": 0,
        "name": "Honor",
        "sku": None,
        "slug": "honor",
        "suggested_prices": "",
    }


def test_an_operators_own_settings_of_the_lms_are_added_to_the_currencys() -> None:
    result = variables(full(currency="EUR"), EDXAPP_LMS_ENV_EXTRA={"MINE": 1})
    assert result["EDXAPP_LMS_ENV_EXTRA"]["MINE"] == 1
    assert result["EDXAPP_LMS_ENV_EXTRA"]["COURSE_MODE_DEFAULTS"]["currency"] == "eur"


def test_the_lms_follows_a_currency_that_is_set_for_the_shop_alone() -> None:
    result = variables(full(), ECOMMERCE_OSCAR_DEFAULT_CURRENCY="JPY")
    assert result["EDXAPP_PAID_COURSE_REGISTRATION_CURRENCY"] == ["jpy", "¥"]
