"""The units of `deploy/one-machine` are systemd's, and start commands that exist."""

import shlex
import shutil
import subprocess
from collections.abc import Iterator
from configparser import RawConfigParser
from pathlib import Path

import pytest
from django.core.management import BaseCommand, get_commands, load_command_class

from ocim.processes.balancer import EDGE_SOCKETS
from ocim.tasks import PERIODIC
from tests.acceptance.installation import REPOSITORY

PAGE = REPOSITORY / "docs/how-to/run-in-production.md"
THERE = "/srv/ocim/ocim"
"""Directory of the code in the page, and in the units."""
UNITS: dict[str, str] = {
    path.name: path.read_text().replace(THERE, str(REPOSITORY))
    for path in (REPOSITORY / "deploy/one-machine").iterdir()
}
SERVICES = {name: text for name, text in UNITS.items() if name.endswith(".service")}
SOCKETS = {name: text for name, text in UNITS.items() if name.endswith(".socket")}


def parsed(text: str) -> RawConfigParser:
    unit = RawConfigParser()
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(text)
    return unit


@pytest.mark.parametrize("text", SERVICES.values(), ids=SERVICES.keys())
def test_a_unit_runs_as_a_user_of_its_own_and_keeps_files_closed(text: str) -> None:
    unit = parsed(text)
    assert unit["Service"]["User"] == "ocim"
    assert unit["Service"]["UMask"] == "0077"
    assert unit["Install"]["WantedBy"] == "multi-user.target"


@pytest.mark.parametrize("name, text", SERVICES.items())
def test_a_unit_never_gives_up(name: str, text: str) -> None:
    unit = parsed(text)
    if unit["Service"].get("Type") != "oneshot":
        assert unit["Service"]["Restart"] == "always"
        assert unit["Unit"]["StartLimitIntervalSec"] == "0"


def test_a_socket_has_the_name_that_its_service_asks_for() -> None:
    result = {parsed(text)["Socket"]["FileDescriptorName"]: name for name, text in SOCKETS.items()}
    assert {*result} == {"web", *EDGE_SOCKETS}
    for name, text in SOCKETS.items():
        service = parsed(SERVICES[parsed(text)["Socket"]["Service"]])
        assert name in service["Service"]["Sockets"].split()
        assert name in service["Unit"]["Requires"].split()


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
@pytest.mark.parametrize("name", UNITS)
def test_systemd_finds_nothing_wrong_with_a_unit(name: str, tmp_path: Path) -> None:
    for each, text in UNITS.items():  # some name others
        (tmp_path / each).write_text(text)
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", tmp_path / name],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, checked.stderr) == (0, "")


def commands() -> Iterator[list[str]]:
    for text in SERVICES.values():
        service = parsed(text)["Service"]
        for key in ("ExecStart", "ExecStop"):
            if key in service:
                ocim, *words = shlex.split(service[key])
                assert ocim == f"{REPOSITORY}/.venv/bin/ocim"
                yield words


@pytest.mark.parametrize("words", list(commands()), ids=lambda words: "-".join(words[:3]))
def test_a_unit_starts_a_command_that_there_is(words: list[str]) -> None:
    name, *arguments = words
    app = get_commands()[name]
    command = app if isinstance(app, BaseCommand) else load_command_class(app, name)
    command.create_parser("ocim", name).parse_args(arguments)


def test_every_queue_has_a_worker() -> None:
    text = PAGE.read_text()
    for queue in ("opencraft", "opencraft_low_priority", PERIODIC):
        assert f"ocim-worker@{queue}" in text
