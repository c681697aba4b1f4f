import io
import sys
from collections.abc import Callable
from datetime import timedelta

import pytest

from ocim import wiring
from ocim.adapters.memory.provisioners import MemoryRun
from ocim.adapters.memory.search import MemorySearchServer
from ocim.core.secrets import Secret
from ocim.store.models import Lease
from tests.console.conftest import Installation

URL = "http://search.example.com:9200"
VARIABLE = "OCIM_SEARCH_PASSWORD"
DISCOVERY = "configuration_extra_settings=SANDBOX_ENABLE_DISCOVERY: true"


@pytest.fixture
def registered(ocim: Installation, monkeypatch: pytest.MonkeyPatch) -> Installation:
    ocim.search.servers[f"{URL}/"] = MemorySearchServer(password=Secret("secret"))
    monkeypatch.setenv(VARIABLE, "secret")
    ran = ocim("search-server", "register", "main", URL, "--json")
    assert ran.status == 0, ran.err
    assert ran.json["health"] == "ok"
    assert "secret" not in ran.out
    return ocim


def test_a_password_comes_by_standard_input(
    ocim: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    ocim.search.servers[f"{URL}/"] = MemorySearchServer(password=Secret("by pipe"))
    monkeypatch.setattr(sys, "stdin", io.StringIO("by pipe\n"))
    ran = ocim("search-server", "register", "main", URL, "--user", "elastic")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == f"Registered main: Elasticsearch 7.17.0 at {URL}/\n"


def test_without_a_password_it_says_how_to_give_one(
    ocim: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    ran = ocim("search-server", "register", "main", URL)
    assert ran.status == 1
    assert VARIABLE in ran.err


def test_a_wrong_password_enters_nothing(
    registered: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "wrong-one")
    registered.search.servers[f"{URL[:-1]}1/"] = MemorySearchServer(password=Secret("secret"))
    ran = registered("search-server", "register", "second", f"{URL[:-1]}1")
    assert ran.status == 1
    assert "401" in ran.err
    assert "wrong-one" not in ran.err
    assert len(registered("search-server", "list").rows) == 1


def test_the_list_counts_who_uses_it(registered: Installation) -> None:
    registered.campus(DISCOVERY)
    [row] = registered("search-server", "list", "--json").json
    assert row == {
        "name": "main",
        "url": f"{URL}/",
        "version": "7.17.0",
        "instances": 1,
        "accepts new": True,
        "host": None,
    }


def test_one_is_shown_with_what_each_instance_has_there(registered: Installation) -> None:
    registered.campus(DISCOVERY)
    shown = registered("search-server", "show", "main")
    assert "0 indexes, 0 documents" in shown.out
    registered.search.away.add(f"{URL}/")
    shown = registered("search-server", "show", "main")
    assert shown.status == 0
    assert "does not answer" in shown.out


def test_one_that_is_used_stays(registered: Installation) -> None:
    registered.campus(DISCOVERY)
    ran = registered("search-server", "remove", "main", "--yes")
    assert ran.status == 1
    assert "campus.example.com" in ran.err


def test_one_is_made_and_taken_away(ocim: Installation, types: Callable[[str], None]) -> None:
    made = ocim("search-server", "create", "main", "--json")
    assert made.status == 0, made.err
    assert made.json["host"] == "search-main"
    [host] = ocim("host", "list", "--json").json
    assert host["state"] == "search server"
    types("n")
    assert ocim("search-server", "remove", "main").status == 1
    types("y")
    assert ocim("search-server", "remove", "main").status == 0
    assert ocim("host", "list", "--json").json == []


def test_its_creation_can_be_left_to_a_worker_and_cancelled(ocim: Installation) -> None:
    hold = Lease.objects.filter(searchserver__isnull=False)
    ocim.provisioner.runs["search-main"] = MemoryRun(fails_with="no disk")
    ran = ocim("search-server", "create", "main", "--no-wait")
    assert (ran.status, ran.out) == (0, "Creating search server main.\n")
    soon = wiring.context().now() + timedelta(seconds=10)
    hold.update(holder="another worker/1", expires_at=soon)
    assert ocim("search-server", "create", "main", "--no-wait").status == 0
    shown = ocim("search-server", "show", "main").out
    assert "in creation: `ocim search-server logs main --follow` shows it" in shown
    assert "busy" in ocim("search-server", "remove", "main", "--yes").err
    ran = ocim("search-server", "cancel", "main")
    assert ran.out == "Cancellation requested; the job ends within seconds.\n"
    hold.update(holder="")
    assert "Cancelled." in ocim("search-server", "create", "main").err
    ocim.provisioner.runs.clear()
    assert "Created main at " in ocim("search-server", "create", "main").out


def test_the_log_of_its_creation_can_be_read_again(ocim: Installation) -> None:
    ocim.provisioner.runs["search-main"] = MemoryRun(fails_with="no disk")
    ran = ocim("search-server", "create", "main")
    assert (ran.status, ran.err.count("no disk")) == (1, 1)
    assert "Provisioning search-main at " in ran.out
    lines = ocim("search-server", "logs", "main", "--follow").out.splitlines()
    assert "Asking local for a host." in lines[0]
    assert "Failed: " in lines[-1]


def test_a_name_that_is_none_is_answered_with_those_there_are(registered: Installation) -> None:
    ran = registered("search-server", "show", "other")
    assert ran.status == 1
    assert "Registered: main." in ran.err


def test_the_doctor_finds_one_that_does_not_answer(registered: Installation) -> None:
    assert "main" not in registered("doctor").out
    registered.search.away.add(f"{URL}/")
    output = registered("doctor").out
    assert "does not answer" in output
