"""Any process may be killed at any moment: all recovers, nothing is stuck, nothing made twice."""

import httpx
import pytest

from tests.acceptance.installation import Installation, until
from tests.acceptance.spine import (
    answers,
    is_served,
    killed_worker_is_replaced,
    spawn_and_wait_for_ansible,
)

pytestmark = pytest.mark.timeout(600)


def test_a_worker_that_is_killed_while_it_provisions_is_replaced(
    installation: Installation,
) -> None:
    killed_worker_is_replaced(installation, "worker.localhost")


def quietly(installation: Installation, domain: str) -> bool:
    try:
        return answers(installation, domain)
    except httpx.HTTPError:
        return False


def test_what_was_interrupted_goes_on_at_the_next_start(installation: Installation) -> None:
    domain = "resumed.localhost"
    installation.instance(domain)
    spawn_and_wait_for_ansible(installation, domain)
    installation.stop()
    assert [process.cmdline() for process in installation.everything()] == []
    installation.start()
    until(lambda: is_served(installation, domain), installation.log())
    assert len(installation.appservers(domain)) == 1
