"""A site that Tutor's own commands launch, without Ocim, on the same engine and servers."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import yaml

from benchmarks.tutor.bench import MAJORS, Bench
from demo.servers import PASSWORD, PREFIX
from tests.acceptance.installation import until
from tests.tutor_environments import tutor_environments

ADDRESS = "127.200.0.1"
DOMAIN = "launched.example.org"


class Launched:
    """A site in a directory of its own; `number` tells it from others."""

    def __init__(self, bench: Bench, root: Path, number: int, plugins: Sequence[str] = ()) -> None:
        self._bench = bench
        self._root = root
        self._number = number
        self._plugins = plugins
        self._tag = ""

    def launch(self, tag: str) -> float:
        """Run `tutor local launch` with the images of that tag; return its seconds."""
        self._tag = tag
        self._root.mkdir(exist_ok=True)
        old = self._root / "config.yml"
        made = yaml.safe_load(old.read_text()) if old.exists() else {}
        old.write_text(yaml.safe_dump(made | self._configuration(tag)))
        started = time.monotonic()
        self._tutor("local", "launch", "--non-interactive")
        return time.monotonic() - started

    def is_healthy(self) -> bool:
        """Return True once LMS and studio say that they are well."""
        return all(self._heartbeat(name) for name in (DOMAIN, f"studio.{DOMAIN}"))

    def connect(self) -> "Client":
        """Return a client of the LMS."""
        return Client(DOMAIN)

    def remove(self) -> None:
        """Remove its containers and its directory; its database stays."""
        self._tutor("local", "dc", "down", "--volumes", "--remove-orphans")
        shutil.rmtree(self._root)

    def _heartbeat(self, name: str) -> bool:
        with Client(name) as client:
            try:
                answer = client.get("/heartbeat")
            except httpx.HTTPError:
                return False
        return answer.status_code == httpx.codes.OK and "sql" in answer.text

    def _configuration(self, tag: str) -> dict[str, object]:
        host, _, mysql = self._bench.addresses["mysql"].rpartition(":")
        name = f"launched{self._number}"
        return {
            "LMS_HOST": DOMAIN,
            "CMS_HOST": f"studio.{DOMAIN}",
            "ENABLE_HTTPS": True,
            "ENABLE_WEB_PROXY": False,
            "CADDY_HTTP_PORT": f"{ADDRESS}:80",
            "LOCAL_PROJECT_NAME": name,
            "PLUGINS": list(self._plugins),
            **{f"RUN_{each}": False for each in ("MYSQL", "MONGODB", "REDIS", "MEILISEARCH")},
            "RUN_SMTP": False,
            "MYSQL_HOST": host,
            "MYSQL_PORT": int(mysql),
            "MYSQL_ROOT_PASSWORD": PASSWORD,
            "OPENEDX_MYSQL_DATABASE": name,
            "OPENEDX_MYSQL_USERNAME": name,
            "REDIS_HOST": host,
            "REDIS_PORT": int(self._bench.addresses["redis"].rpartition(":")[2]),
            "REDIS_USERNAME": "ocim",
            "REDIS_PASSWORD": PASSWORD,
            "MONGODB_HOST": host,
            "MONGODB_PORT": int(self._bench.addresses["mongodb"].rpartition(":")[2]),
            "MEILISEARCH_URL": f"http://{self._bench.addresses['meilisearch']}",
            "MEILISEARCH_MASTER_KEY": PASSWORD,
            "DOCKER_IMAGE_OPENEDX": f"{PREFIX}/openedx:{tag}",
            "DOCKER_IMAGE_CADDY": f"{PREFIX}/caddy",
            "DOCKER_IMAGE_PERMISSIONS": f"{PREFIX}/permissions",
            "DOCKER_IMAGE_MYSQL": f"{PREFIX}/mysql",
            "MFE_DOCKER_IMAGE": f"{PREFIX}/mfe",
        }

    def _tutor(self, *words: str) -> None:
        with tutor_environments().environment(MAJORS[self._tag]) as environment:
            done = subprocess.run(
                [environment.path / "bin/python", "-m", "tutor.commands.cli", *words],
                env={**os.environ, **self._bench.engine.environment, "TUTOR_ROOT": str(self._root)},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
        if done.returncode:
            raise SystemExit(f"tutor {' '.join(words)} failed:\n{done.stdout[-5000:]}")


class Client(httpx.Client):
    """A client that asks Tutor's web server for one name."""

    def __init__(self, name: str) -> None:
        headers = {"Host": name, "X-Forwarded-Proto": "https"}
        super().__init__(base_url=f"http://{ADDRESS}", headers=headers, timeout=30)


@contextmanager
def launched(bench: Bench, number: int, plugins: Sequence[str] = ()) -> Iterator[Launched]:
    """Yield a site that is not launched yet; it is removed afterwards."""
    site = Launched(bench, bench.installation.directory / f"launched{number}", number, plugins)
    try:
        yield site
    finally:
        site.remove()


def until_healthy(site: Launched) -> float:
    """Wait until the site is healthy; return the seconds."""
    started = time.monotonic()
    until(site.is_healthy, "The launched site does not become healthy.")
    return time.monotonic() - started
