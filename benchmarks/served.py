"""The real web server, and requests at a fixed rate from a process of their own."""

import json
import math
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx

from benchmarks import page
from tests.acceptance.installation import free_ports
from tests.postgresql_server import postgresql_server

RATE = 8.0
"""Requests in a second."""
SECONDS = 60


@contextmanager
def served() -> Iterator[tuple[str, int]]:
    """Run `ocim web`, and yield its URL and process id once it answers."""
    [port] = free_ports(1)
    environment = os.environ | {"OCIM_WEB_ADDRESS": f"127.0.0.1:{port}"}
    environment.pop("OCIM_LOG_LEVEL", None)
    command = [sys.executable, "-c", "from ocim.project.main import main; main()", "web"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as server:
        url = f"http://127.0.0.1:{port}"
        while True:
            try:
                httpx.get(f"{url}/sign-in/", timeout=60).raise_for_status()
                break
            except httpx.ConnectError:
                assert server.poll() is None, "The web server ended."
                time.sleep(0.1)
        try:
            yield url, server.pid
        finally:
            server.terminate()


def on_each_database(
    measure: Callable[[str, str], list[str]], about: str, columns: Sequence[str]
) -> str:
    """Return Markdown with the rows that `measure` returns for each database and its URL.

    Each has a process of its own, for Django knows one database only.
    """
    rows = [
        f"{page.machine()}; {about}.",
        "",
        f"| {' | '.join(columns)} |",
        "|---" * len(columns) + "|",
    ]
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        rows += pool.apply(measure, ("SQLite", ""))
        with postgresql_server() as url:
            rows += pool.apply(measure, ("PostgreSQL", url))
    return "\n".join(rows) + "\n"


def sign_in() -> tuple[Any, str]:
    """Return Django's test client with an account that may do everything, and its cookie."""
    from django.contrib.auth.models import User
    from django.test import Client

    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(User.objects.create_superuser("admin"))
    return client, client.cookies["sessionid"].value


def analyze() -> None:
    """Compute statistics, as PostgreSQL itself does within a minute after rows were written."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def answers(url: str, cookie: str, addresses: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return `seconds` and `size` of the answers by address, asked by another process."""
    command = [sys.executable, "-m", "benchmarks.served", url, cookie, *addresses]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return result


def _ask(url: str, cookie: str, *addresses: str) -> dict[str, dict[str, Any]]:
    """Send requests at the rate, and return how long each took from when it was due."""
    result: dict[str, dict[str, Any]] = {
        address: {"seconds": [], "size": 0} for address in addresses
    }

    def send(address: str, due: float) -> None:
        time.sleep(max(0.0, due - time.monotonic()))
        response = client.get(url + address)
        response.raise_for_status()
        result[address]["seconds"].append(time.monotonic() - due)
        result[address]["size"] = len(response.content)

    limits = httpx.Limits(max_connections=64)
    with (
        httpx.Client(cookies={"sessionid": cookie}, timeout=60, limits=limits) as client,
        ThreadPoolExecutor(64) as pool,
    ):
        for address in addresses:  # templates are compiled, connections made
            client.get(url + address).raise_for_status()
        began = time.monotonic()
        sent = [
            pool.submit(send, addresses[number % len(addresses)], began + number / RATE)
            for number in range(int(RATE * SECONDS))
        ]
        for item in sent:
            item.result()
    return result


def queries(client: Any, address: str) -> int:
    """Return the number of queries that a page takes."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).content
    return len(captured)


def percentile(seconds: Sequence[float], percent: int) -> float:
    """Return the time that so many percent of the answers did not exceed."""
    return sorted(seconds)[math.ceil(len(seconds) * percent / 100) - 1]


if __name__ == "__main__":
    print(json.dumps(_ask(*sys.argv[1:])))
