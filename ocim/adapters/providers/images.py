"""Images on this machine: directories, each made once of a host that was set up for it."""

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
from ocim.ports import Provider

BUILDER = "image-"
"""What the names of hosts begin with that images are made of."""
FACTS = "image.json"
UNFINISHED = ".unfinished-"
BUILDER_SECONDS = 300.0
PAUSE = 0.2


class HostImages:
    """Keeps each image in a directory below `directory`; nothing is seen there half made.

    `bare`: what hosts are that are made from none. `capture`: makes the second argument, a path,
    of the host of that name, which was stopped. `users`: of an image, the hosts that need it.
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
        """See the port."""
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
        """See the port."""
        there = [path for path in self._directory.glob("*") if (path / FACTS).exists()]
        images = [self._image(path) for path in there]
        return sorted(images, key=lambda one: one.built, reverse=True)

    def remove(self, name: str) -> bool:
        """See the port."""
        image = self._directory / name
        with suppress(BlockingIOError), self._locked(name, fcntl.LOCK_EX | fcntl.LOCK_NB):
            if self._users(name) or not image.exists():
                return False
            gone = self._directory / f"{UNFINISHED}{name}"
            image.rename(gone)
            shutil.rmtree(gone)
            return True
        return False

    @contextmanager
    def kept(self, name: str) -> Iterator[Path]:
        """Yield the image's directory, which is not removed within the block.

        TransientError if the image is gone. From then on `users` must name whoever needs it.
        """
        with self._locked(name, fcntl.LOCK_SH):
            image = self._directory / name
            if not image.exists():
                raise TransientError(f"The image {name} is gone.", remedy="It can be built anew.")
            yield image

    def is_building(self, host: str) -> bool:
        """Whether an image is being made of the host of that name just now."""
        if not host.startswith(BUILDER):
            return False
        try:
            with self._locked(host.removeprefix(BUILDER), fcntl.LOCK_EX | fcntl.LOCK_NB):
                return False
        except BlockingIOError:
            return True

    def _make(self, builder: str, build: Callable[[Host], None], target: Path) -> None:
        self._provider.destroy(builder)  # what a crash left
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
        """Remove what interrupted builds and removals left."""
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
    def _locked(self, name: str, how: int) -> Iterator[None]:
        # The lock's file stays: whoever removed it would have to know that nobody waits for it.
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self._directory / f".{name}.lock").open("w") as file:
            locks.acquire(file.fileno(), how)
            yield


def _write_facts(directory: Path, inputs: Mapping[str, str]) -> None:
    size = sum(
        os.lstat(os.path.join(place, name)).st_size  # noqa: PTH118 - ten thousands of them
        for place, _, names in os.walk(directory)
        for name in names
    )
    built = datetime.now(UTC).isoformat()
    facts = {"inputs": dict(inputs), "built": built, "size": size}
    (directory / FACTS).write_text(json.dumps(facts, indent=1))
