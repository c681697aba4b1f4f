"""Private repositories behind a real sshd."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ocim.adapters.provisioners.ansible.sources import Sources
from ocim.adapters.provisioners.repositories.mirror import GitAccess
from ocim.adapters.sandbox import Sandbox
from ocim.core.errors import PermanentError
from ocim.core.provisioning import ConfigurationSource
from tests.adapters.git_support import repository
from tests.ssh_server import needs_sshd, ssh_server

pytestmark = needs_sshd


@dataclass
class Server:
    source: ConfigurationSource
    key: Path
    known_hosts: Path


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with ssh_server(tmp_path) as sshd:
        path = repository(tmp_path / "configuration").directory
        url = f"ssh://{sshd.user}@127.0.0.1:{sshd.port}{path}"
        yield Server(ConfigurationSource(url, "master", "site.yml"), sshd.key, sshd.known_hosts)


def sources(tmp_path: Path, access: GitAccess) -> Sources:
    return Sources(tmp_path, tmp_path / "cache", Sandbox(), access=access)


def test_a_private_repository_is_read_with_the_key(tmp_path: Path, server: Server) -> None:
    access = GitAccess((server.key,), server.known_hosts)
    reachable = sources(tmp_path, access)
    with reachable.playbook(reachable.exact(server.source)) as (playbook, _):
        assert "hello" in playbook.read_text()


def test_a_private_repository_is_refused_without_the_key(tmp_path: Path, server: Server) -> None:
    access = GitAccess((Path(f"{tmp_path}/other"),), server.known_hosts)
    with pytest.raises(PermanentError, match="OCIM_GIT_KEYS"):
        sources(tmp_path, access).exact(server.source)


def test_a_server_that_is_not_known_is_refused(tmp_path: Path, server: Server) -> None:
    access = GitAccess((server.key,), tmp_path / "none")
    with pytest.raises(PermanentError, match="OCIM_GIT_KNOWN_HOSTS"):
        sources(tmp_path, access).exact(server.source)
