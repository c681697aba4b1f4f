from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models import F

from ocim import wiring
from ocim.console import lifecycle
from ocim.core.balancers import Access
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


def test_its_state_is_shown_with_the_certificates_on_the_way(ocim: Installation) -> None:
    ocim("balancer", "sync")
    ends = datetime(2027, 3, 4, 5, tzinfo=UTC)
    ocim.balancer.way = Access("https://b.example.com:8444", (("the manager's certificate", ends),))

    ran = ocim("balancer", "show")
    shown = ocim("balancer", "show", "--json").json

    assert ran.status == 0
    assert "https://b.example.com:8444" in ran.out
    assert "2027-03-04" in ran.out
    assert shown[0]["up to date"] is True
    assert shown[0]["version"] == LoadBalancingServer.objects.get().version


def test_a_balancer_that_lags_behind_makes_its_state_end_with_one(ocim: Installation) -> None:
    ocim("balancer", "sync")
    LoadBalancingServer.objects.update(wanted=F("wanted") + 1)

    assert ocim("balancer", "show").status == 1


def test_a_balancer_elsewhere_is_not_started_here(ocim: Installation, settings: Any) -> None:
    settings.OCIM = replace(settings.OCIM, balancer_url="https://b.example.com")
    programs = {program.name: program for program in lifecycle._programs()}
    assert not {"edge", "router"} & set(programs)
    assert [word for word in programs["guard"].argv if word.startswith("http")] == []


@pytest.mark.parametrize("words", [(), ("run",), ("run", "middle"), ("start",)])
def test_words_that_make_no_command_end_with_two(
    ocim: Installation, words: tuple[str, ...]
) -> None:
    assert ocim("balancer", *words).status == 2
