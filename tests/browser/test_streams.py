"""The cost of open pages for the web process."""

import re
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import psutil
import pytest

from tests.browser.manager import Manager

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture
def client(manager: Manager) -> Iterator[httpx.Client]:
    """Yield a browser without a window, signed in."""
    limits = httpx.Limits(max_connections=None)
    with httpx.Client(base_url=manager.url, timeout=60, limits=limits) as client:
        html = client.get("/sign-in/").text
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', html)
        assert token, html
        form = {"username": "admin", "password": "right", "csrfmiddlewaretoken": token[1]}
        assert client.post("/sign-in/", data=form).status_code == 302
        yield client


def test_open_pages_hold_no_thread_each(manager: Manager, client: httpx.Client) -> None:
    made = manager.run("appserver", manager.run("instance", "Watched"), "provisioning")
    process = psutil.Process(manager.pid)
    with ExitStack() as opened:
        streams = []
        for _ in range(12):
            stream = client.stream("GET", f"/appservers/{made}/events/?token=old")
            streams.append(opened.enter_context(stream).iter_lines())
            while next(streams[-1]) != "event: changed":
                pass
        # One looks at the database, one serves; a few may be at work on what was asked before.
        assert process.num_threads() < len(streams)
        manager.run("write", made, "for all of them")
        for lines in streams:
            while "for all of them" not in next(lines):
                pass
