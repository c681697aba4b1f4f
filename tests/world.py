"""The adapters that operations need, in memory, and a clock that tests move."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from ocim.adapters.memory.balancers import MemoryBalancer
from ocim.adapters.memory.brokers import MemoryBrokers
from ocim.adapters.memory.browsers import MemoryBrowsers
from ocim.adapters.memory.content import MemoryContentServers
from ocim.adapters.memory.databases import MemoryDatabases
from ocim.adapters.memory.mail import MemoryRelays
from ocim.adapters.memory.notifiers import MemoryNotifier
from ocim.adapters.memory.probers import MemoryProber, Reply, as_expected
from ocim.adapters.memory.providers import Cloud, MemoryProvider
from ocim.adapters.memory.provisioners import MemoryProvisioner
from ocim.adapters.memory.search import MemorySearchServers
from ocim.core.actions import Action
from ocim.core.health import Probe
from ocim.core.job_kinds import JobKind
from ocim.core.jobs import PAYLOADS
from ocim.core.policy import Policy
from ocim.operations import instances, job_runner, jobs, spawn
from ocim.operations.context import Context
from ocim.operations.handlers import HANDLERS
from ocim.ports.adapters import Adapters
from ocim.store.claims import claim_lease
from ocim.store.models import (
    DatabaseServer,
    Job,
    Lease,
    LoadBalancingServer,
    OpenEdXAppServer,
    OpenEdXInstance,
)
from tests.service_shells import ServiceShells

QUEUE = "opencraft"
FIELDS: dict[str, Any] = {
    "name": "Demo",
    "email": "ops@example.com",
    "openedx_release": "open-release/juniper.2",
    "edx_platform_repository_url": "https://github.com/open-craft/edx-platform",
    "configuration_source_repo_url": "builtin",
    "configuration_version": "open-release/juniper.2",
    "provider": "local",
}


def memory_brokers() -> dict[str, MemoryBrokers]:
    return {kind: MemoryBrokers(kind) for kind in ("rabbitmq", "redis")}


def memory_content() -> dict[str, MemoryContentServers]:
    return {kind: MemoryContentServers(kind) for kind in ("mongodb", "meilisearch")}


class UnderLease(Protocol):
    """An instance, a shared server, a job or a wake-up: each knows its lease."""

    @property
    def lease_id(self) -> int: ...


class Killed(BaseException):
    """Stands for the end of the process: nobody catches it."""


@dataclass
class Clock:
    """Time passes when a test says so, or when somebody pauses."""

    now: datetime = datetime(2026, 5, 4, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def later(self, seconds: float) -> datetime:
        return self.now + timedelta(seconds=seconds)

    def forward(self, seconds: float) -> None:
        self.now = self.later(seconds)


@dataclass
class World:
    """The outside in memory, and what a test does most with it. Needs the database."""

    clock: Clock = field(default_factory=Clock)
    cloud: Cloud = field(default_factory=Cloud)
    provisioner: MemoryProvisioner = field(default_factory=MemoryProvisioner)
    balancer: MemoryBalancer = field(default_factory=MemoryBalancer)
    databases: MemoryDatabases = field(default_factory=MemoryDatabases)
    servers: dict[str, MemoryDatabases] = field(
        default_factory=lambda: {kind: MemoryDatabases(kind) for kind in ("mysql", "postgresql")}
    )
    search: MemorySearchServers = field(default_factory=MemorySearchServers)
    brokers: dict[str, MemoryBrokers] = field(default_factory=memory_brokers)
    content: dict[str, MemoryContentServers] = field(default_factory=memory_content)
    prober: MemoryProber = field(default_factory=MemoryProber)
    browsers: MemoryBrowsers = field(default_factory=MemoryBrowsers)
    mail: MemoryRelays = field(default_factory=MemoryRelays)
    notifier: MemoryNotifier = field(default_factory=lambda: MemoryNotifier("mail"))
    policy: Policy = field(
        default_factory=lambda: Policy(
            storage=Path("/srv/storage"), gate_attempts=2, build_images=False, verify_services=False
        )
    )

    more_providers: dict[str, MemoryProvider] = field(default_factory=dict)
    """Providers besides `local`, by kind."""
    more_provisioners: dict[str, MemoryProvisioner] = field(default_factory=dict)
    """Provisioners besides `ansible`, by kind."""
    shells: ServiceShells = field(default_factory=ServiceShells)

    def __post_init__(self) -> None:
        self.cloud.answer = self.shells
        self.provider = MemoryProvider(self.cloud, kind="local")
        self.database_server = DatabaseServer.objects.create(
            name="databases", kind="sqlite", directory="/srv/databases"
        )
        self.balancer_server = LoadBalancingServer.objects.create(name="balancer", kind="memory")
        self._made = 0
        # Another lease comes first, so that no instance has the same id as its lease.
        Lease.objects.create()

    def add_tutor(self) -> None:
        """Add an engine, a Tutor, and a database server for its instances."""
        self.more_providers["docker"] = MemoryProvider(self.cloud, kind="docker")
        self.more_provisioners["tutor"] = MemoryProvisioner()
        DatabaseServer.objects.create(name="mysql", kind="mysql", host="10.0.0.9", port=3306)

    def context(self, worker: str = "worker-1") -> Context:
        adapters = Adapters(
            providers={"local": self.provider, **self.more_providers},
            provisioners={"ansible": self.provisioner, **self.more_provisioners},
            configurations=self.provisioner,
            balancer=self.balancer,
            databases={"sqlite": self.databases, **self.servers},
            database_servers=self.servers,
            search={"elasticsearch": self.search},
            brokers=self.brokers,
            content=self.content,
            prober=self.prober,
            browsers=self.browsers,
            mail=self.mail,
            notifier=self.notifier,
        )
        return Context(
            adapters, self.policy, self.clock, worker, pause=self.clock.forward, machine="manager"
        )

    def make_instance(self, **fields: Any) -> OpenEdXInstance:
        """Return an instance, with a unique name unless the test passes one."""
        self._made += 1
        domain = f"campus-{self._made}.example.com"
        instance, _ = instances.create(
            fields={**FIELDS, "internal_lms_domain": domain, **fields}, context=self.context()
        )
        return instance

    def request_spawn(
        self, instance: OpenEdXInstance, **options: Any
    ) -> tuple[list[OpenEdXAppServer], Job]:
        return spawn.request(instance=instance, queue=QUEUE, context=self.context(), **options)

    def submit(self, kind: str, *appservers: OpenEdXAppServer, **options: Any) -> Job:
        """Submit a job that works on app servers of one instance."""
        payload: Any = PAYLOADS[JobKind(kind)]
        if kind != JobKind.ARCHIVE:
            options["appservers"] = tuple(appserver.pk for appserver in appservers)
        return jobs.submit(target=appservers[0].instance, payload=payload(**options), queue=QUEUE)

    def work(self, on: UnderLease, *, worker: str = "worker-1", queue: str = QUEUE) -> list[Action]:
        """Let a worker do what waits on an instance or a shared server."""
        return job_runner.run_pending_jobs(
            lease_id=on.lease_id, queue=queue, handlers=HANDLERS, context=self.context(worker)
        )

    def do(self, kind: str, *appservers: OpenEdXAppServer, **options: Any) -> Job:
        """Run a job, and return it as it ended."""
        job = self.submit(kind, *appservers, **options)
        self.work(job)
        job.refresh_from_db()
        for appserver in appservers:
            appserver.refresh_from_db()
        return job

    def spawn(self, instance: OpenEdXInstance, **options: Any) -> OpenEdXAppServer:
        """Spawn an app server, whatever becomes of it."""
        [appserver], _ = self.request_spawn(instance, **options)
        self.work(instance)
        appserver.refresh_from_db()
        return appserver

    def claim(self, on: UnderLease, worker: str = "worker-1") -> Lease:
        """Let a worker claim a lease."""
        lease = claim_lease(on.lease_id, worker=worker, now=self.clock(), seconds=self.policy.lease)
        assert lease
        return lease

    def die(self, on: UnderLease, worker: str = "worker-1") -> None:
        """Let a worker be killed over the jobs of an instance or a shared server.

        It was told so by `Killed`. The interpreter unwinds even then, and gives the lease back; a
        process that is killed does not, so it is taken again.
        """
        try:
            self.work(on, worker=worker)
        except Killed:
            Lease.objects.filter(pk=on.lease_id).update(
                holder=f"{worker}/0", expires_at=self.clock.later(self.policy.lease)
            )
        else:
            raise AssertionError("The worker was not killed.")

    def break_host(self, appserver: OpenEdXAppServer) -> None:
        """Let an app server answer 500, at its host and through the balancer."""
        self.break_hosts(lambda address: address == self.address(appserver))

    def break_hosts(self, broken: Any) -> None:
        def reply(probe: Probe) -> Reply:
            upstreams = (
                self.balancer.route(probe.url.split("/")[2])
                if probe.url.startswith("https")
                else (probe.connect_to,)
            )
            if not upstreams:
                return Reply(503, "Nothing here")
            is_broken = any(broken(upstream.rpartition(":")[0]) for upstream in upstreams)
            return Reply(500, "Server error") if is_broken else as_expected(probe)

        self.prober.reply = reply

    def lose_services(self, *appservers: OpenEdXAppServer) -> None:
        """Let nothing take connections at the hosts of app servers, until these are restarted."""
        for appserver in appservers:
            assert appserver.server
            self.provider.stop(appserver.server.name)

        def reply(probe: Probe) -> Reply:
            upstreams = (
                self.balancer.route(probe.url.split("/")[2])
                if probe.url.startswith("https")
                else (probe.connect_to,)
            )
            up = {self.cloud.addresses_given[name] for name in self.cloud.up}
            if not upstreams or any(
                upstream.rpartition(":")[0] not in up for upstream in upstreams
            ):
                return Reply(None, error="connection refused")
            return as_expected(probe)

        self.prober.reply = reply

    def address(self, appserver: OpenEdXAppServer) -> str:
        return self.cloud.addresses_given[f"appserver-{appserver.pk}"]

    def serving(self, instance: OpenEdXInstance) -> tuple[str, ...]:
        """Return the upstreams of the instance's LMS, as the balancer has them."""
        return self.balancer.route(instance.internal_lms_domain)
