from collections.abc import Mapping
from pathlib import Path

import pytest

from ocim.adapters.provisioners.ansible.sources import Sources
from ocim.adapters.sandbox import Sandbox
from ocim.core.errors import PermanentError, ValidationError
from ocim.core.provisioning import ConfigurationSource

FORK = "https://github.com/open-craft/configuration"


@pytest.fixture
def playbooks(tmp_path: Path) -> Path:
    (tmp_path / "openedx_native.yml").touch()
    (tmp_path / "roles").mkdir()
    (tmp_path / "roles" / "tasks.yml").touch()
    return tmp_path


def find_playbook(
    playbooks: Path, url: str, rewrites: Mapping[str, str], name: str = "openedx_native.yml"
) -> Path:
    sources = Sources(playbooks, playbooks / "cache", Sandbox(), rewrites)
    with sources.playbook(ConfigurationSource(url, "juniper.2", name)) as (playbook, _):
        return playbook


@pytest.mark.parametrize("url", [FORK, f"{FORK}.git", f"{FORK}/"])
def test_a_rewritten_url_leads_to_builtin(playbooks: Path, url: str) -> None:
    assert find_playbook(playbooks, url, {FORK: "builtin"}) == playbooks / "openedx_native.yml"


def test_what_leads_to_builtin_is_said_to_be_that(playbooks: Path) -> None:
    sources = Sources(playbooks, playbooks / "cache", Sandbox(), {FORK: "builtin"})
    exact = sources.exact(ConfigurationSource(FORK, "juniper.2", "openedx_native.yml"))
    assert exact == ConfigurationSource("builtin", "juniper.2", "openedx_native.yml")


def test_the_longest_prefix_wins(playbooks: Path) -> None:
    rewrites = {"https://github.com/": "https://mirror.example.com/", FORK: "builtin"}
    assert find_playbook(playbooks, FORK, rewrites).parent == playbooks


def test_what_a_url_is_rewritten_to_may_lead_nowhere(playbooks: Path) -> None:
    with pytest.raises(PermanentError, match=r"/mirror/open-craft/configuration"):
        find_playbook(playbooks, FORK, {"https://github.com/": f"{playbooks}/mirror/"})


@pytest.mark.parametrize("playbook", ["../x.yml", "roles/tasks.yml", "/etc/passwd", "", "roles"])
def test_a_playbook_is_a_file_directly_in_its_directory(playbooks: Path, playbook: str) -> None:
    with pytest.raises(ValidationError, match=r"openedx_native\.yml"):
        find_playbook(playbooks, "builtin", {}, playbook)
