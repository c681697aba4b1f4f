"""Command lines of the services' shells."""

from pathlib import Path
from typing import Any

import pytest

from ocim.catalog.releases import NAMES, Release, traits
from ocim.catalog.steps.shells import Part, manage, program, results
from ocim.core.instance import Service


def line(service: Service, release: str) -> str:
    return manage(service, "shell", traits(Release.of(release)))


@pytest.mark.parametrize("release", NAMES)
def test_commands_need_nothing_of_the_directory_of_links_whose_content_depends_on_the_release(
    release: str,
) -> None:
    lines = [line(service, release) for service in Service]
    assert not [text for text in lines if "/edx/bin" in text]
    assert line(Service.ECOMMERCE, release) == (
        "cd /edx/app/ecommerce/ecommerce && . /edx/app/ecommerce/ecommerce_env &&"
        " exec /edx/app/ecommerce/venvs/ecommerce/bin/python ./manage.py shell"
    )


@pytest.mark.parametrize(
    "release, settings",
    [("ginkgo", "aws"), ("hawthorn", "aws"), ("ironwood", "production"), ("ulmo", "production")],
)
def test_the_settings_of_lms_and_studio_are_those_of_the_release(
    release: str, settings: str
) -> None:
    for service, variant in ((Service.LMS, "lms"), (Service.STUDIO, "cms")):
        assert f"./manage.py {variant} --settings={settings} shell" in line(service, release)


def answers(
    capsys: pytest.CaptureFixture[str], *texts: str, stop: bool = False
) -> list[dict[str, Any]] | None:
    """Run parts whose function is `called`, as a service's shell does."""
    exec(program([Part(text, "called", {"n": 1}) for text in texts], stop=stop), {})  # noqa: S102 - the text is ours
    return results(capsys.readouterr().out)


FINE = "def called(arguments): return arguments['n']"
FAILS = "def called(arguments): raise ValueError('no course')"
DEADLOCKED = """
def called(arguments):
    with open({path!r}, "a+") as file:
        file.write("tried ")
        file.seek(0)
        tries = len(file.read().split())
    if tries <= {times}:
        raise RuntimeError(1213, "Deadlock found when trying to get lock")
    return tries
"""


def test_each_part_answers_although_another_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert answers(capsys, FAILS, FINE) == [{"error": "ValueError: no course"}, {"result": 1}]


def test_parts_after_one_that_fails_are_not_run_where_that_matters(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert answers(capsys, FAILS, FINE, stop=True) == [{"error": "ValueError: no course"}]


def test_a_part_that_a_deadlock_ends_is_run_again(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    text = DEADLOCKED.format(path=str(tmp_path / "tries"), times=2)
    assert answers(capsys, text) == [{"result": 3}]


def test_a_part_that_always_ends_in_a_deadlock_fails(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    text = DEADLOCKED.format(path=str(tmp_path / "tries"), times=9)
    [answer] = answers(capsys, text) or []
    assert "Deadlock found" in answer["error"]
    assert len((tmp_path / "tries").read_text().split()) == 3
