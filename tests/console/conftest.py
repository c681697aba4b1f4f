"""An installation whose outside is in memory, and whose workers work at once."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from huey import MemoryHuey

from ocim import wiring
from ocim.adapters.memory.balancers import MemoryBalancer
from ocim.adapters.memory.brokers import MemoryBrokers
from ocim.adapters.memory.browsers import MemoryBrowsers
from ocim.adapters.memory.content import MemoryContentServers
from ocim.adapters.memory.databases import MemoryDatabases
from ocim.adapters.memory.mail import MemoryRelays
from ocim.adapters.memory.notifiers import MemoryNotifier
from ocim.adapters.memory.probers import MemoryProber
from ocim.adapters.memory.providers import MemoryProvider
from ocim.adapters.memory.provisioners import MemoryProvisioner
from ocim.adapters.memory.search import MemorySearchServers
from ocim.console.main import command_class
from ocim.operations import workers
from ocim.operations.first_install import ensure_shared_servers
from ocim.ports.adapters import Adapters
from ocim.tasks import queues
from tests.world import memory_brokers, memory_content

CAMPUS = "campus.example.com"


@dataclass
class Ran:
    """The output and the exit status of a command."""

    out: str
    err: str
    status: int

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def rows(self) -> list[list[str]]:
        """Lines of tab-separated cells, without the header."""
        return [line.split("\t") for line in self.out.splitlines()[1:]]


@dataclass
class Installation:
    """Runs commands as the `ocim` script does, in this process."""

    var: Path
    capture: pytest.CaptureFixture[str]
    provider: MemoryProvider
    provisioner: MemoryProvisioner
    balancer: MemoryBalancer
    databases: MemoryDatabases
    mysql: MemoryDatabases
    search: MemorySearchServers
    brokers: dict[str, MemoryBrokers]
    content: dict[str, MemoryContentServers]
    prober: MemoryProber
    notifier: MemoryNotifier
    browsers: MemoryBrowsers

    def __call__(self, *words: object) -> Ran:
        name, *rest = map(str, words)
        self.capture.readouterr()
        status = 0
        try:
            command_class(name).run_from_argv(["ocim", name, *rest])
        except SystemExit as end:
            status = int(end.code or 0)
        return Ran(*self.capture.readouterr(), status)

    def campus(self, *assignments: str, domain: str = CAMPUS) -> int:
        """Return the id of a new instance."""
        ran = self("instance", "create", domain, *assignments, "--json")
        assert ran.status == 0, ran.err
        return int(ran.json["id"])

    def served(self, instance: int) -> int:
        """Return the id of a new app server that serves the instance."""
        ran = self("appserver", "spawn", instance, "--activate", "--json")
        assert ran.status == 0, ran.err
        return int(ran.json[0]["id"])

    def worker(self, queue: str = "opencraft") -> None:
        """Register a worker as alive."""
        context = replace(wiring.context(), worker=f"worker of {queue}")
        workers.begin(version="1.0", queue=queue, threads=1, context=context)


@pytest.fixture
def types(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Yield a function that types a line, as somebody at a terminal does."""
    with ExitStack() as stack:

        def typed(line: str) -> None:
            master, terminal = os.openpty()
            stack.callback(os.close, master)
            stdin = stack.enter_context(open(terminal))  # noqa: PTH123 - a descriptor, no path
            monkeypatch.setattr(sys, "stdin", stdin)
            os.write(master, f"{line}\n".encode())

        yield typed


@pytest.fixture
def ocim(
    transactional_db: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Installation]:
    var = tmp_path / "var"
    var.mkdir(mode=0o700)
    settings.OCIM = replace(settings.OCIM, var=var, drain=0.0, verify_services=False)
    installation = Installation(
        var,
        capsys,
        MemoryProvider(kind="local"),
        MemoryProvisioner(),
        MemoryBalancer(),
        MemoryDatabases(),
        MemoryDatabases("mysql"),
        MemorySearchServers(),
        memory_brokers(),
        memory_content(),
        MemoryProber(),
        MemoryNotifier("mail"),
        MemoryBrowsers(),
    )
    adapters = Adapters(
        providers={"local": installation.provider},
        provisioners={"ansible": installation.provisioner},
        configurations=installation.provisioner,
        balancer=installation.balancer,
        databases={"sqlite": installation.databases, "mysql": installation.mysql},
        database_servers={"mysql": installation.mysql},
        search={"elasticsearch": installation.search},
        brokers=installation.brokers,
        content=installation.content,
        prober=installation.prober,
        browsers=installation.browsers,
        mail=MemoryRelays(),
        notifier=installation.notifier,
    )
    monkeypatch.setattr(wiring, "adapters", lambda: adapters)
    monkeypatch.setattr(
        queues, "_huey", lambda name: MemoryHuey(name, immediate=True, results=False)
    )
    wiring.context.cache_clear()
    queues.queue.cache_clear()
    ensure_shared_servers(databases=var / "databases")
    installation.worker()
    yield installation
    wiring.context.cache_clear()
    queues.queue.cache_clear()
