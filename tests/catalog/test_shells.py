"""Command lines of the services' shells."""

import os
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ocim.adapters.sessions import CommandSession
from ocim.catalog.releases import NAMES, Release, traits
from ocim.catalog.steps.shells import Part, manage, program, results, session
from ocim.core.hosts import Ran
from ocim.core.instance import Service
from tests.empty_service import MANAGE, empty_service_shell


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


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandSession]:
    with empty_service_shell(tmp_path_factory.mktemp("root")) as opened:
        yield opened


def ran(shell: CommandSession, *texts: str, stop: bool = False) -> Ran:
    """Return the answer to a program of parts whose function is `called`."""
    parts = [Part(text, "called", {"n": 1}) for text in texts]
    return shell.ask(program(parts, stop=stop), timeout=60.0)


def answers(shell: CommandSession, *texts: str, stop: bool = False) -> list[dict[str, Any]] | None:
    return results(ran(shell, *texts, stop=stop).output)


CHANGES = """
import os
import sys
def called(arguments):
    seen = getattr(sys, "changed", 0), "changed" in globals(), os.environ.get("CHANGED")
    sys.changed, globals()["changed"], os.environ["CHANGED"] = 1, 1, "1"
    return seen
"""
ENDS = "import sys\ndef called(arguments): sys.exit(2)"
KILLED = "import os, signal\ndef called(arguments): os.kill(os.getpid(), signal.SIGKILL)"
PRINTS = """
import os
import sys
def called(arguments):
    print("OCIM-RESULT without a result")
    os.write(2, b"a warning")
    return sys.stdin.read()
"""


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


def test_each_part_answers_although_another_fails(shell: CommandSession) -> None:
    assert answers(shell, FAILS, FINE) == [{"error": "ValueError: no course"}, {"result": 1}]


def test_parts_after_one_that_fails_are_not_run_where_that_matters(shell: CommandSession) -> None:
    assert answers(shell, FAILS, FINE, stop=True) == [{"error": "ValueError: no course"}]


def test_a_part_that_a_deadlock_ends_is_run_again(shell: CommandSession, tmp_path: Path) -> None:
    text = DEADLOCKED.format(path=str(tmp_path / "tries"), times=2)
    assert answers(shell, text) == [{"result": 3}]


def test_a_part_that_always_ends_in_a_deadlock_fails(shell: CommandSession, tmp_path: Path) -> None:
    text = DEADLOCKED.format(path=str(tmp_path / "tries"), times=9)
    [answer] = answers(shell, text) or []
    assert "Deadlock found" in answer["error"]
    assert len((tmp_path / "tries").read_text().split()) == 3


def test_a_program_finds_nothing_of_what_an_earlier_one_changed(shell: CommandSession) -> None:
    untouched = {"result": [0, False, None]}
    assert answers(shell, CHANGES) == [untouched]
    assert answers(shell, CHANGES) == [untouched]


def test_a_part_that_exits_has_failed_and_the_next_one_runs(shell: CommandSession) -> None:
    assert answers(shell, ENDS, FINE) == [{"error": "SystemExit: 2"}, {"result": 1}]


def test_a_program_that_is_killed_has_no_results_and_the_next_one_runs(
    shell: CommandSession,
) -> None:
    killed = ran(shell, KILLED)
    assert (killed.status, results(killed.output)) == (-9, None)
    assert answers(shell, FINE) == [{"result": 1}]


def test_a_program_may_print_and_has_an_empty_input(shell: CommandSession) -> None:
    printed = ran(shell, PRINTS)
    assert results(printed.output) == [{"result": ""}]
    assert printed.errors == "a warning"


DOCKER = """#!/bin/sh
echo "$1 $2 $3 $4 $5" > called
test "$1 $2" = "exec -i" || exit 64
cd container && shift 5 && exec "$@"
"""


def test_in_a_container_a_service_runs_as_it_is_set_up_there() -> None:
    traits_of = traits(Release.of("verawood"))
    lines = [manage(service, "shell", traits_of, provisioner="tutor") for service in Service]
    assert lines == [
        "exec ./manage.py lms shell",
        "exec ./manage.py cms shell",
        "exec ./manage.py shell",
        "exec ./manage.py shell",
    ]


def test_a_session_leads_into_the_container_of_the_hosts_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As in edx-platform, whose first argument says which of its two services runs.
    manage_py = f"#!{sys.executable}\nimport sys; assert sys.argv.pop(1) == 'cms'\n{MANAGE}\n"
    for name, text in {"docker": DOCKER, "container/manage.py": manage_py}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("COMPOSE_PROJECT_NAME", "appserver-1-abc")
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "django.conf.global_settings")
    argv = session(Service.STUDIO, traits(Release.of("verawood")), provisioner="tutor")
    with closing(CommandSession(argv, host="one")) as opened:
        assert answers(opened, FINE) == [{"result": 1}]
    assert (tmp_path / "called").read_text() == (
        "exec -i --env OCIM_SESSION appserver-1-abc-cms-1\n"
    )
