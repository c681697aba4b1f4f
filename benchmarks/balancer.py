"""The balancer with a large fleet: `.venv/bin/python -m benchmarks.balancer [INSTANCES]`.

It measures a real Caddy on a loopback address. Every figure is also given as a multiple of the
baseline, which is measured in the same run: encoding the fleet's configuration as JSON once.
"""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from ocim.adapters.balancers.caddy import CaddyBalancer, Role
from ocim.adapters.balancers.caddy.router import router_config
from ocim.core.routing import Routing, Site, check_routing
from tests.adapters.caddy_support import AppServer, Browser, app_servers, processes, settings_for


def fleet(instances: int, upstream: str) -> Routing:
    """Return a routing with four names on three services for each instance.

    The services are the LMS with its preview, studio, and discovery.
    """

    def sites(number: int) -> tuple[Site, ...]:
        name = f"i{number}.localhost"
        return (
            Site((name, f"preview.{name}"), (upstream,), health_path="/heartbeat"),
            Site((f"studio.{name}",), (upstream,), health_path="/heartbeat"),
            Site((f"discovery.{name}",), ()),
        )

    return Routing(tuple(site for number in range(instances) for site in sites(number)))


def changed(routing: Routing, upstream: str) -> Routing:
    """Return the routing with one instance's LMS on another app server."""
    first, *others = routing.sites
    return Routing((Site(first.domains, (upstream,), first.health_path), *others))


def seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def median(call: Callable[[], object]) -> float:
    return statistics.median(seconds(call) for _ in range(200))


def main(instances: int) -> None:
    with (
        tempfile.TemporaryDirectory() as directory,
        app_servers("one", "two") as (first, second),
        processes(settings_for(Path(directory))) as running,
    ):
        measure(instances, running.settings.drain, CaddyBalancer(running.settings), first, second)
        router = psutil.Process(running.running[Role.ROUTER].pid)
        print(f"router's memory: {router.memory_info().rss / 2**20:.0f} MiB")


def measure(
    instances: int, drain: float, balancer: CaddyBalancer, old: AppServer, new: AppServer
) -> None:
    routing = fleet(instances, old.upstream)
    names = sum(len(site.domains) for site in routing.sites)
    key = balancer.settings.cookie_key()
    config = router_config(routing, balancer.settings, key)
    size = len(json.dumps(config))
    baseline = statistics.median(seconds(lambda: json.dumps(config)) for _ in range(3))
    print(f"{instances} instances, {len(routing.sites)} sites, {names} names, {size / 1e6:.1f} MB")
    print(f"baseline, encoding it once: {baseline:.3f} s; drain ({drain:g} s) not counted below")

    def show(label: str, duration: float) -> None:
        multiple = duration / baseline
        print(f"{label:34} {duration:8.4f} s  {multiple:7.3f} times the baseline")

    browser = Browser(balancer.settings)
    small = Routing((routing.sites[0],))
    balancer.apply(small)
    with browser.client() as client:

        def ask(name: str) -> float:
            browser.ask(client, name)
            return median(lambda: browser.ask(client, name))

        first, last = routing.sites[0].domains[0], routing.sites[-2].domains[0]
        show("request, one site", ask(first))
        direct = f"http://{old.upstream}/"
        show("request, no balancer", median(lambda: client.get(direct)))
        show("the routing's digest", seconds(lambda: routing.digest))
        show("check the routing", seconds(lambda: check_routing(routing)))
        show("whole load", seconds(lambda: balancer.apply(routing)) - drain)
        updated = changed(routing, new.upstream)
        show("one instance changed", seconds(lambda: balancer.apply(updated)) - drain)
        show("nothing changed", seconds(lambda: balancer.apply(updated)))
        digest = updated.digest
        show("is it applied?", seconds(lambda: balancer.is_applied(digest)))
        show("request, first site", ask(first))
        show("request, last site", ask(last))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
