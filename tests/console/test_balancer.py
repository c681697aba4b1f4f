from datetime import timedelta

import pytest

from ocim import wiring
from ocim.store.models import LoadBalancingServer
from tests.console.conftest import CAMPUS, Installation


def test_the_balancer_is_brought_to_what_the_database_says(ocim: Installation) -> None:
    ocim.balancer.running = False
    ocim.campus()
    assert ocim.balancer.site(CAMPUS) is None
    ocim.balancer.running = True

    ran = ocim("balancer", "sync")

    assert (ran.out, ran.status) == ("caddy: up to date\n", 0)
    assert ocim.balancer.site(CAMPUS) is not None


def test_another_process_that_is_at_it_is_mentioned(ocim: Installation) -> None:
    later = wiring.context().now() + timedelta(minutes=1)
    LoadBalancingServer.objects.update(claimed_by="another", claimed_until=later)

    assert "another process is updating it" in ocim("balancer", "sync").out


def test_a_balancer_that_does_not_run_is_said_to(ocim: Installation) -> None:
    ocim.balancer.running = False

    ran = ocim("balancer", "sync")

    assert ran.status == 1
    assert "not running" in ran.err


@pytest.mark.parametrize("words", [(), ("run",), ("run", "middle"), ("start",)])
def test_words_that_make_no_command_end_with_two(
    ocim: Installation, words: tuple[str, ...]
) -> None:
    assert ocim("balancer", *words).status == 2
