"""Which payment processors take no real money, as far as their keys tell."""

from collections.abc import Mapping
from typing import Any

from ocim.core.secrets import revealed

TEST_CARD = "test-card"
"""The rehearsal's own: no other service has it."""
STRIPE_TEST_KEYS = {"secret_key": ("sk_test_", "rk_test_"), "publishable_key": ("pk_test_",)}


def reason_against(processor: str, keys: Mapping[str, Any]) -> str:
    """Why nothing may be bought with it in a test; empty where it is in its sandbox mode."""
    known = revealed(keys)
    if processor == TEST_CARD:
        return ""
    if processor == "paypal":
        mode = known.get("mode")
        return "" if mode == "sandbox" else f"its mode is {mode!r} and not 'sandbox'"
    if processor == "stripe":
        live = [
            name
            for name, beginnings in STRIPE_TEST_KEYS.items()
            if not str(known.get(name) or "").startswith(beginnings)
        ]
        return f"{' and '.join(live)} are not for tests (…_test_…)" if live else ""
    return "Ocim cannot tell from its keys whether it is in its sandbox mode"
