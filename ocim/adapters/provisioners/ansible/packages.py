"""The packages that app servers on this machine install, in a cache that no run can write to."""

import hashlib
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import uv

from ocim.adapters.directory_cache import DirectoryCache, remove
from ocim.adapters.provisioners.ansible.files import own_index_environment
from ocim.adapters.provisioners.ansible.installing import install
from ocim.adapters.provisioners.ansible.sealed import Seal, is_intact, seal
from ocim.adapters.sandbox import Sandbox, View
from ocim.core.errors import PermanentError

FORMAT = "2"
LISTS = "requirements*.txt"
PYTHON = f"{sys.base_prefix}/bin/python{sys.version_info.major}.{sys.version_info.minor}"
PRIVATE = "uv"
"""Name of a run's own cache, in its directory."""
BUCKETS = ("archive-v", "builds-v", "sdists-v", "simple-v", "wheels-v")
"""Directories of uv's cache that hold packages; what else is there, each run makes for itself."""


@dataclass(frozen=True)
class Packages:
    """A cache of uv's, filled once with what a platform requires."""

    cache: Path

    def shown(self, directory: Path) -> Mapping[Path, Path]:
        """Return where a run with that private directory sees which part of the cache."""
        parts = [part for part in self.cache.iterdir() if part.name.startswith(BUCKETS)]
        return {directory / PRIVATE / part.name: part for part in sorted(parts)}


class PackageShelf:
    """Fills caches, one for each content of a platform's lists of requirements."""

    def __init__(self, directory: Path, sandbox: Sandbox) -> None:
        self._shelf = DirectoryCache(directory)
        self._sandbox = sandbox

    @contextmanager
    def packages(self, platform: Path) -> Iterator[Packages | None]:
        """Yield what the platform requires; None where it requires nothing."""
        lists = sorted(path for path in platform.resolve().glob(LISTS) if path.is_file())
        if not lists:
            yield None
            return
        name = _name(lists)
        with self._shelf.item(name, lambda path: self._fill(path, lists)) as path:
            if self._sandbox.is_available and not is_intact(
                path / "cache", Seal.read(self._shelf.record(name))
            ):
                raise PermanentError(
                    f"The package cache {path} was changed after it was filled.",
                    remedy=f"Find out by whom; then remove {path}.complete, and it is filled anew.",
                )
            yield Packages(path / "cache")

    def _fill(self, directory: Path, lists: list[Path]) -> str:
        work, filled = directory / "work", directory / "cache"
        for path in (directory, work, filled):
            path.mkdir()
        # One mount, or uv could not link what it installs.
        view = View((Path(uv.find_uv_bin()), lists[0].parent), (directory,))
        tool = [uv.find_uv_bin(), "--quiet", "--no-config"]
        commands = [[*tool, "venv", "--python", PYTHON, f"{work}/venv"]]
        sync = [*tool, "pip", "sync", "--require-hashes", "--python", f"{work}/venv/bin/python"]
        commands += [[*sync, str(one)] for one in lists]
        environment = {**own_index_environment(), "UV_CACHE_DIR": str(filled), "HOME": str(work)}
        for command in commands:
            install(
                self._sandbox, command, view, environment, cwd=work, what="The platform's packages"
            )
        remove(work)
        # uv goes on where it meets a read-only mount, but not where modes forbid it to write.
        what = f"The package cache for {lists[0].parent}"
        return seal(filled, what=what, read_only=False).text


def packages_directory() -> Path:
    """Return where caches are kept: the user's own, as all installations may share them."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ocim" / "packages"


def _name(lists: list[Path]) -> str:
    parts = [FORMAT, metadata.version("uv"), sys.version, PYTHON]
    parts += [f"{path.name}\0{path.read_text()}" for path in lists]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20]
