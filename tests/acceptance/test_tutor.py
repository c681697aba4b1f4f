"""An instance that Tutor provisions: its whole life, with stand-ins for the images alone."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ocim.core.places import ROOT
from tests.acceptance.installation import PATIENCE, Installation, until
from tests.acceptance.traffic import Traffic, Visitor
from tests.docker_engine import Engine, needs_docker
from tests.rehearsal_images import images
from tests.tutor_environments import CACHE

pytestmark = [needs_docker, pytest.mark.xdist_group("docker"), pytest.mark.timeout(1200)]
DOMAIN = "campus.example.com"
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


@pytest.fixture(scope="module")
def settings(engine: Engine) -> Iterator[dict[str, Any]]:
    """Yield the addresses of the shared servers, once all images are there."""
    of_services = [
        f"{name}:{tag}" for name in ("openedx", "discovery") for tag in ("ulmo", "verawood")
    ]
    images(engine, *of_services, *(f"{name}:latest" for name in ("caddy", "permissions", *SERVERS)))
    with shared_servers(engine) as addresses:
        yield addresses


@pytest.fixture(scope="module")
def tutors(
    engine: Engine, settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """Yield an installation with an instance that an app server by Tutor serves."""
    there_before = left_of(engine)
    installation = Installation(tmp_path_factory.mktemp("tutor"))
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
    try:
        installation.start()
        for kind, scheme, name, *more in (
            ("database-server", "mysql", "mysql", "--user", "root"),
            ("broker", "redis", "redis"),
            ("search-server", "http", "search"),
        ):
            until_registered(installation, kind, f"{scheme}://{settings[name]}", *more)
        extra = installation.directory / "extra.yml"
        extra.write_text(
            f"""
TUTOR_PLUGINS: []
TUTOR_MONGODB_HOST: {settings["mongodb"].rpartition(":")[0]}
TUTOR_MONGODB_PORT: {settings["mongodb"].rpartition(":")[2]}
TUTOR_MEILISEARCH_URL: http://{settings["meilisearch"]}
TUTOR_MEILISEARCH_MASTER_KEY: {PASSWORD}
TUTOR_DOCKER_IMAGE_CADDY: {PREFIX}/caddy
TUTOR_DOCKER_IMAGE_PERMISSIONS: {PREFIX}/permissions
SANDBOX_ENABLE_DISCOVERY: true
{of_release("ulmo")}"""
        )
        installation.ocim(
            *("instance", "create", DOMAIN, "openedx_release=release/ulmo.4"),
            f"configuration_extra_settings=@{extra}",
        )
        installation.ocim("appserver", "spawn", DOMAIN, "--activate", timeout=2 * PATIENCE)
        yield installation
        installation.ocim("instance", "archive", DOMAIN, "--yes")
        assert set(left_of(engine)) <= set(there_before)
    finally:
        installation.stop()
        installation.forget_commands()


def until_registered(installation: Installation, kind: str, url: str, *more: str) -> None:
    """Register a server, which may still be starting."""
    command = (kind, "register", "main", url, *more)
    until(lambda: installation.run(*command).returncode == 0, f"{url} does not answer")


def left_of(engine: Engine) -> list[str]:
    """Return the names of containers and networks of hosts."""
    label = ("--filter", "label=ocim.host", "--format")
    return [
        *engine.docker("ps", "--all", *label, "{{.Names}}").split(),
        *engine.docker("network", "ls", *label, "{{.Name}}").split(),
    ]


def heartbeat(installation: Installation) -> dict[str, Any]:
    with Visitor(installation, DOMAIN) as visitor:
        answer: dict[str, Any] = json.loads(visitor.get("/heartbeat").text)
        return answer


HOURLY = """
import django
django.setup()
from ocim.operations.shop.refresh import start_all
from ocim.wiring import context
start_all(context())
"""


def test_services_in_containers_are_set_up_verified_and_looked_after(
    tutors: Installation,
) -> None:
    states = {row["step"]: row["state"] for row in tutors.json("services", "status", DOMAIN)}
    assert states == dict.fromkeys(("users", "clients", "partner", "indexes"), "done")

    subprocess.run([sys.executable, "-c", HOURLY], env=tutors.environment, cwd=ROOT, check=True)
    name = "discovery: last run of the cron job"
    until(lambda: "exit status 0" in verified(tutors)[name]["compared"], "the job does not end")


def test_an_upgrade_runs_its_migrations_on_copies_and_then_switches_over(
    tutors: Installation,
) -> None:
    assert heartbeat(tutors)["release"] == "release/ulmo.4"
    extra = (tutors.directory / "extra.yml").read_text()
    changes = {
        "openedx_release": "release/verawood.1",
        "configuration_extra_settings": extra.replace(of_release("ulmo"), of_release("verawood")),
    }
    (tutors.directory / "update.json").write_text(json.dumps(changes))
    with Traffic(tutors, DOMAIN, visitors=2) as traffic:
        until(lambda: traffic.answers, "nothing answers")
        tutors.ocim(
            *("redeploy", "--tag=verawood", f"--filter={{internal_lms_domain: {DOMAIN}}}"),
            *(f"--update=@{tutors.directory}/update.json", "--force"),
            timeout=4 * PATIENCE,
        )
    assert traffic.failures == []
    assert heartbeat(tutors)["release"] == "release/verawood.1"
    assert "lms theming.0002_note" in tutors.ocim("rollout", "report", "1")


def verified(installation: Installation) -> dict[str, dict[str, Any]]:
    """Return the lines of a new verification by their names."""
    report = installation.json("services", "verify", DOMAIN)
    return {line["name"]: line for line in report["lines"]}
