"""Payment processors: the keys that they need, and whether those take real money."""

from collections.abc import Mapping
from typing import Any

from ocim.catalog.releases import Release
from ocim.core.secrets import revealed

TEST_CARD = "test-card"
"""Processor of the rehearsal, which takes no money; the real ecommerce does not have it."""
PROCESSORS: Mapping[str, tuple[str, ...]] = {
    "paypal": ("mode", "client_id", "client_secret"),
    "stripe": ("publishable_key", "secret_key"),
    "cybersource": ("merchant_id", "transaction_key"),
    TEST_CARD: (),
}
"""Keys, by processor, without which a checkout fails."""
STRIPE_TEST_KEYS = {"secret_key": ("sk_test_", "rk_test_"), "publishable_key": ("pk_test_",)}
"""Prefixes of Stripe's keys for tests."""


def required_keys(processor: str, release: Release) -> tuple[str, ...]:
    """Return the keys that the processor needs on the release."""
    more = ("country",) if processor == "stripe" and release >= Release.of("juniper.1") else ()
    return PROCESSORS[processor] + more


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
