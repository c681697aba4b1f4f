"""`ocim services verify`, on services in memory."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ocim import wiring
from ocim.adapters.memory.search import MemorySearchServer
from ocim.core.jobs import VerifyJob
from ocim.core.secrets import Secret
from ocim.core.states import JobState
from ocim.operations import jobs
from ocim.store.models import Job, Lease, OpenEdXAppServer, OpenEdXInstance
from ocim.tasks.queues import work
from tests.console.conftest import CAMPUS, Installation
from tests.operations.verify.platform import Platform
from tests.service_shells import ServiceShells

URL = "http://search.example.com:9200"
ENABLE = ("services", "enable", CAMPUS, "ecommerce", "discovery", "--processor", "test-card")


@pytest.fixture
def platform(ocim: Installation, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Platform:
    """Return a platform with both services, which was not verified when it was activated."""
    settings.OCIM = replace(settings.OCIM, verify_services=False)
    wiring.context.cache_clear()
    platform = Platform()
    ocim.browsers.answer = platform.answer
    ocim.provider.cloud.answer = ServiceShells()
    ocim.search.servers[f"{URL}/"] = MemorySearchServer(password=Secret("secret"))
    monkeypatch.setenv("OCIM_SEARCH_PASSWORD", "secret")
    assert ocim("search-server", "register", "main", URL).status == 0
    campus = ocim.campus()
    assert ocim(*ENABLE, "--partner-code", "DEMO", "--currency", "GBP").status == 0
    ocim.served(campus)
    ocim.provider.cloud.answer = platform.ran
    return platform


def test_it_says_what_it_has_seen_and_where(ocim: Installation, platform: Platform) -> None:
    ran = ocim("services", "verify", CAMPUS, "--purchase")
    assert (ran.status, ran.err) == (0, "")
    assert "ok      ecommerce: payment processors: test-card\n" in ran.out
    assert "/api/v2/orders/DEMO-100002/ 200\n" in ran.out
    assert set(Lease.objects.values_list("holder", flat=True)) == {""}


def test_what_failed_says_what_to_do(ocim: Installation, platform: Platform) -> None:
    platform.processors = ()
    ran = ocim("services", "verify", CAMPUS)
    assert ran.status == 1
    assert "failed  ecommerce: payment processors: none on; test-card has keys and is" in ran.out
    assert "→ Turn on payment_processor_active_test-card" in ran.out
    assert "1 of " in ran.err


def test_for_scripts_it_is_one_document(ocim: Installation, platform: Platform) -> None:
    platform.cron = ""
    ran = ocim("services", "verify", CAMPUS, "--json")
    assert (ran.status, ran.json["ok"]) == (1, False)
    failed = [line["name"] for line in ran.json["lines"] if line["outcome"] == "failed"]
    assert failed == ["discovery: cron job"]


def test_it_is_a_job_that_waits_for_its_turn(ocim: Installation, platform: Platform) -> None:
    soon = wiring.context().now() + timedelta(seconds=2)
    Lease.objects.update(holder="another worker/1", expires_at=soon)
    ran = ocim("services", "verify", CAMPUS, "--purchase", "--no-wait")
    assert (ran.status, ran.out) == (0, "Requested.\n")
    job = Job.objects.latest("id")
    assert job.state == JobState.WAITING
    assert jobs.payload_of(job) == VerifyJob(OpenEdXAppServer.objects.get().pk, purchase=True)
    assert jobs.description(job).startswith("Verifying app server ")


def test_a_job_that_cannot_verify_says_why(ocim: Installation, platform: Platform) -> None:
    soon = wiring.context().now() + timedelta(seconds=2)
    Lease.objects.update(holder="another worker/1", expires_at=soon)
    ocim("services", "verify", CAMPUS, "--no-wait")
    OpenEdXAppServer.objects.update(is_active=False)
    Lease.objects.update(holder="")
    work("opencraft", OpenEdXInstance.objects.get().lease_id)
    job = Job.objects.latest("id")
    assert job.state == JobState.FAILED
    assert "is not active" in job.error


def test_without_an_app_server_that_serves_there_is_nothing_to_verify(ocim: Installation) -> None:
    ocim.campus()
    ran = ocim("services", "verify", CAMPUS)
    assert ran.status == 1
    assert "No app server serves" in ran.err
