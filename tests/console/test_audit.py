"""`ocim audit`."""

import csv
import json

import pytest

from ocim.console.command import system_user
from tests.console.conftest import CAMPUS, Installation


def test_a_command_is_recorded_with_the_systems_user(
    ocim: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_USER", "mira")
    ocim.campus()
    ran = ocim("audit", "--action", "instance.create", "--instance", CAMPUS)
    assert ran.status == 0, ran.err
    ((_, actor, _, action, target, _),) = ran.rows
    assert (actor, action) == ("command mira", "instance.create")
    assert CAMPUS in target


def test_without_sudo_the_user_is_who_runs_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUDO_USER", raising=False)
    monkeypatch.setenv("LOGNAME", "eve")
    assert system_user() == "eve"


def test_entries_are_exported_as_json_lines_and_csv(ocim: Installation) -> None:
    pk = ocim.campus()
    choice = ("--instance", pk, "--action", "instance", "--limit", 0)
    (line,) = ocim("audit", *choice, "--json").out.splitlines()
    entry = json.loads(line)
    assert (entry["action"], entry["target"]["id"]) == ("instance.create", str(pk))
    header, row = csv.reader(ocim("audit", *choice, "--csv").out.splitlines())
    assert row[header.index("action")] == "instance.create"


def test_an_unknown_action_is_refused_with_a_hint(ocim: Installation) -> None:
    ran = ocim("audit", "--action", "instance.creat", "--since", "soon")
    assert ran.status == 1
    assert "Did you mean 'instance.create'?" in ran.err
    assert "'soon' is no time" in ran.err
