"""Payment processors: the keys that they need, and whether those take real money."""

from collections.abc import Mapping
from typing import Any

from ocim.catalog.releases import NAMES, Release, traits
from ocim.core.secrets import revealed
from ocim.core.texts import listed

TEST_CARD = "test-card"
"""Processor of the rehearsal, which takes no money; the real ecommerce does not have it."""
_PAGE = ("profile_id", "access_key", "secret_key", "payment_page_url")
_FORM = tuple(f"sop_{key}" for key in _PAGE)
_CYBERSOURCE = ("merchant_id", "transaction_key", "soap_api_url")
_FLEX = ("flex_shared_secret_key_id", "flex_shared_secret_key")
_STRIPE_OPTIONS: Mapping[str, Any] = {
    "api_version": "2022-08-01; server_side_confirmation_beta=v1",
    "enable_telemetry": None,
    "log_level": None,
    "max_network_retries": 0,
    "proxy": None,
}
"""Keys of Stripe's that must exist from palm on, with the values of ecommerce's own settings."""

# Read in the constructors of ecommerce's processors, release by release. A processor without keys
# does not exist any more.
_SINCE: tuple[tuple[str, Mapping[str, tuple[str, ...]]], ...] = (
    (
        "ginkgo",
        {
            "paypal": ("mode", "client_id", "client_secret"),
            "cybersource": (*_CYBERSOURCE, *_PAGE),
            TEST_CARD: (),
        },
    ),
    (
        "hawthorn",
        {
            "stripe": ("publishable_key", "secret_key", "country"),
            "cybersource": _CYBERSOURCE,
        },
    ),
    ("koa", {"cybersource-rest": (*_CYBERSOURCE, *_FLEX)}),
    (
        "palm",
        {
            "stripe": ("publishable_key", "secret_key"),
            "android-iap": ("google_bundle_id", "google_service_account_key_file"),
            "ios-iap": ("ios_bundle_id",),
        },
    ),
)
_EITHER = (_PAGE, _FORM)
"""Sets of Cybersource's keys of which it needs one, from hawthorn to koa."""
PROCESSORS = tuple(dict.fromkeys(name for _, names in _SINCE for name in names))
"""Names of the processors of all releases."""
STRIPE_TEST_KEYS = {"secret_key": ("sk_test_", "rk_test_"), "publishable_key": ("pk_test_",)}
"""Prefixes of Stripe's keys for tests."""


def required_keys(release: Release) -> dict[str, tuple[str, ...]]:
    """Return the processors of the release, each with the keys that need a value."""
    keys: dict[str, tuple[str, ...]] = {}
    for since, names in _SINCE:
        if release.position >= NAMES.index(since):
            keys |= names
    return keys


def missing_keys(processor: str, keys: Mapping[str, Any], release: Release) -> list[str]:
    """Return the keys of the processor that are missing: a checkout would fail for want of them."""
    missing = [key for key in required_keys(release)[processor] if not keys.get(key)]
    if processor == "stripe" and traits(release).payment_intents:
        missing += [key for key in (*_STRIPE_OPTIONS, WEBHOOK) if key not in keys]
    named = processor.startswith("cybersource")
    if named and NAMES.index("hawthorn") <= release.position <= NAMES.index("koa"):
        sets = [listed(names, "and") for names in _EITHER]
        if not any(all(keys.get(key) for key in names) for names in _EITHER):
            missing.append(" or else ".join(sets))
    return missing


WEBHOOK = "webhook_endpoint_secret"
"""Key with which ecommerce checks calls of Stripe's; an empty one would let anybody call."""


def completed(
    processors: Mapping[str, Mapping[str, Any]], release: Release, *, webhook: Any
) -> dict[str, dict[str, Any]]:
    """Return the processors with the keys that must exist in the release, whatever their values.

    `webhook` is a secret for shops whose operator has none from Stripe.
    """
    result = {name: dict(keys) for name, keys in processors.items()}
    if "stripe" in result and traits(release).payment_intents:
        result["stripe"] = {**_STRIPE_OPTIONS, WEBHOOK: webhook, **result["stripe"]}
    return result


def reason_against_test(processor: str, keys: Mapping[str, Any]) -> str:
    """Return why a test must not buy with the processor; empty if it takes no real money."""
    known = revealed(keys)
    if processor == TEST_CARD:
        return ""
    if processor == "paypal":
        mode = known.get("mode")
        return "" if mode == "sandbox" else f"its mode is {mode!r} and not 'sandbox'"
    if processor == "stripe":
        live = [
            name
            for name, prefixes in STRIPE_TEST_KEYS.items()
            if not str(known.get(name) or "").startswith(prefixes)
        ]
        return f"{' and '.join(live)} are not for tests (…_test_…)" if live else ""
    return "Ocim cannot tell from its keys whether it is in its sandbox mode"
