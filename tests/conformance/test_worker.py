"""The shop's worker, which fulfills orders, and the shop while the broker is down."""

from typing import Any

import pytest

from tests.broker_servers import NEEDS_REDIS, RedisBroker
from tests.conformance.place import Lines, Place

pytestmark = [pytest.mark.xdist_group("services"), pytest.mark.timeout(1500), NEEDS_REDIS]


def log_of(place: Place, program: str) -> str:
    return (place.campus.root / f"edx/var/log/supervisor/{program}-stderr.log").read_text()


def order_of(lines: Lines) -> Any:
    """Return the number of the order that was paid with a card."""
    return lines["purchase: order with test-card"]["compared"].partition(":")[0]


def test_the_worker_fulfills_orders(rehearsal_place: Place) -> None:
    number = order_of(rehearsal_place.verified)
    assert f"Order {number} is fulfilled." in log_of(rehearsal_place, "ecomworker")


def test_while_the_broker_is_down_the_shop_fulfills_orders(
    rehearsal_place: Place, shop_broker: RedisBroker
) -> None:
    campus = rehearsal_place.campus
    shop_broker.kill()
    try:
        lines = campus.verify("--purchase")
    finally:
        shop_broker.start()

    assert not [name for name, line in lines.items() if line["outcome"] == "failed"]
    words = f"Order {order_of(lines)} is fulfilled at once: the queue is down."
    assert words in log_of(rehearsal_place, "ecommerce")
    assert "ok" in campus.installation.ocim("broker", "show", "main")
