"""Where an Ansible configuration comes from: URL → the directory with its playbooks.

One class per kind of source; `Sources` picks the one that a URL leads to.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from ocim.core.errors import BadInput, OutsideRefusal
from ocim.core.spec import ConfigurationSource

BUILTIN = "builtin"


class Source(Protocol):
    """A configuration repository, whatever kind it is."""

    def playbooks(self, version: str) -> Path:
        """The directory with the playbooks of that version, ready to run."""


@dataclass(frozen=True)
class BuiltinSource:
    """Ocim's own `playbooks/`: there is one version of it, which is the one installed."""

    directory: Path

    def playbooks(self, version: str) -> Path:
        return self.directory


@dataclass(frozen=True)
class Sources:
    """Knows where every configuration URL leads."""

    builtin: Path
    rewrites: Mapping[str, str] = field(default_factory=dict)
    """URL prefix → what it is replaced by, the longest one first, as git's `insteadOf` does.

    What is replaced by `builtin` leads there whatever follows the prefix.
    """

    def playbook(self, source: ConfigurationSource) -> Path:
        """The playbook's file; BadInput or OutsideRefusal says why there is none."""
        directory = self._find(source.repository_url).playbooks(source.version)
        playbook = directory / source.playbook
        if playbook.resolve().parent != directory.resolve() or not playbook.is_file():
            there = ", ".join(sorted(path.name for path in directory.glob("*.yml")))
            raise BadInput(
                [f"There is no playbook {source.playbook!r} in {source.repository_url}."],
                remedy=f"Set configuration_playbook_name to one of: {there}.",
            )
        return playbook

    def _find(self, url: str) -> Source:
        if self._rewritten(url) == BUILTIN:
            return BuiltinSource(self.builtin)
        raise OutsideRefusal(
            f"The configuration repository {url} cannot be used: only {BUILTIN!r} can so far.",
            remedy=f"Set configuration_source_repo_url to {BUILTIN!r}, or rewrite the beginning "
            f"of that URL to {BUILTIN!r} in the settings.",
        )

    def _rewritten(self, url: str) -> str:
        prefixes = [prefix for prefix in self.rewrites if url.startswith(prefix)]
        if not prefixes:
            return url
        longest = max(prefixes, key=len)
        replacement = self.rewrites[longest]
        return replacement if replacement == BUILTIN else replacement + url[len(longest) :]
