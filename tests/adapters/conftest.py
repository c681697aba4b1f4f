from collections.abc import Iterator
from pathlib import Path

import pytest

from ocim.adapters.providers.local.provider import LocalProvider
from ocim.core.hosts import Host, HostRequest
from tests.adapters.ansible_support import Bench
from tests.local_hosts import local_hosts


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[LocalProvider]:
    with local_hosts(tmp_path / "hosts") as provider:
        yield provider


@pytest.fixture
def host(provider: LocalProvider) -> Host:
    return provider.create(HostRequest("one", names={"lms.test": "127.8.8.8"}))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)
