"""The contract of what reads configuration repositories."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from ocim.adapters.memory.provisioners import MemoryProvisioner
from ocim.core.errors import PermanentError, ValidationError
from ocim.core.provisioning import ConfigurationSource
from ocim.ports.configurations import ConfigurationRepositories
from tests.adapters.ansible_support import Bench

GOOD = ConfigurationSource("builtin", "", "site.yml")
WITHOUT_PLAYBOOK = ConfigurationSource("builtin", "", "missing.yml")


@dataclass
class Kind:
    """Repositories of one kind; the built-in one has `site.yml`."""

    configurations: ConfigurationRepositories
    unknown: ConfigurationSource
    """A repository that is not there."""


def ansible(directory: Path) -> Kind:
    bench = Bench(directory)
    (bench.playbooks / "site.yml").write_text("- hosts: openedx_app\n")
    nowhere = ConfigurationSource(f"file://{directory}/nowhere", "master", "site.yml")
    return Kind(bench.provisioner, nowhere)


def memory(directory: Path) -> Kind:
    provisioner = MemoryProvisioner(
        refusals={"missing.yml": ValidationError(["There is no playbook missing.yml."])}
    )
    provisioner.repositories["builtin"] = directory
    (directory / "site.yml").touch()
    nowhere = ConfigurationSource("https://git.example.com/nowhere", "master", "site.yml")
    return Kind(provisioner, nowhere)


@pytest.fixture(params=[memory, ansible], ids=["memory", "ansible"])
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> Kind:
    made: Kind = request.param(tmp_path)
    return made


def test_the_files_of_a_configuration_can_be_read(kind: Kind) -> None:
    with kind.configurations.files(WITHOUT_PLAYBOOK) as (exact, directory):
        assert exact == WITHOUT_PLAYBOOK
        assert (directory / "site.yml").is_file()


def test_files_of_a_configuration_that_is_not_there_are_refused(kind: Kind) -> None:
    with pytest.raises(PermanentError), kind.configurations.files(kind.unknown):
        raise AssertionError("There are files.")


def test_a_playbook_is_found_or_refused_without_a_run(kind: Kind) -> None:
    kind.configurations.find_playbook(GOOD)
    with pytest.raises(ValidationError, match=r"missing\.yml"):
        kind.configurations.find_playbook(WITHOUT_PLAYBOOK)
