import pytest

from rehearsal.common.manage import main, without_settings


@pytest.mark.parametrize(
    "arguments",
    [
        ["--settings=production", "migrate", "--noinput"],
        ["migrate", "--noinput", "--settings", "aws"],
    ],
)
def test_the_settings_option_may_stand_anywhere(arguments: list[str]) -> None:
    assert without_settings(arguments) == ["migrate", "--noinput"]


def test_settings_that_no_server_uses_are_refused() -> None:
    with pytest.raises(SystemExit, match="devstack"):
        without_settings(["--settings=devstack", "migrate"])


def test_a_service_has_to_be_named() -> None:
    with pytest.raises(SystemExit, match=r"lms\|cms"):
        main(["manage.py", "migrate"])
