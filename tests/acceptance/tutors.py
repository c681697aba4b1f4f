"""An installation whose instances Tutor provisions, and the servers that they share.

The servers, and the app servers, are containers whose images stand in for the real ones.
"""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.acceptance.installation import Installation, installed, until
from tests.docker_engine import Engine
from tests.tutor_environments import CACHE

PREFIX = "ocim-rehearsal"
PASSWORD = "of-the-servers"
WRITABLE = "type=tmpfs,tmpfs-mode=1777,destination="
ACL = f"user default off\\nuser ocim on >{PASSWORD} ~* &* +@all\\n"
SERVERS: dict[str, tuple[int, list[str], list[str]]] = {
    "mysql": (
        3306,
        ["--user=999", f"--mount={WRITABLE}/var/lib/mysql",
         f"--env=MYSQL_ROOT_PASSWORD={PASSWORD}"],
        ["mysqld"],
    ),
    "redis": (
        6379,
        [],
        ["sh", "-c", f"printf '{ACL}' >/tmp/users.acl; exec redis-server --aclfile /tmp/users.acl"
         " --protected-mode no"],
    ),
    "mongodb": (27017, [], []),
    "meilisearch": (
        7700, [f"--mount={WRITABLE}/meili_data", f"--env=MEILI_MASTER_KEY={PASSWORD}"], []
    ),
    "search": (
        9200,
        ["--user=1000", f"--mount={WRITABLE}/usr/share/elasticsearch/data",
         f"--env=ELASTIC_PASSWORD={PASSWORD}"],
        [],
    ),
}  # fmt: skip
"""Servers that app servers share: port, options and command of each container."""
OF_RELEASE = """
TUTOR_DOCKER_IMAGE_OPENEDX: {prefix}/openedx:{tag}
TUTOR_DISCOVERY_DOCKER_IMAGE: {prefix}/discovery:{tag}
"""


@contextmanager
def shared_servers(engine: Engine) -> Iterator[dict[str, str]]:
    """Yield the address of each server, where this machine and all containers reach it."""
    names = {name: f"tutors-{name}" for name in SERVERS}
    addresses = {}
    try:
        for name, (port, options, command) in SERVERS.items():
            publish = f"--publish={engine.gateway}::{port}"
            start = ["run", "--detach", f"--name={names[name]}", publish, *options]
            engine.docker(*start, f"{PREFIX}/{name}", *command)
            port_line = engine.docker("port", names[name], str(port)).splitlines()[0]
            addresses[name] = port_line.strip()
        yield addresses
    finally:
        subprocess.run(
            ["docker", "rm", "--force", *names.values()],
            env={**os.environ, **engine.environment}, check=False, capture_output=True,
        )  # fmt: skip


def of_release(tag: str) -> str:
    return OF_RELEASE.format(prefix=PREFIX, tag=tag)


@contextmanager
def tutors(engine: Engine, addresses: Mapping[str, str], directory: Path) -> Iterator[Installation]:
    """Run an installation with the engine and the servers; its balancer is at port 443."""
    with installed(directory, lambda path: _installation(engine, path)) as installation:
        for kind, scheme, name, *more in (
            ("database-server", "mysql", "mysql", "--user", "root"),
            ("broker", "redis", "redis"),
            ("search-server", "http", "search"),
        ):
            _until_registered(installation, kind, f"{scheme}://{addresses[name]}", *more)
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


def _until_registered(installation: Installation, kind: str, url: str, *more: str) -> None:
    """Register a server, which may still be starting."""
    command = (kind, "register", "main", url, *more)
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
