"""The worker as a process, with each kind of queue that needs no server to be installed first."""

import os
import queue
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, Any

import pytest
import yaml
from jwcrypto.jwt import JWT
from pytest_django import Settings

from rehearsal.ecommerce.payments.test_card import GOOD
from rehearsal.ecommerce.worker.queue import QueueDown, queue_fulfillment
from tests.ecommerce.configuration import WORKER_SECRET
from tests.ecommerce.world import SECRETS, World
from tests.processes import ROOT, free_port

NEEDS_REDIS = pytest.mark.skipif(not shutil.which("redis-server"), reason="no redis-server")
COMMAND = (
    *("-W", "ignore", "-m", "celery", "--app", "rehearsal.ecommerce.worker.app", "worker"),
    *("--pool", "threads", "--concurrency", "2", "--queues", "ecommerce.fulfillment"),
    *("--loglevel", "INFO", "--without-gossip", "--without-mingle", "--without-heartbeat"),
)


@contextmanager
def worker(
    directory: Path, *, broker_url: str, api_root: str, **more: str
) -> Iterator["queue.Queue[str]"]:
    """Run a worker of juniper until the block ends. Yield the lines of its log."""
    file = directory / "ecomworker.yml"
    content = {
        "BROKER_URL": broker_url,
        "ECOMMERCE_API_ROOT": api_root,
        "JWT_SECRET_KEY": WORKER_SECRET,
        "JWT_ISSUER": "ecommerce_worker",
        "JWT_AUDIENCE": "lms-key",
        "MAX_FULFILLMENT_RETRIES": 11,
        "ECOMMERCE_WORKER_VERSION": "juniper.2",
        **more,
    }
    file.write_text(yaml.safe_dump(content))
    process = subprocess.Popen(
        [sys.executable, *COMMAND],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "ECOMMERCE_WORKER_CFG": str(file)},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    assert process.stderr is not None
    lines: queue.Queue[str] = queue.Queue()
    reader = threading.Thread(target=read_into, args=(lines, process.stderr))
    reader.start()
    try:
        yield lines
    finally:
        process.kill()
        process.wait()
        reader.join()
        process.stderr.close()


def read_into(lines: "queue.Queue[str]", log: IO[str]) -> None:
    for line in log:
        lines.put(line)


def heard(lines: "queue.Queue[str]", pattern: str) -> str:
    """Wait for a line of the log that matches; return it."""
    log = ""
    while True:
        try:
            line = lines.get(timeout=60)
        except queue.Empty:
            raise AssertionError(f"'{pattern}' was not said:\n{log}") from None
        log += line
        if re.search(pattern, line):
            return line


@pytest.fixture
def directory_queue(tmp_path: Path) -> str:
    return f"filesystem://{tmp_path}/messages"


@pytest.fixture
def redis_queue(tmp_path: Path) -> Iterator[str]:
    port = free_port()
    options = f"--port {port} --bind 127.0.0.1 --requirepass a-password --save".split()
    with subprocess.Popen(
        ["redis-server", *options, ""], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        next(line for line in process.stdout if "Ready to accept" in line)
        yield f"redis://:a-password@127.0.0.1:{port}/0"
        process.kill()


@contextmanager
def shop_that_fails_at_first() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Run an API whose first response is 500. Yield its root and calls (path, Authorization)."""
    calls: list[tuple[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            calls.append((self.path, self.headers["Authorization"]))
            self.send_response(500 if len(calls) == 1 else 200)
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/api/v2/", calls
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    "kind", ["directory_queue", pytest.param("redis_queue", marks=NEEDS_REDIS)]
)
def test_it_has_orders_fulfilled_and_tries_again(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, settings: Settings
) -> None:
    settings.BROKER_URL = request.getfixturevalue(kind)
    queue_fulfillment("DEMO-100001")
    with (
        shop_that_fails_at_first() as (api_root, calls),
        worker(tmp_path, broker_url=settings.BROKER_URL, api_root=api_root) as lines,
    ):
        assert "500 Server Error" in heard(lines, "is not fulfilled")
        heard(lines, "Order DEMO-100001 is fulfilled")
    assert [path for path, _token in calls] == ["/api/v2/orders/DEMO-100001/fulfill/"] * 2
    scheme, token = calls[0][1].split()
    claims: Any = JWT(jwt=token, expected_type="JWS", algs=["HS256"]).token.objects["payload"]
    assert scheme == "JWT"
    assert b'"username":"ecommerce_worker"' in claims


def test_from_olive_on_the_secret_of_its_own_tokens_is_not_enough(
    directory_queue: str, tmp_path: Path, settings: Settings
) -> None:
    settings.BROKER_URL = directory_queue
    queue_fulfillment("DEMO-100001")
    release = {"ECOMMERCE_WORKER_VERSION": "olive.1"}
    api_root = "http://127.0.0.1:1/api/v2/"
    with worker(tmp_path, broker_url=directory_queue, api_root=api_root, **release) as lines:
        heard(lines, "localhost.*18000")


def test_an_order_that_is_left_to_it_is_fulfilled(world: World, tmp_path: Path) -> None:
    seat = world.course("Asynchronous")
    browser = world.learner("wera")
    sample = (
        "from waffle.models import Sample\n"
        "Sample.objects.filter(name='async_order_fulfillment').update(percent={})"
    )
    world.shop_shell(sample.format(100))
    try:
        basket = browser.see(f"{world.shop}/basket/add/?sku={seat.sku}")
        receipt = browser.submit(
            f"{world.shop}/payment/test-card/submit/", basket, card_number=GOOD
        )
    finally:
        world.shop_shell(sample.format(0))
    assert "in a moment" in receipt.text
    assert world.enrollment("wera", seat.course_id) is None
    queued = world.broker_url
    client = {
        "ECOMMERCE_WORKER_VERSION": "sumac.1",
        "BACKEND_SERVICE_EDX_OAUTH2_PROVIDER_URL": f"{world.lms}/oauth2",
        "BACKEND_SERVICE_EDX_OAUTH2_KEY": "backend-key",
        "BACKEND_SERVICE_EDX_OAUTH2_SECRET": SECRETS["backend"],
    }
    with worker(tmp_path, broker_url=queued, api_root=f"{world.shop}/api/v2/", **client) as lines:
        heard(lines, "is fulfilled")
    assert world.enrollment("wera", seat.course_id)["mode"] == "verified"


def test_without_the_secret_of_its_tokens_it_does_not_start(
    directory_queue: str, tmp_path: Path
) -> None:
    api_root = "http://127.0.0.1:1/api/v2/"
    keyless = {"JWT_SECRET_KEY": ""}
    with worker(tmp_path, broker_url=directory_queue, api_root=api_root, **keyless) as lines:
        heard(lines, "JWT_SECRET_KEY is missing")


@pytest.mark.parametrize("url", ["", "redis://127.0.0.1:1/0", "amqp://guest@127.0.0.1:1/campus"])
def test_a_queue_that_is_down_says_so(url: str, settings: Settings) -> None:
    settings.BROKER_URL = url
    with pytest.raises(QueueDown):
        queue_fulfillment("DEMO-100001")
