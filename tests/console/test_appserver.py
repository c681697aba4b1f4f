import json
import os
from typing import NoReturn

import pytest

from ocim import wiring
from ocim.adapters.memory.provisioners import MemoryRun
from ocim.operations.instances import preview_password
from ocim.operations.spawn import request
from ocim.store.models import OpenEdXInstance, Worker
from tests.console.conftest import CAMPUS, Installation


@pytest.fixture
def campus(ocim: Installation) -> int:
    return ocim.campus()


def states(ocim: Installation, *words: str) -> dict[int, tuple[str, bool]]:
    return {
        item["id"]: (item["state"], item["active"])
        for item in ocim("appserver", "list", *words, "--json").json
    }


def test_spawning_shows_its_progress(ocim: Installation, campus: int) -> None:
    ran = ocim("appserver", "spawn", CAMPUS)

    assert ran.status == 0
    [(appserver, state)] = states(ocim).items()
    assert state == ("running", False)
    assert f"app server {appserver}: Running." in ran.out


def test_spawning_for_scripts_is_one_document(ocim: Installation, campus: int) -> None:
    ran = ocim("appserver", "spawn", CAMPUS, "--count", "2", "--activate", "--json")

    assert [(item["state"], item["active"]) for item in ran.json] == [("running", True)] * 2
    assert len(ocim.balancer.route(CAMPUS)) == 2


def test_a_spawn_that_fails_says_why_and_changes_nothing(ocim: Installation, campus: int) -> None:
    good = ocim.served(campus)
    bad = good + 1
    ocim.provisioner.runs[f"appserver-{bad}"] = MemoryRun(("migrate",), fails_with="no column")

    ran = ocim("appserver", "spawn", CAMPUS, "--activate")

    assert ran.status == 1
    assert "migrate: no column" in ran.err
    assert states(ocim) == {bad: ("failed", False), good: ("running", True)}


def test_where_no_worker_is_alive_it_says_how_to_start_one(ocim: Installation, campus: int) -> None:
    Worker.objects.all().delete()

    ran = ocim("appserver", "spawn", CAMPUS)

    assert "HUEY_QUEUE_NAME=opencraft ocim worker" in ran.out


def test_the_old_one_is_relieved_by_the_new_one(ocim: Installation, campus: int) -> None:
    old, new = ocim.served(campus), ocim.served(campus)

    assert states(ocim) == {new: ("running", True), old: ("running", False)}

    assert ocim("appserver", "activate", old, "--keep").status == 0
    assert states(ocim) == {new: ("running", True), old: ("running", True)}


def test_taking_one_out_or_away_is_asked_about(ocim: Installation, campus: int) -> None:
    appserver = ocim.served(campus)

    for verb in ("deactivate", "terminate"):
        ran = ocim("appserver", verb, appserver)
        assert ran.status == 1
        assert "--yes" in ran.err
    assert states(ocim) == {appserver: ("running", True)}


def test_one_that_serves_is_not_terminated(ocim: Installation, campus: int) -> None:
    appserver = ocim.served(campus)

    ran = ocim("appserver", "terminate", appserver, "--yes")

    assert ran.status == 1
    assert "sends traffic to" in ran.err
    assert states(ocim) == {appserver: ("running", True)}


def test_a_terminated_one_is_listed_when_asked_for(ocim: Installation, campus: int) -> None:
    appserver = ocim.served(campus)

    assert ocim("appserver", "deactivate", appserver, "--yes").status == 0
    assert ocim("appserver", "terminate", appserver, "--yes").status == 0

    assert states(ocim) == {}
    assert states(ocim, "--terminated") == {appserver: ("terminated", False)}
    assert ocim.provider.list() == []


def test_those_of_one_instance_can_be_listed(ocim: Installation, campus: int) -> None:
    appserver = ocim.served(campus)
    ocim.served(ocim.campus(domain="b.example.com"))

    assert list(states(ocim, CAMPUS)) == [appserver]


def test_those_of_several_instances_are_not_changed_at_once(
    ocim: Installation, campus: int
) -> None:
    ours = ocim.served(campus)
    theirs = ocim.served(ocim.campus(domain="b.example.com"))

    ran = ocim("appserver", "deactivate", ours, theirs, "--yes")

    assert ran.status == 1
    assert "several instances" in ran.err


@pytest.mark.parametrize(
    "words",
    [
        ("show",),
        ("activate",),
        ("deactivate", "--yes"),
        ("logs",),
        ("terminate", "--yes"),
        ("shell",),
    ],
)
def test_an_app_server_that_does_not_exist_is_refused(
    ocim: Installation, words: tuple[str, ...]
) -> None:
    ran = ocim("appserver", *words, "999999")

    assert (ran.out, ran.status) == ("", 1)
    assert ran.err.startswith("Error: No app server 999999.\n")


@pytest.mark.parametrize(
    "words", [(), ("activate",), ("show", "one"), ("spawn", CAMPUS, "--count", "two")]
)
def test_words_that_make_no_command_end_with_two(
    ocim: Installation, words: tuple[str, ...]
) -> None:
    assert ocim("appserver", *words).status == 2


def test_without_waiting_it_says_that_it_was_asked_for(ocim: Installation, campus: int) -> None:
    appserver = ocim.served(campus)

    ran = ocim("appserver", "deactivate", appserver, "--yes", "--no-wait")

    assert ran.out == "Requested.\n"


def test_one_that_does_not_serve_can_be_opened_with_a_password(
    ocim: Installation, campus: int
) -> None:
    ocim("appserver", "spawn", CAMPUS)
    [appserver] = states(ocim)
    password = preview_password(OpenEdXInstance.objects.get()).reveal()

    masked = ocim("appserver", "show", appserver).out
    assert f"https://appserver-{appserver}.{CAMPUS}" in masked
    assert password not in masked

    assert password in ocim("appserver", "show", appserver, "--secrets").out
    assert password in ocim("appserver", "show", appserver, "--secrets", "--json").out


def test_the_log_is_lines_for_people_and_objects_for_scripts(
    ocim: Installation, campus: int
) -> None:
    appserver = ocim.served(campus)

    lines = ocim("appserver", "logs", appserver, "--follow").out.splitlines()
    objects = [
        json.loads(line) for line in ocim("appserver", "logs", appserver, "--json").out.splitlines()
    ]

    assert [line[9:].partition(" (")[0] for line in lines] == [item["text"] for item in objects]
    assert objects[-1]["text"] == "Active."


def test_a_shell_runs_on_the_host(
    ocim: Installation, campus: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    appserver = ocim.served(campus)
    [host] = ocim.provider.list()
    became: list[list[str]] = []

    def become(_file: str, argv: list[str]) -> NoReturn:
        became.append(argv)
        raise SystemExit(0)

    monkeypatch.setattr(os, "execvp", become)

    ocim("appserver", "shell", appserver)
    ocim("appserver", "shell", appserver, "--", "ls", "-l")

    assert became == [
        list(ocim.provider.command(host, ["bash"])),
        list(ocim.provider.command(host, ["ls", "-l"])),
    ]


def test_one_that_is_gone_has_no_shell(ocim: Installation, campus: int) -> None:
    ocim("appserver", "spawn", CAMPUS)
    [appserver] = states(ocim)
    ocim("appserver", "terminate", appserver, "--yes")

    ran = ocim("appserver", "shell", appserver)

    assert ran.status == 1
    assert "has no host" in ran.err


def test_what_was_asked_for_can_be_cancelled(ocim: Installation, campus: int) -> None:
    instance = OpenEdXInstance.objects.select_related("ref_set", "database_server").get(pk=campus)
    [made], _ = request(instance=instance, queue="opencraft", context=wiring.context())

    assert ocim("appserver", "cancel", made.pk).status == 0

    assert states(ocim) == {made.pk: ("failed", False)}


def test_where_nothing_is_being_done_nothing_can_be_cancelled(
    ocim: Installation, campus: int
) -> None:
    appserver = ocim.served(campus)

    ran = ocim("appserver", "cancel", appserver)

    assert (ran.status, ran.err) == (
        1,
        f"Error: App server {appserver} has no open job to cancel.\n",
    )
