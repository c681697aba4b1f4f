"""The Ansible that a configuration repository brings, mostly a small stand-in for it."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ocim.adapters.provisioners.ansible.recipes import ANSIBLE, KNOWN_GOOD, recipe
from ocim.adapters.provisioners.environments import Environments, Recipe
from ocim.adapters.sandbox import Sandbox
from ocim.core.errors import PermanentError


def wheel(directory: Path) -> str:
    """Return a requirement that brings `ansible-playbook`: a stand-in in `directory`."""
    directory.mkdir(exist_ok=True)
    file = directory / "ansible_core-9.9-py3-none-any.whl"
    info = "ansible_core-9.9.dist-info"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("stand_in.py", "def main():\n    print('I stand in')\n")
        archive.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: ansible-core\nVersion: 9.9\n"
        )
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(
            f"{info}/entry_points.txt", "[console_scripts]\nansible-playbook = stand_in:main\n"
        )
        archive.writestr("ansible_core-9.9.data/scripts/script.py", "#!python\n")
        archive.writestr(f"{info}/RECORD", "")
    return f"./{file.name}"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    checkout = tmp_path / "checkout"
    (checkout / "requirements.txt").parent.mkdir()
    (checkout / "requirements.txt").write_text(wheel(checkout))
    return checkout


@pytest.fixture
def environments(tmp_path: Path) -> Environments:
    return Environments(tmp_path / "environments", Sandbox(), ANSIBLE)


def wanted(checkout: Path) -> Recipe:
    result = recipe(checkout)
    assert result
    return result


def test_an_environment_has_what_the_repository_requires(
    environments: Environments, checkout: Path
) -> None:
    with environments.environment(wanted(checkout)) as environment:
        command = [str(environment.path / "bin" / "ansible-playbook")]
        assert subprocess.check_output(command, text=True) == "I stand in\n"


def test_the_same_requirements_are_installed_once(
    environments: Environments, checkout: Path
) -> None:
    with environments.environment(wanted(checkout)) as first:
        made = (first.path / "pyvenv.cfg").stat()
    with environments.environment(wanted(checkout)) as second:
        present = (second.path / "pyvenv.cfg").stat()
    assert (present.st_ino, present.st_ctime_ns) == (made.st_ino, made.st_ctime_ns)


def test_other_requirements_are_another_environment(checkout: Path) -> None:
    before = wanted(checkout)
    (checkout / "requirements.txt").write_text("ansible-core==2.19.0")
    assert wanted(checkout).name != before.name


BUILD = """
import sys
from pathlib import Path
from ocim.adapters.provisioners.environments import Environments
from ocim.adapters.provisioners.ansible.recipes import ANSIBLE, recipe
from ocim.adapters.sandbox import Sandbox

environments = Environments(Path(sys.argv[1]), Sandbox(), ANSIBLE)
with environments.environment(recipe(Path(sys.argv[2]))) as environment:
    print((environment.path / "bin" / "ansible-playbook").stat().st_ino)
"""


def test_two_processes_that_want_the_same_at_once_share_it(tmp_path: Path, checkout: Path) -> None:
    command = [sys.executable, "-c", BUILD, str(tmp_path / "environments"), str(checkout)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    first, second = (process.communicate()[0] for process in running)
    assert first
    assert first == second


def test_requirements_that_cannot_be_had_are_told(
    environments: Environments, checkout: Path
) -> None:
    (checkout / "requirements.txt").write_text("./missing-1.0-py3-none-any.whl")
    with (
        pytest.raises(PermanentError, match="missing"),
        environments.environment(wanted(checkout)),
    ):
        pass


def test_requirements_without_ansible_are_told(environments: Environments, checkout: Path) -> None:
    (checkout / "requirements.txt").write_text("# nothing\n")
    with (
        pytest.raises(PermanentError, match="do not bring Ansible"),
        environments.environment(wanted(checkout)),
    ):
        pass


def test_what_a_requirement_runs_when_it_is_built_cannot_read_the_managers_files(
    tmp_path: Path, environments: Environments, checkout: Path
) -> None:
    if not Sandbox().isolation().is_sandbox:
        pytest.skip("needs bubblewrap")
    (tmp_path / "master.key").write_text("the master key")
    (checkout / "evil").mkdir()
    (checkout / "evil" / "build.py").write_text(
        f"raise SystemExit('read: ' + open({str(tmp_path / 'master.key')!r}).read())"
    )
    (checkout / "evil" / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "build"\nbackend-path = ["."]\n'
    )
    (checkout / "requirements.txt").write_text("./evil")
    with (
        pytest.raises(PermanentError) as failed,
        environments.environment(wanted(checkout)),
    ):
        pass
    assert "No such file" in str(failed.value)
    assert "the master key" not in str(failed.value)


def test_a_repository_without_requirements_wants_none(tmp_path: Path) -> None:
    assert recipe(tmp_path) is None


@pytest.mark.parametrize(
    "line",
    [
        "ansible==2.7.12",
        "ansible==2.8.20  # maple",
        "git+https://github.com/edx/ansible.git@v2.3.1-edx#egg=ansible",
    ],
)
def test_ansible_of_the_old_releases_is_replaced_by_what_is_known_to_run_them(
    tmp_path: Path, line: str
) -> None:
    (tmp_path / "requirements.txt").write_text(f"boto==2.49.0\n{line}\n")
    assert wanted(tmp_path).requirements == KNOWN_GOOD


@pytest.mark.parametrize("pin", ["ansible==2.9.27", "ansible-base==2.10.17"])
def test_a_jinja_that_this_python_cannot_import_is_overridden(tmp_path: Path, pin: str) -> None:
    (tmp_path / "requirements.txt").write_text(f"{pin}\njinja2==2.8\n")
    assert "jinja2==3.0.3" in wanted(tmp_path).overrides


def test_newer_ansible_is_installed_as_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("ansible-core==2.16.3\n")
    assert (wanted(tmp_path).requirements, wanted(tmp_path).overrides) == (
        "ansible-core==2.16.3\n", "",
    )  # fmt: skip


def test_requirements_that_lead_out_of_the_repository_are_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("the master key")
    (tmp_path / "checkout").mkdir()
    (tmp_path / "checkout" / "requirements.txt").symlink_to("../secret")
    with pytest.raises(PermanentError, match="out of the repository"):
        recipe(tmp_path / "checkout")
