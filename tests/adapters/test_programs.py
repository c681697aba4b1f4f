"""The places of programs that Ocim starts by name."""

from pathlib import Path

import pytest

from ocim.adapters import programs
from ocim.adapters.providers import ssh_client
from ocim.core.errors import PermanentError
from ocim.core.hosts import Connection, Host


@pytest.fixture
def nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.usefixtures("nothing")
def test_the_environments_own_are_beside_its_python() -> None:
    for name in ("ansible-playbook", "uvicorn", "supervisord", "ocim"):
        assert Path(programs.own(name)).exists()


def test_the_machines_are_found_on_path() -> None:
    assert programs.of_system("sh", package="dash").startswith("/")


@pytest.mark.usefixtures("nothing")
def test_one_that_is_not_installed_is_named_with_its_package() -> None:
    host = Host("one", "ssh", "10.0.0.1", Connection("ssh"))
    with pytest.raises(PermanentError, match="ssh is not installed") as error:
        ssh_client.run(host, ["true"])
    assert error.value.remedy == "Install it: apt-get install openssh-client."
