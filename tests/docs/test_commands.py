"""Commands in the pages: each is typed, in order, and must print what the page shows."""

import shutil
import sys
from collections.abc import Iterator
from functools import partial
from importlib import metadata
from pathlib import Path

import pytest

from tests.acceptance.installation import REPOSITORY, Installation, installed
from tests.docs.console import Shell, fits, steps
from tests.docs.pages import blocks
from tests.wheels import run_uv

pytestmark = [pytest.mark.timeout(900), pytest.mark.xdist_group("docs")]

HOW_TO = sorted((REPOSITORY / "docs/how-to").glob("*.md"))


class OfReader(Installation):
    """An installation of the wheel, as `make run` starts it, away from the checkout.

    It is of somebody who has no other: images are built from the files of the wheel.
    """

    up = ("up",)
    shares_images = False

    def __init__(self, directory: Path, environment: Path) -> None:
        super().__init__(directory)
        self.program = str(environment / "bin/ocim")


def follow(page: Path, shell: Shell) -> None:
    """Type all that the page says to type."""
    for block in blocks(page, "console"):
        for step in steps(block.text):
            if step.command.startswith("curl ") and not shutil.which("curl"):
                continue
            output = shell.start_said() if step.command == "make run" else shell.run(step.command)
            assert fits(output, step.said), f"{page.name}: {step.command} said:\n{output}"


@pytest.fixture(scope="module")
def new_installation(
    wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    environment = tmp_path_factory.mktemp("wheel") / "venv"
    python = environment / "bin/python"
    run_uv("venv", "--python", sys.executable, environment)
    locked = REPOSITORY / "requirements/ocim.txt"
    run_uv("pip", "sync", "--python", python, "--require-hashes", locked)
    run_uv("pip", "install", "--python", python, "--no-deps", wheel)
    reader = partial(OfReader, environment=environment)
    with installed(tmp_path_factory.mktemp("ocim"), reader) as running:
        yield running


@pytest.fixture(scope="module")
def end_of_tutorial(
    new_installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """Return the instances that there are after the tutorial."""
    with Shell(new_installation, tmp_path_factory.mktemp("clone")) as shell:
        follow(REPOSITORY / "docs/tutorial.md", shell)
        return shell.run("ocim instance list --archived")


@pytest.fixture(scope="module")
def installation(new_installation: Installation, end_of_tutorial: str) -> Installation:
    """Return the installation as the tutorial leaves it."""
    assert end_of_tutorial
    return new_installation


def test_the_tutorial_leads_to_its_end(end_of_tutorial: str) -> None:
    assert end_of_tutorial.count("\n") == 3


@pytest.mark.parametrize("page", HOW_TO, ids=lambda page: page.stem)
def test_what_a_how_to_page_says_to_type_works(
    page: Path, installation: Installation, tmp_path: Path
) -> None:
    with Shell(installation, tmp_path) as shell:
        follow(page, shell)
    assert str(REPOSITORY) not in installation.log()


def test_an_installed_wheel_has_its_version(installation: Installation) -> None:
    assert installation.ocim("--version") == f"ocim {metadata.version('ocim')}\n"


@pytest.mark.parametrize(
    "said, expected, does_fit",
    [
        ("14:00:01 app server 1: Running.\n", ["14:02:17 app server 1: Running."], True),
        ("one\n\ntwo\n", ["one", "two"], True),
        ("one\ntwo\nthree\n", ["…", "three"], True),
        ("id\tname\n1\tDemo\n", ["id  name", "1   Demo"], True),
        ("the end is near\n", ["the … near"], True),
        ("one\n", [], False),
        ("", ["one"], False),
        ("one\ntwo\n", ["one"], False),
        ("Error: no.\n", ["Done."], False),
    ],
)
def test_what_is_said_is_compared_with_what_the_page_says(
    said: str, expected: list[str], does_fit: bool
) -> None:
    assert fits(said, expected) == does_fit


def test_a_here_document_belongs_to_its_command() -> None:
    first, second = steps("$ cat > a <<'END'\n$ x\nEND\n$ ls\na\n")
    assert first.command == "cat > a <<'END'\n$ x\nEND"
    assert (second.command, second.said) == ("ls", ["a"])
