"""Git repositories of one test, with playbooks in them."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ocim.core.provisioning import ConfigurationSource

PLAYBOOK = "- hosts: openedx_app\n  gather_facts: false\n  tasks:\n"
GREET = "    - copy: {content: hello, dest: '{{ ocim_host_root }}/greeting'}\n"


@dataclass
class Repository:
    """A repository whose work tree is `directory`."""

    directory: Path

    def __post_init__(self) -> None:
        self.directory.mkdir(parents=True)
        self.git("init", "-q", "-b", "master")

    @property
    def url(self) -> str:
        return f"file://{self.directory}"

    def commit(self, files: dict[str, str]) -> str:
        """Commit the files, keep those that exist, and return the commit."""
        for name, content in files.items():
            path = self.directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        self.git("add", "--all")
        self.git("commit", "-q", "--allow-empty", "-m", "change")
        return self.git("rev-parse", "HEAD")

    def git(self, *arguments: str, stdin: str = "") -> str:
        roles = ("AUTHOR_NAME", "AUTHOR_EMAIL", "COMMITTER_NAME", "COMMITTER_EMAIL")
        identity = {f"GIT_{role}": "t@e.st" for role in roles}
        environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, **identity}
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.directory,
            env=environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def source(self, version: str, playbook: str = "site.yml") -> ConfigurationSource:
        return ConfigurationSource(self.url, version, playbook)


def repository(directory: Path, greeting: str = "hello") -> Repository:
    """Return a repository with a single commit on `master`, laid out as upstream's."""
    made = Repository(directory)
    made.commit({"playbooks/site.yml": PLAYBOOK + GREET.replace("hello", greeting)})
    return made
