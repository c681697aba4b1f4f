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
    """An installation of somebody who has no other, and sees images being built."""

    shares_images = False


class WithDemo(OfReader):
    """An installation as `make run` starts it."""

    up = ("up",)


class OfWheel(OfReader):
    """An installation of the wheel, in an environment of its own away from the checkout.

    Images are built from the files of the wheel.
    """

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


def test_the_tutorial_leads_to_its_end(tmp_path: Path) -> None:
    with (
        installed(tmp_path / "ocim", WithDemo) as installation,
        Shell(installation, tmp_path) as shell,
    ):
        follow(REPOSITORY / "docs/tutorial.md", shell)
        assert shell.run("ocim instance list --archived").count("\n") == 3


@pytest.fixture(scope="module")
def installation(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    environment = tmp_path_factory.mktemp("wheel") / "venv"
    python = environment / "bin/python"
    run_uv("venv", "--python", sys.executable, environment)
    locked = REPOSITORY / "requirements/ocim.txt"
    run_uv("pip", "sync", "--python", python, "--require-hashes", locked)
    run_uv("pip", "install", "--python", python, "--no-deps", wheel)
    of_wheel = partial(OfWheel, environment=environment)
    with installed(tmp_path_factory.mktemp("ocim"), of_wheel) as running:
        yield running


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
