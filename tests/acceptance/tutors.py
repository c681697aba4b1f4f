"""An installation whose instances Tutor provisions, and the servers that they share.

The servers, and the app servers, are containers whose images stand in for the real ones.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from demo import servers
from demo.engine import Engine
from demo.servers import PASSWORD, PREFIX
from tests.acceptance.installation import Installation, installed, until
from tests.tutor_environments import CACHE

OF_RELEASE = """
TUTOR_DOCKER_IMAGE_OPENEDX: {prefix}/openedx:{tag}
TUTOR_DISCOVERY_DOCKER_IMAGE: {prefix}/discovery:{tag}
"""


@contextmanager
def shared_servers(engine: Engine, *, brokers: int = 1) -> Iterator[dict[str, str]]:
    """Yield the address of each server, where this machine and all containers reach it.

    Each instance needs a Redis of its own; those after the first are called `redis-2` and so on.
    """
    names = [*servers.SERVERS, *(f"redis-{number}" for number in range(2, brokers + 1))]
    try:
        yield servers.start(engine, names)
    finally:
        servers.remove(engine, names)


def of_release(tag: str) -> str:
    return OF_RELEASE.format(prefix=PREFIX, tag=tag)


@contextmanager
def tutors(engine: Engine, addresses: Mapping[str, str], directory: Path) -> Iterator[Installation]:
    """Run an installation with the engine and the servers; its balancer is at port 443."""
    with installed(directory, lambda path: _installation(engine, path)) as installation:
        for kind, scheme, name, *more in (
            ("database-server", "mysql", "mysql", "--user", "root"),
            ("search-server", "http", "search"),
            *(("broker", "redis", name) for name in addresses if name.startswith("redis")),
        ):
            url = f"{scheme}://{addresses[name]}"
            _until_registered(installation, kind, name, url, *more)
        yield installation


def _installation(engine: Engine, directory: Path) -> Installation:
    installation = Installation(directory)
    environments = installation.var / "cache/environments"
    environments.unlink()
    environments.symlink_to(CACHE / "environments")
    (CACHE / "environments").mkdir(parents=True, exist_ok=True)
    # Tutor's sites know no ports, and containers reach no loopback of this machine.
    installation.environment |= {
        **engine.environment,
        "OCIM_BALANCER_BIND": f"127.0.0.1,{engine.gateway}",
        "OCIM_BALANCER_ADDRESS": engine.gateway,
        "OCIM_HTTPS_PORT": "443",
        "OCIM_DOCKER_ENGINE": engine.address,
        **{f"OCIM_{kind}_PASSWORD": PASSWORD for kind in ("DATABASE", "BROKER", "SEARCH")},
    }
    installation.https_port = 443
    return installation


def _until_registered(
    installation: Installation, kind: str, name: str, url: str, *more: str
) -> None:
    """Register a server, which may still be starting."""
    command = (kind, "register", name, url, *more)
    until(lambda: installation.run(*command).returncode == 0, f"{url} does not answer")


def of_all_releases(addresses: Mapping[str, str]) -> str:
    """Return the settings of an instance that are the same for all releases, in YAML."""
    host, _, port = addresses["mongodb"].rpartition(":")
    return f"""
TUTOR_MONGODB_HOST: {host}
TUTOR_MONGODB_PORT: {port}
TUTOR_MEILISEARCH_URL: http://{addresses["meilisearch"]}
TUTOR_MEILISEARCH_MASTER_KEY: {PASSWORD}
TUTOR_DOCKER_IMAGE_CADDY: {PREFIX}/caddy
TUTOR_DOCKER_IMAGE_PERMISSIONS: {PREFIX}/permissions
"""


def left_of(engine: Engine) -> list[str]:
    """Return the names of containers and networks of hosts."""
    label = ("--filter", "label=ocim.host", "--format")
    return [
        *engine.docker("ps", "--all", *label, "{{.Names}}").split(),
        *engine.docker("network", "ls", *label, "{{.Name}}").split(),
    ]


def note(text: str) -> None:
    """Write a figure down, in the file that FIGURES names."""
    if path := os.environ.get("FIGURES"):
        with Path(path).open("a") as file:
            file.write(f"{text}\n")
