from pathlib import Path

import pytest

from ocim.console.overview import own_commands
from tests.console.processes import manage


@pytest.mark.parametrize("words", [(), ("--help",), ("help",)])
def test_ocims_own_commands_come_first(tmp_path: Path, words: tuple[str, ...]) -> None:
    ran = manage(tmp_path, *words)

    listed = [line.split()[0] for line in ran.stdout.splitlines() if line.startswith("  ")]
    assert ran.returncode == 0
    assert listed == own_commands()
    assert {"instance", "appserver", "config", "doctor", "up"} <= set(listed)


def test_djangos_commands_are_there_too(tmp_path: Path) -> None:
    listed = manage(tmp_path, "help", "--commands").stdout.split()

    assert {"instance", "migrate", "createsuperuser"} <= set(listed)


def test_a_misspelt_command_is_compared_with_those_there_are(tmp_path: Path) -> None:
    ran = manage(tmp_path, "instnce")

    assert ran.returncode == 1
    assert "Did you mean instance?" in ran.stderr


def test_the_help_does_not_need_right_settings(tmp_path: Path) -> None:
    ran = manage(tmp_path, OCIM_HTTPS_PORT="https", DATABASE_URL="paper://drawer")

    assert ran.returncode == 0
    assert "instance" in ran.stdout


def test_a_commands_help_has_examples_and_none_of_djangos_options(tmp_path: Path) -> None:
    ran = manage(tmp_path, "instance", "--help")

    assert "ocim instance create campus.example.com" in ran.stdout
    assert "--pythonpath" not in ran.stdout
