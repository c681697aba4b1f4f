"""Images on this machine: directories, each made from a host that was set up for it."""

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from ocim.adapters import locks
from ocim.core import stopping
from ocim.core.errors import Cancelled, TransientError
from ocim.core.hosts import Host, HostRequest
from ocim.core.images import Image
from ocim.ports.providers import Provider

BUILDER = "image-"
"""Prefix of the names of hosts that images are made from."""
FACTS = "image.json"
UNFINISHED = ".unfinished-"
BUILDER_SECONDS = 300.0
PAUSE = 0.2


class HostImages:
    """Images that are directories below `directory`; each appears there when it is complete.

    `bare` returns the digest of a host without an image. `capture` makes an image at a path from a
    stopped host, by name. `users` returns the hosts that need an image.
    """

    def __init__(
        self,
        directory: Path,
        provider: Provider,
        *,
        bare: Callable[[], str],
        capture: Callable[[str, Path], None],
        users: Callable[[str], Sequence[str]],
    ) -> None:
        self._directory = directory
        self._provider = provider
        self._capture = capture
        self._users = users
        self.base = bare

    def ensure(
        self,
        name: str,
        inputs: Mapping[str, str],
        build: Callable[[Host], None],
        *,
        is_cancelled: Callable[[], bool],
    ) -> bool:
        """Build the image unless it exists; return True if this call built it."""
        image = self._directory / name
        if image.exists():
            return False
        with self._awaited(name, is_cancelled):
            if image.exists():
                return False
            self._sweep()
            unfinished = self._directory / f"{UNFINISHED}{name}"
            shutil.rmtree(unfinished, ignore_errors=True)
            try:
                self._make(f"{BUILDER}{name}", build, unfinished)
                _write_facts(unfinished, inputs)
                unfinished.rename(image)
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)
        return True

    def list(self) -> Sequence[Image]:
        """Return the images, newest first."""
        paths = [path for path in self._directory.glob("*") if (path / FACTS).exists()]
        images = [self._image(path) for path in paths]
        return sorted(images, key=lambda image: image.built, reverse=True)

    def remove(self, name: str) -> bool:
        """Remove the image unless a host needs it or it is locked.

        Return True if it was removed.
        """
        image = self._directory / name
        with suppress(BlockingIOError), self._locked(name, fcntl.LOCK_EX | fcntl.LOCK_NB):
            if self._users(name) or not image.exists():
                return False
            removed = self._directory / f"{UNFINISHED}{name}"
            image.rename(removed)
            shutil.rmtree(removed)
            return True
        return False

    @contextmanager
    def kept(self, name: str) -> Iterator[Path]:
        """Yield the image's directory, and keep it from being removed within the block.

        Raise TransientError if the image is gone. After the block, `users` must return the host
        that needs the image.
        """
        with self._locked(name, fcntl.LOCK_SH):
            image = self._directory / name
            if not image.exists():
                raise TransientError(f"The image {name} is gone.", remedy="Build it again.")
            yield image

    def is_building(self, host: str) -> bool:
        """Return True if an image is being made from the host with that name."""
        if not host.startswith(BUILDER):
            return False
        try:
            with self._locked(host.removeprefix(BUILDER), fcntl.LOCK_EX | fcntl.LOCK_NB):
                return False
        except BlockingIOError:
            return True

    def _make(self, builder: str, build: Callable[[Host], None], target: Path) -> None:
        self._provider.destroy(builder)  # an earlier build may have crashed
        try:
            self._provider.create(HostRequest(builder))
            host = self._provider.wait_until_reachable(builder, timeout=BUILDER_SECONDS)
            build(host)
            self._provider.stop(builder)
            target.mkdir()
            self._capture(builder, target)
        finally:
            with stopping.clean_up():
                self._provider.destroy(builder)

    def _sweep(self) -> None:
        """Remove the remains of interrupted builds and removals."""
        for path in self._directory.glob(f"{UNFINISHED}*"):
            name = path.name.removeprefix(UNFINISHED)
            with suppress(BlockingIOError), self._locked(name, fcntl.LOCK_EX | fcntl.LOCK_NB):
                shutil.rmtree(path, ignore_errors=True)

    def _image(self, path: Path) -> Image:
        facts = json.loads((path / FACTS).read_text())
        built = datetime.fromisoformat(facts["built"])
        hosts = tuple(self._users(path.name))
        return Image(path.name, facts["inputs"], built, facts["size"], hosts)

    @contextmanager
    def _awaited(self, name: str, is_cancelled: Callable[[], bool]) -> Iterator[None]:
        with ExitStack() as stack:
            while True:
                with suppress(BlockingIOError):
                    stack.enter_context(self._locked(name, fcntl.LOCK_EX | fcntl.LOCK_NB))
                    break
                if is_cancelled():
                    raise Cancelled("Waiting for the image was cancelled.")
                stopping.wait(PAUSE)
            yield

    @contextmanager
    def _locked(self, name: str, operation: int) -> Iterator[None]:
        # The lock file is never removed: another process may be waiting for its lock.
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self._directory / f".{name}.lock").open("w") as file:
            locks.acquire(file.fileno(), operation)
            yield


def _write_facts(directory: Path, inputs: Mapping[str, str]) -> None:
    size = sum(
        os.lstat(os.path.join(place, name)).st_size  # noqa: PTH118 - fast enough for many files
        for place, _, names in os.walk(directory)
        for name in names
    )
    built = datetime.now(UTC).isoformat()
    facts = {"inputs": dict(inputs), "built": built, "size": size}
    (directory / FACTS).write_text(json.dumps(facts, indent=1))
