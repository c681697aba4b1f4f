"""The files of `deploy`: units, the playbook, and the examples that operators copy."""

import re
import shutil
import subprocess
import sys
from configparser import RawConfigParser
from pathlib import Path

import pytest
import yaml

from ocim.processes.balancer import EDGE_SOCKETS, ROLES
from ocim.project.options import option_fields
from tests.acceptance.installation import REPOSITORY

DEPLOY = REPOSITORY / "deploy"
UNITS = {path.name: path for path in (DEPLOY / "systemd").iterdir()}
SERVICES = {name: path for name, path in UNITS.items() if name.endswith(".service")}
PROGRAM = "/opt/ocim/current/bin/ocim"
SETTINGS = {option.metadata["name"] for option in option_fields()}


def parsed(path: Path) -> RawConfigParser:
    unit = RawConfigParser()
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(path.read_text())
    return unit


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
@pytest.mark.parametrize("name", UNITS)
def test_systemd_finds_nothing_wrong_with_a_unit(name: str, tmp_path: Path) -> None:
    for each, path in UNITS.items():  # some name others
        (tmp_path / each).write_text(path.read_text().replace(PROGRAM, sys.executable))
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", tmp_path / name],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_hardened_and_never_gives_up(name: str) -> None:
    unit = parsed(SERVICES[name])
    service = unit["Service"]
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"
    assert (service["User"], service["UMask"], service["Restart"]) == ("ocim", "0077", "always")
    assert (service["NoNewPrivileges"], service["ProtectSystem"]) == ("true", "strict")
    assert service["CapabilityBoundingSet"] == ""
    assert service["ExecStart"].startswith(f"{PROGRAM} ")


def test_every_process_of_the_balancer_has_a_service() -> None:
    started = {parsed(path)["Service"]["ExecStart"] for path in SERVICES.values()}
    assert {f"{PROGRAM} balancer run {role}" for role in ROLES} <= started


def test_the_sockets_have_the_names_that_the_edge_asks_for() -> None:
    sockets = {name: parsed(path) for name, path in UNITS.items() if name.endswith(".socket")}
    assert {unit["Socket"]["FileDescriptorName"] for unit in sockets.values()} == {*EDGE_SOCKETS}
    edge = parsed(SERVICES["ocim-edge.service"])
    assert {*edge["Service"]["Sockets"].split()} == {*sockets}


def test_a_router_is_replaced_before_the_edge_gives_requests_up() -> None:
    assert int(parsed(SERVICES["ocim-router.service"])["Service"]["TimeoutStopSec"]) < 10


def test_the_playbook_is_a_playbook_for_the_example_of_an_inventory() -> None:
    checked = subprocess.run(
        [
            Path(sys.executable).with_name("ansible-playbook"),
            *("--syntax-check", "-i", "inventory.example.yml", "site.yml"),
        ],
        cwd=DEPLOY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr
    assert "WARNING" not in checked.stderr


@pytest.mark.parametrize("name", ["site.yml", "ocim.env.example", "inventory.example.yml"])
def test_settings_that_a_file_names_exist(name: str) -> None:
    text = (DEPLOY / name).read_text()
    assert set(re.findall(r"\b(?:OCIM_[A-Z_]+[A-Z]|DATABASE_URL)\b", text)) <= SETTINGS


def test_the_example_of_an_environment_has_what_the_playbook_writes_for_a_manager() -> None:
    lines = (DEPLOY / "ocim.env.example").read_text().splitlines()
    written = {line.partition("=")[0] for line in lines if not line.startswith("#")}
    assert all(re.fullmatch(r"[A-Z_]+='[^']*'", line) for line in lines if line[0] != "#")
    (play,) = yaml.safe_load((DEPLOY / "site.yml").read_text())
    inventory = yaml.safe_load((DEPLOY / "inventory.example.yml").read_text())["ocim"]["vars"]
    assert {
        *play["vars"]["common"],
        *inventory["ocim_settings"],
        *inventory["ocim_secrets"],
        "OCIM_BALANCER_URL",
    } == written
