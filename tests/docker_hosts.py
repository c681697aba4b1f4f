"""Compose projects for tests, and an independent look at what they leave behind."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from demo.engine import Engine
from ocim.adapters.providers import claims
from ocim.adapters.providers.docker.provider import DockerProvider


def docker_provider(state: Path, engine: Engine) -> DockerProvider:
    """Return a provider on the engine; providers of all tests share a network."""
    return DockerProvider(state, engine=engine.address)


@contextmanager
def docker_hosts(state: Path, engine: Engine) -> Iterator[DockerProvider]:
    """Yield a provider whose hosts are gone afterwards, whatever became of them in the test."""
    provider = docker_provider(state, engine)
    try:
        yield provider
    finally:
        for name in {*provider.list(), *claims.holders(state / "networks")}:
            provider.destroy(name)
    if left := remains(provider, state, engine):
        pytest.fail(f"left: {left}")


def remains(provider: DockerProvider, state: Path, engine: Engine) -> list[str]:
    """Return everything of the provider that still exists on the engine or this machine."""
    names = engine.docker("ps", "--all", "--format", "{{.Names}}").split()
    names += engine.docker("network", "ls", "--format", "{{.Name}}").split()
    names += engine.docker("volume", "ls", "--format", "{{.Name}}").split()
    processes = psutil.process_iter(["cmdline"])
    return [
        *(name for name in names if f"-{provider.engine.installation}" in name),
        *(str(path) for place in ("hosts", "networks", "addresses") for path in _in(state / place)),
        *(
            " ".join(process.info["cmdline"] or ())
            for process in processes
            if _is_of(process, state)
        ),
    ]


def _in(directory: Path) -> Iterator[Path]:
    yield from (path for path in directory.glob("*") if not path.name.startswith("."))


def _is_of(process: psutil.Process, state: Path) -> bool:
    try:
        return any(f"{state}/" in text for text in process.environ().values())
    except (psutil.Error, OSError):
        return False
