"""The port of the repositories with Ansible's configuration."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from ocim.core.provisioning import ConfigurationSource


class ConfigurationRepositories(Protocol):
    """The port that reads configuration repositories; nothing of them is run."""

    def find_playbook(self, source: ConfigurationSource) -> None:
        """Check that the source contains a playbook, without running it.

        Fetch the source if it has not been fetched yet. Raise ValidationError or PermanentError if
        it cannot be fetched or contains no playbook.
        """

    def files(
        self, source: ConfigurationSource
    ) -> AbstractContextManager[tuple[ConfigurationSource, Path]]:
        """Yield the exact source and a directory with its files, for reading.

        The files do not change within the block. A source that was fetched before is not fetched
        again, even if its branch has moved since. Raise ValidationError or PermanentError if the
        source or version does not exist.
        """
