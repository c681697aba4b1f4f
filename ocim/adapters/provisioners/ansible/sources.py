"""Sources of Ansible configurations: from a URL and a version to a playbook and its Ansible.

There is a class for each kind of source; `Sources` chooses the one for a URL.
"""

import hashlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import Protocol

from ocim.adapters.directory_cache import DirectoryCache
from ocim.adapters.provisioners.ansible.image_part import SUFFIX, digest_of
from ocim.adapters.provisioners.ansible.migrations_part import SUFFIX as OF_MIGRATIONS
from ocim.adapters.provisioners.ansible.recipes import ANSIBLE, recipe
from ocim.adapters.provisioners.environments import Environments
from ocim.adapters.provisioners.repositories.mirror import COMMIT, GitAccess, GitMirror
from ocim.adapters.provisioners.repositories.urls import git_url
from ocim.adapters.sandbox import Sandbox
from ocim.core.errors import ValidationError
from ocim.core.provisioning import BUILTIN, ConfigurationSource
from ocim.core.repositories import fault_of_playbook
from ocim.core.secrets import without_credentials
from ocim.parsing.tree import Tree


@dataclass(frozen=True)
class Configuration:
    """The playbooks of a version, and the Ansible that runs them."""

    root: Path
    """Directory of the configuration; Ansible runs in the directory of its playbook."""
    environment: Path = Path(sys.prefix)
    """The virtual environment of Ansible."""
    interpreter: Path = Path(sys.base_prefix)
    """The Python installation that the environment is based on."""
    is_builtin: bool = False
    content: str = ""
    """Identity of the playbooks: the commit, or a digest."""
    requirements: str = f"ansible-core {metadata.version('ansible-core')}"
    """Identity of the Ansible."""

    def tree(self) -> Tree:
        """Return the configuration's files, for reading."""
        return Tree(self.root)

    @property
    def ansible_playbook(self) -> Path:
        return self.environment / "bin" / "ansible-playbook"


class Source(Protocol):
    """A configuration repository of any kind."""

    def exact(self, version: str) -> str:
        """Return a version that always means the same: the commit, if the source has commits."""

    @contextmanager
    def configuration(self, version: str) -> Iterator[Configuration]:
        """Yield the configuration of that version, and keep it for the block."""

    @contextmanager
    def files(self, version: str) -> Iterator[tuple[str, Path]]:
        """Yield the exact version and its files; what was fetched before is not fetched again."""


@dataclass(frozen=True)
class BuiltinSource:
    """Ocim's own `playbooks/`, of which only the installed version exists."""

    directory: Path

    def exact(self, version: str) -> str:
        return version

    @contextmanager
    def configuration(self, version: str) -> Iterator[Configuration]:
        content = f"builtin {digest_of(self.directory)}"
        yield Configuration(self.directory, is_builtin=True, content=content)

    @contextmanager
    def files(self, version: str) -> Iterator[tuple[str, Path]]:
        yield version, self.directory


class GitSource:
    """A git repository, with a mirror for each URL and a checkout for each commit in `cache`."""

    def __init__(self, url: str, *, cache: Path, access: GitAccess, sandbox: Sandbox) -> None:
        # The whole URL counts: a URL without a password must not use what another one has fetched.
        self._key = hashlib.sha256(url.encode()).hexdigest()[:20]
        self._mirror = GitMirror(git_url(url), cache / "git" / f"{self._key}.git", access)
        self._checkouts = DirectoryCache(cache / "checkouts")
        self._environments = Environments(cache / "environments", sandbox, ANSIBLE)

    def exact(self, version: str) -> str:
        if COMMIT.fullmatch(version) and self._checkouts.holds(self._name(version)):
            return version
        return self._mirror.commit(version)

    @contextmanager
    def configuration(self, version: str) -> Iterator[Configuration]:
        commit = self.exact(version)
        with ExitStack() as stack:
            checkout = stack.enter_context(self._checkout(commit))
            configuration = Configuration(checkout, content=commit)
            if needed := recipe(checkout):
                environment = stack.enter_context(self._environments.environment(needed))
                configuration = replace(
                    configuration,
                    environment=environment.path,
                    interpreter=environment.interpreter,
                    requirements=needed.name,
                )
            yield configuration

    @contextmanager
    def files(self, version: str) -> Iterator[tuple[str, Path]]:
        commit = version
        if not (COMMIT.fullmatch(version) and self._checkouts.holds(self._name(version))):
            commit = self._mirror.commit(version, known_will_do=True)
        with self._checkout(commit) as checkout:
            yield commit, checkout

    def _checkout(self, commit: str) -> AbstractContextManager[Path]:
        return self._checkouts.item(
            self._name(commit), lambda path: self._mirror.check_out(commit, path)
        )

    def _name(self, commit: str) -> str:
        return f"{self._key}-{commit}"


@dataclass(frozen=True)
class Sources:
    """The sources of all configuration URLs."""

    builtin: Path
    cache: Path
    sandbox: Sandbox
    rewrites: Mapping[str, str] = field(default_factory=dict)
    """Replacements of URL prefixes; the longest prefix counts, as with git's `insteadOf`.

    A prefix that is replaced by `builtin` means Ocim's own playbooks, whatever follows it.
    """
    access: GitAccess = field(default_factory=GitAccess)

    def exact(self, source: ConfigurationSource) -> ConfigurationSource:
        """Return the source with an exact version, and with URL BUILTIN if it is Ocim's own."""
        version = self._find(source.repository_url).exact(source.version)
        return self._exact(source, version)

    @contextmanager
    def files(self, source: ConfigurationSource) -> Iterator[tuple[ConfigurationSource, Path]]:
        """Yield the exact source and all its files; no Ansible is installed."""
        with self._find(source.repository_url).files(source.version) as (version, directory):
            yield self._exact(source, version), directory

    @contextmanager
    def playbook(self, source: ConfigurationSource) -> Iterator[tuple[Path, Configuration]]:
        """Yield the playbook's path, and its configuration; raise an OcimError if there is none."""
        with self._find(source.repository_url).configuration(source.version) as configuration:
            yield playbook_in(configuration.root, source), configuration

    def _exact(self, source: ConfigurationSource, version: str) -> ConfigurationSource:
        is_builtin = self._rewritten(source.repository_url) == BUILTIN
        url = BUILTIN if is_builtin else source.repository_url
        return replace(source, repository_url=url, version=version)

    def _find(self, url: str) -> Source:
        leads_to = self._rewritten(url)
        if leads_to == BUILTIN:
            return BuiltinSource(self.builtin)
        return GitSource(leads_to, cache=self.cache, access=self.access, sandbox=self.sandbox)

    def _rewritten(self, url: str) -> str:
        prefixes = [prefix for prefix in self.rewrites if url.startswith(prefix)]
        if not prefixes:
            return url
        longest = max(prefixes, key=len)
        replacement = self.rewrites[longest]
        return replacement if replacement == BUILTIN else replacement + url[len(longest) :]


def playbook_in(root: Path, source: ConfigurationSource) -> Path:
    """Return the path of the source's playbook, in `playbooks/` or at the top.

    Raise ValidationError if there is no such playbook.
    """
    tree = Tree(root)
    directories = ["playbooks/", ""] if tree.has_directory("playbooks") else [""]
    if not fault_of_playbook(source.playbook):
        for directory in directories:
            if tree.has(f"{directory}{source.playbook}"):
                return root / directory / source.playbook
    files = {
        PurePosixPath(name).name for directory in directories for name in tree.files(directory)
    }
    playbooks = sorted(
        name
        for name in files
        if not fault_of_playbook(name) and not name.endswith((SUFFIX, OF_MIGRATIONS))
    )
    url = without_credentials(source.repository_url)
    raise ValidationError(
        [f"There is no playbook {source.playbook!r} in {url}."],
        remedy=f"Set configuration_playbook_name to one of: {', '.join(playbooks)}.",
    )
