"""The contract of every balancer, from the visitors' side."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from html import unescape
from itertools import count
from typing import Protocol

import httpx
import pytest

from ocim.adapters.balancers.caddy import CaddyBalancer
from ocim.adapters.memory.balancers import MemoryBalancer
from ocim.core.errors import LostClaim, TransientError, ValidationError
from ocim.core.routing import Routing, Site
from ocim.ports.balancers import Balancer
from tests.adapters.caddy_support import (
    AppServer,
    Browser,
    Processes,
    app_servers,
    processes,
    settings_for,
)
from tests.control_server import ControlServer, control_server_of

UNKNOWN = "no such site"
HOLDING = "holding page"
PASSWORD = "asks for a password"
VERSIONS = count(1)


class World(Protocol):
    """A balancer, two app servers for it, and a way to see who answers for a name."""

    @property
    def balancer(self) -> Balancer: ...

    @property
    def one(self) -> str: ...

    @property
    def two(self) -> str: ...

    def answers(self, host: str, times: int = 1) -> set[str]:
        """Return the upstreams that answered, or one of the constants above."""

    def page(self, host: str) -> str:
        """Return the text of the holding page."""

    def stop(self) -> None:
        """End the balancer, not the app servers."""


@dataclass
class Memory:
    balancer: MemoryBalancer
    one: str = "10.0.0.1:8000"
    two: str = "10.0.0.2:8000"

    def answers(self, host: str, times: int = 1) -> set[str]:
        site = self.balancer.site(host)
        if site is None:
            return {UNKNOWN}
        if site.password_hash:
            return {PASSWORD}
        return set(self.balancer.route(host)[:times]) or {HOLDING}

    def page(self, host: str) -> str:
        site = self.balancer.site(host)
        assert site
        return site.notice

    def stop(self) -> None:
        self.balancer.running = False


@dataclass
class Real:
    balancer: Balancer
    running: Processes
    names: dict[str, str]
    """Names that app servers call themselves, by address."""
    one: str
    two: str

    def answers(self, host: str, times: int = 1) -> set[str]:
        return {self._answer(host) for _ in range(times * 10)}

    def _answer(self, host: str) -> str:
        try:
            answer = Browser(self.running.settings).get(host)
        except httpx.ConnectError:  # no certificate for it
            return UNKNOWN
        if answer.status_code == httpx.codes.OK:
            name = answer.json()["name"]
            return next(upstream for upstream, known in self.names.items() if known == name)
        return {404: UNKNOWN, 503: HOLDING, 401: PASSWORD}[answer.status_code]

    def page(self, host: str) -> str:
        page: str = Browser(self.running.settings).get(host).text
        return unescape(page)

    def stop(self) -> None:
        self.running.stop()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    with processes(settings_for(tmp_path_factory.mktemp("caddy"))) as both:
        yield both


@pytest.fixture(scope="module")
def servers() -> Iterator[list[AppServer]]:
    with app_servers("one", "two") as both:
        yield both


@pytest.fixture(scope="module")
def control(
    running: Processes, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ControlServer]:
    balancer = CaddyBalancer(running.settings)
    with control_server_of(balancer, tmp_path_factory.mktemp("control")) as server:
        yield server


REAL = [
    pytest.param(kind, marks=pytest.mark.xdist_group("balancer")) for kind in ("caddy", "remote")
]


@pytest.fixture(params=["memory", *REAL])
def world(request: pytest.FixtureRequest) -> World:
    if request.param == "memory":
        return Memory(MemoryBalancer())
    running: Processes = request.getfixturevalue("running")
    names = {item.upstream: item.name for item in request.getfixturevalue("servers")}
    if not running.running:
        running.start()
    if request.param == "caddy":
        return Real(CaddyBalancer(running.settings), running, names, *names)
    control: ControlServer = request.getfixturevalue("control")
    return Real(control.balancer(), running, names, *names)


def routing_of(*sites: Site) -> Routing:
    return Routing(sites, next(VERSIONS))


def routing(*upstreams: str, domains: tuple[str, ...] = ("demo.localhost",)) -> Routing:
    return routing_of(Site(domains=domains, upstreams=upstreams))


def test_requests_for_a_public_name_reach_its_app_server(world: World) -> None:
    world.balancer.apply(routing(world.one, domains=("demo.localhost", "learn.localhost")))
    assert world.answers("demo.localhost") == {world.one}
    assert world.answers("learn.localhost") == {world.one}


def test_sites_do_not_mix(world: World) -> None:
    other = Site(domains=("other.localhost",), upstreams=(world.two,))
    world.balancer.apply(routing_of(*routing(world.one).sites, other))
    assert world.answers("demo.localhost") == {world.one}
    assert world.answers("other.localhost") == {world.two}


def test_several_upstreams_share_the_requests(world: World) -> None:
    world.balancer.apply(routing(world.one, world.two))
    assert world.answers("demo.localhost", times=2) == {world.one, world.two}


def test_a_site_in_maintenance_shows_its_notice_as_it_was_typed(world: World) -> None:
    notice = "Back at 9 <b>sharp</b>, {env.PATH} {http.request.host}"
    world.balancer.apply(routing_of(replace(routing().sites[0], notice=notice)))
    assert world.answers("demo.localhost") == {HOLDING}
    assert notice in world.page("demo.localhost")


def test_a_site_without_upstreams_shows_the_holding_page(world: World) -> None:
    world.balancer.apply(routing())
    assert world.answers("demo.localhost") == {HOLDING}


def test_a_name_that_is_in_no_site_is_unknown(world: World) -> None:
    world.balancer.apply(routing(world.one))
    assert world.answers("stranger.localhost") == {UNKNOWN}


def test_a_new_routing_replaces_the_old_one_as_a_whole(world: World) -> None:
    world.balancer.apply(routing(world.one))
    world.balancer.apply(routing(world.two, domains=("new.localhost",)))
    assert world.answers("new.localhost") == {world.two}
    assert world.answers("demo.localhost") == {UNKNOWN}


def test_a_site_with_a_password_does_not_show_itself_without(world: World) -> None:
    password_hash = "$2b$04$KMy4wkAfcFyyrQyc1eKnfuHk25uLMpM45J3jTZSeGmdQnpxmBwaXi"
    site = Site(("demo.localhost",), (world.one,), user="staff", password_hash=password_hash)
    world.balancer.apply(routing_of(site))
    assert world.answers("demo.localhost") == {PASSWORD}


def test_it_knows_which_routing_it_serves(world: World) -> None:
    old, new = routing(world.one), routing(world.two)
    world.balancer.apply(old)
    assert world.balancer.is_applied(old.digest)
    world.balancer.apply(new)
    assert world.balancer.is_applied(new.digest)
    assert not world.balancer.is_applied(old.digest)


def test_the_same_routing_can_be_applied_again(world: World) -> None:
    for _ in range(2):
        world.balancer.apply(routing(world.one))
    assert world.answers("demo.localhost") == {world.one}


def test_a_routing_that_contradicts_itself_is_refused_with_all_its_faults(world: World) -> None:
    good = routing(world.one)
    world.balancer.apply(good)
    bad = Site(domains=("demo.localhost", "not a name"), upstreams=("nowhere",))
    with pytest.raises(ValidationError) as refused:
        world.balancer.apply(routing_of(*good.sites, bad))
    assert len(refused.value.faults) == 3
    assert world.balancer.is_applied(good.digest)
    assert world.answers("demo.localhost") == {world.one}


def test_an_older_routing_does_not_replace_a_newer_one(world: World) -> None:
    old, new = routing(world.one), routing(world.two)
    world.balancer.apply(new)
    with pytest.raises(LostClaim, match=f"of version {new.version}, and these are of version"):
        world.balancer.apply(old)
    assert world.balancer.is_applied(new.digest)
    assert world.answers("demo.localhost") == {world.two}


def test_an_older_routing_does_not_replace_a_newer_one_that_changed_nothing(world: World) -> None:
    first, old, newer = routing(world.one), routing(world.two), routing(world.one)
    world.balancer.apply(first)
    world.balancer.apply(newer)
    with pytest.raises(LostClaim):
        world.balancer.apply(old)
    assert world.balancer.is_applied(newer.digest)


def test_a_balancer_that_is_not_running_says_so(world: World) -> None:
    world.stop()
    with pytest.raises(TransientError, match="not running"):
        world.balancer.apply(routing())
    with pytest.raises(TransientError, match="not running"):
        world.balancer.is_applied("any")
