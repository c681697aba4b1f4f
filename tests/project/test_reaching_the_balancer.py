"""Addresses at which containers on this machine reach the balancer."""

from types import SimpleNamespace

import pytest

from ocim.wiring import reaches_balancer


@pytest.mark.parametrize(
    "address, bind, url, reaches",
    [
        ("127.0.0.1", "127.0.0.1", "", False),
        ("127.0.0.1", "127.0.0.1 10.0.0.5", "", False),
        ("127.0.0.1", "0.0.0.0", "", True),
        ("172.17.0.1", "127.0.0.1", "", False),
        ("172.17.0.1", "127.0.0.1 172.17.0.1", "", True),
        ("203.0.113.9", "0.0.0.0", "", True),
        ("10.0.0.5", "127.0.0.1", "https://10.0.0.5:8444", True),
        ("127.0.0.1", "127.0.0.1", "https://10.0.0.5:8444", False),
    ],
)
def test_containers_reach_a_balancer_that_listens_elsewhere_than_on_loopback(
    address: str, bind: str, url: str, reaches: bool
) -> None:
    options = SimpleNamespace(
        balancer_address=address,
        balancer_bind=tuple(bind.split()),
        balancer_url=url,
        engine_machine="",
    )
    assert reaches_balancer(options) is reaches


@pytest.mark.parametrize("address, reaches", [("127.0.0.1", False), ("10.0.0.5", True)])
def test_containers_of_another_machine_never_reach_it_on_loopback(
    address: str, reaches: bool
) -> None:
    options = SimpleNamespace(
        balancer_address=address,
        balancer_bind=("0.0.0.0",),
        balancer_url="",
        engine_machine="box",
    )

    assert reaches_balancer(options) is reaches
