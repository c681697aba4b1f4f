from pathlib import Path

import pytest

from rehearsal.common.manage import main, service_of_environment, settings_named
from tests import configuration
from tests.processes import manage


@pytest.mark.parametrize(
    "arguments",
    [
        ["--settings=production", "migrate", "--noinput"],
        ["migrate", "--noinput", "--settings", "aws"],
    ],
)
def test_the_settings_option_may_stand_anywhere(arguments: list[str]) -> None:
    assert settings_named(arguments)[1] == ["migrate", "--noinput"]


def test_settings_that_no_server_uses_are_refused() -> None:
    with pytest.raises(SystemExit, match="devstack"):
        settings_named(["--settings=devstack", "migrate"])


def test_a_service_has_to_be_named() -> None:
    with pytest.raises(SystemExit, match=r"lms\|cms"):
        main(["manage.py", "migrate"])


@pytest.mark.parametrize(
    "module", ["discovery.settings.production", "rehearsal.discovery.settings"]
)
def test_the_environment_of_a_server_and_of_another_command_name_the_service(
    module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", module)
    monkeypatch.setenv("SERVICE_VARIANT", "discovery")
    assert service_of_environment() == "discovery"


@pytest.mark.parametrize(
    "release, named, works",
    [
        ("hawthorn.2", "production", False),
        ("hawthorn.2", "aws", True),
        ("ironwood.2", "production", True),
    ],
)
def test_the_settings_named_production_came_with_ironwood(
    release: str, named: str, works: bool, tmp_path: Path
) -> None:
    file = configuration.write(
        tmp_path, database=tmp_path / "edxapp.sqlite3", EDX_PLATFORM_VERSION=release
    )
    ran = manage(file, "lms", f"--settings={named}", "check")
    assert (ran.returncode == 0) is works
    assert ("the settings of hawthorn are 'aws'" in ran.stderr) is not works
