"""Caches of the packages that app servers on this machine install; no run can write to them."""

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
from ocim.adapters.provisioners.installing import install
from ocim.adapters.provisioners.package_index import own_index_environment
from ocim.adapters.provisioners.sealed import Seal, is_intact, seal
from ocim.adapters.sandbox import Sandbox, View
from ocim.core.errors import PermanentError

FORMAT = "4"
SUBJECT = "The platform's packages"
LISTS = "requirements*.txt"
PYTHON = f"{sys.base_prefix}/bin/python{sys.version_info.major}.{sys.version_info.minor}"
PRIVATE = "uv"
"""Name of a run's own cache in its private directory."""
DATE = 315532800
"""Time of the last change that a cache's Python files have, in seconds since 1970.

Compiled code is only valid beside a file of the time that it was compiled from, and copies are new.
"""
BUCKETS = ("archive-v", "builds-v", "sdists-v", "simple-v", "wheels-v")
"""Prefixes of uv's cache directories that hold packages; a run makes the others for itself."""


@dataclass(frozen=True)
class Packages:
    """A cache of uv, filled once with the packages that a platform requires."""

    cache: Path

    def shown(self, directory: Path) -> Mapping[Path, Path]:
        """Return the parts of the cache by the place where a run with that directory sees them."""
        parts = [part for part in self.cache.iterdir() if part.name.startswith(BUCKETS)]
        return {directory / PRIVATE / part.name: part for part in sorted(parts)}


class PackageCaches:
    """The package caches: one for each content of a platform's requirements."""

    def __init__(self, directory: Path, sandbox: Sandbox) -> None:
        self._cache = DirectoryCache(directory)
        self._sandbox = sandbox

    @contextmanager
    def packages(self, platform: Path) -> Iterator[Packages | None]:
        """Yield the platform's package cache, filled if necessary; None if it requires nothing."""
        lists = sorted(path for path in platform.resolve().glob(LISTS) if path.is_file())
        if not lists:
            yield None
            return
        name = _name(lists)
        with self._cache.item(name, lambda path: self._fill(path, lists)) as path:
            if self._sandbox.is_available and not is_intact(
                path / "cache", Seal.read(self._cache.record(name))
            ):
                raise PermanentError(
                    f"The package cache {path} was changed after it was filled.",
                    remedy=f"Find out what changed it; then remove {path}.complete, so that it is"
                    " filled again.",
                )
            yield Packages(path / "cache")

    def _fill(self, directory: Path, lists: list[Path]) -> str:
        work, filled = directory / "work", directory / "cache"
        for path in (directory, work, filled):
            path.mkdir()
        # A single mount, so that uv can link files from its cache.
        view = View((Path(uv.find_uv_bin()), lists[0].parent), (directory,))
        tool = [uv.find_uv_bin(), "--quiet", "--no-config"]
        commands = [[*tool, "venv", "--python", PYTHON, f"{work}/venv"]]
        sync = [*tool, "pip", "sync", "--require-hashes", "--python", f"{work}/venv/bin/python"]
        commands += [[*sync, str(path)] for path in lists]
        # To compile its copies would take an app server longer than to install all else. Some files
        # are not for this Python; beside scripts, which lie in `*.data`, uv bears no other file.
        compiling = f"""
            cd ../cache && find archive-v* -name '*.py' -exec touch -d @{DATE} {{}} +
            {PYTHON} -m compileall -qq -x '[.]data/' archive-v* || true"""
        commands.append(["sh", "-c", compiling])
        environment = {**own_index_environment(), "UV_CACHE_DIR": str(filled), "HOME": str(work)}
        for command in commands:
            install(
                self._sandbox,
                command,
                view,
                environment,
                cwd=work,
                subject="The platform's packages",
            )
        remove(work)
        # Modes stay writable: uv accepts a read-only mount, but not read-only modes.
        subject = f"The package cache for {lists[0].parent}"
        return seal(filled, subject=subject, read_only=False).text


def packages_directory() -> Path:
    """Return the directory of the caches in the user's cache, which all installations may share."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ocim" / "packages"


def _name(lists: list[Path]) -> str:
    parts = [FORMAT, metadata.version("uv"), sys.version, PYTHON]
    parts += [f"{path.name}\0{path.read_text()}" for path in lists]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20]
