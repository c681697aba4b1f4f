import pytest

from ocim.catalog.shop.processors import reason_against_test
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
