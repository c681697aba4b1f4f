"""The complete lists of what checks and runs may read and write.

No entry comes from a file that a repository or a build has written, nor from a setting of an
instance. Sandboxes add only the system, Ocim's code and Python.
"""

from collections.abc import Iterable
from pathlib import Path

import uv

from ocim.adapters.provisioners.ansible.packages import Packages
from ocim.adapters.provisioners.ansible.sources import Configuration
from ocim.adapters.sandbox import View
from ocim.core.provisioning import ProvisionJob


def check_view(configuration: Configuration, directory: Path) -> View:
    """Return what a syntax check sees; it has no network."""
    return View(_playbooks(configuration), (directory,), network=False)


def run_view(
    job: ProvisionJob,
    configuration: Configuration,
    directory: Path,
    *,
    archive: Path | None = None,
    index_files: Iterable[Path] = (),
    packages: Packages | None = None,
) -> View:
    """Return what a run sees.

    `directory`: its private one. `archive`: the platform's. `index_files`: files that the manager's
    environment names to reach the package index.
    """
    host = job.host
    ssh_files = [host.connection.key_file, host.connection.known_hosts_file]
    readable = (
        *_playbooks(configuration),
        Path(uv.find_uv_bin()),
        *([archive] if archive else []),
        *index_files,
        *map(Path, filter(None, ssh_files)),
        *map(Path, host.shared),
    )
    own = (*job.directories, host.root) if host.connection.kind == "local" else ()
    shown = packages.shown(directory) if packages else {}
    return View(readable, (directory, *map(Path, own)), shown)


def _playbooks(configuration: Configuration) -> tuple[Path, ...]:
    return configuration.root, configuration.environment, configuration.interpreter
