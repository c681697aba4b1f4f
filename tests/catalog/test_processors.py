import pytest

from ocim.catalog.releases import Release
from ocim.catalog.shop.processors import missing_keys, reason_against_test, required_keys
from ocim.core.secrets import Secret

STRIPE = {"publishable_key": "pk_test_1", "secret_key": Secret("sk_test_1")}


@pytest.mark.parametrize(
    "processor, keys",
    [
        ("test-card", {}),
        ("paypal", {"mode": "sandbox", "client_id": "a", "client_secret": "b"}),
        ("stripe", STRIPE),
        ("stripe", {**STRIPE, "secret_key": Secret("rk_test_1")}),
    ],
)
def test_processors_in_their_sandbox_may_be_tried(processor: str, keys: dict[str, object]) -> None:
    assert reason_against_test(processor, keys) == ""


@pytest.mark.parametrize(
    "processor, keys, reason",
    [
        ("paypal", {"mode": "live"}, "its mode is 'live'"),
        ("paypal", {}, "its mode is None"),
        ("stripe", {**STRIPE, "secret_key": Secret("sk_live_1")}, "secret_key are not for tests"),
        ("stripe", {}, "secret_key and publishable_key"),
        ("cybersource", {"merchant_id": "a"}, "cannot tell"),
    ],
)
def test_others_may_not(processor: str, keys: dict[str, object], reason: str) -> None:
    reason_against = reason_against_test(processor, keys)
    assert reason in reason_against
    assert "sk_live_1" not in reason_against


@pytest.mark.parametrize(
    "release, names",
    [
        ("ginkgo.2", {"paypal", "cybersource"}),
        ("hawthorn.2", {"paypal", "cybersource", "stripe"}),
        ("juniper.3", {"paypal", "cybersource", "stripe"}),
        ("koa.3", {"paypal", "cybersource", "stripe", "cybersource-rest"}),
        ("olive.4", {"paypal", "cybersource", "stripe", "cybersource-rest"}),
        ("palm.4", {"paypal", "cybersource", "stripe", "cybersource-rest", "android-iap",
                    "ios-iap"}),
    ],
)  # fmt: skip
def test_each_release_has_its_processors(release: str, names: set[str]) -> None:
    assert set(required_keys(Release.of(release))) - {"test-card"} == names


SOAP = {"merchant_id": "m", "transaction_key": "t", "soap_api_url": "https://soap.example.com"}
FORM = dict.fromkeys(("sop_profile_id", "sop_access_key", "sop_secret_key",
                      "sop_payment_page_url"), "x")  # fmt: skip


@pytest.mark.parametrize(
    "processor, keys, release, missing",
    [
        ("cybersource", {}, "sumac.1", ["merchant_id", "transaction_key", "soap_api_url"]),
        ("cybersource", {**SOAP, **FORM}, "juniper.3", []),
        ("cybersource", SOAP, "lilac.1", []),
        (
            "cybersource", SOAP, "juniper.3",
            ["profile_id, access_key, secret_key and payment_page_url or else sop_profile_id,"
             " sop_access_key, sop_secret_key and sop_payment_page_url"],
        ),
        ("stripe", STRIPE, "ironwood.2", ["country"]),
        ("stripe", {**STRIPE, "country": "GB"}, "olive.1", []),
        (
            "stripe", STRIPE, "palm.1",
            ["api_version", "enable_telemetry", "log_level", "max_network_retries", "proxy",
             "webhook_endpoint_secret"],
        ),
        ("ios-iap", {}, "palm.1", ["ios_bundle_id"]),
    ],
)  # fmt: skip
def test_a_processor_needs_what_the_release_reads(
    processor: str, keys: dict[str, object], release: str, missing: list[str]
) -> None:
    assert missing_keys(processor, keys, Release.of(release)) == missing
