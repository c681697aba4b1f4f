"""The environments of Tutor, from the lock files."""

import subprocess
from pathlib import Path

import pytest

from ocim.adapters.provisioners.tutor.environments import TutorEnvironments
from ocim.adapters.sandbox import Sandbox
from ocim.core.errors import PermanentError
from tests.tutor_environments import LOCKS, tutor_environments

MAJORS = (19, 20, 21, 22)


@pytest.fixture
def environments(tmp_path: Path) -> TutorEnvironments:
    return TutorEnvironments(LOCKS, tmp_path, Sandbox())


@pytest.mark.parametrize("major", MAJORS)
def test_a_lock_brings_tutor_and_its_plugins_of_that_major(
    environments: TutorEnvironments, major: int
) -> None:
    locked = environments.locked(major)
    assert {"discovery", "forum", "indigo", "mfe"} <= set(locked.plugins)
    versions = [locked.version, *locked.plugins.values()]
    assert {version.partition(".")[0] for version in versions} == {str(major)}


def test_only_the_last_major_that_has_the_shop_brings_its_plugin(
    environments: TutorEnvironments,
) -> None:
    having = [major for major in MAJORS if "ecommerce" in environments.locked(major).plugins]
    assert having == [19]


@pytest.mark.xdist_group("tutor")
def test_an_environment_runs_the_version_that_the_lock_names(
    environments: TutorEnvironments,
) -> None:
    with tutor_environments().environment(22) as environment:
        bin_directory = environment.path / "bin"
        command = [f"{bin_directory}/python", "-B", f"{bin_directory}/tutor", "--version"]
        printed = subprocess.check_output(command, text=True)
    assert environments.locked(22).version in printed
    compiled = environment.path.glob("lib/*/site-packages/tutor/__pycache__/*.pyc")
    assert any(compiled), "each run would compile it again"


def test_a_package_with_another_hash_than_the_lock_names_is_refused(tmp_path: Path) -> None:
    locks = tmp_path / "locks"
    locks.mkdir()
    (locks / "tutor-build.txt").write_text(f"wheel==0.48.0 --hash=sha256:{'0' * 64}\n")
    (locks / "tutor-22.txt").write_text("tutor==22.0.3\n")
    environments = TutorEnvironments(locks, tmp_path / "cache", Sandbox())
    with (
        pytest.raises(PermanentError, match=r"Tutor cannot be installed: .*[Hh]ash"),
        environments.environment(22),
    ):
        pass
