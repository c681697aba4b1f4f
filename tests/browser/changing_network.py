"""A page that loads while interfaces come and go; run in a network of its own, as its root."""

import subprocess
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Barrier, Thread

from playwright.sync_api import sync_playwright

from tests.browser.chromium import launch

CONNECTIONS = 6
"""Connections that Chromium opens to a server at once. Others wait for them, and a change that
Chromium hears of fails these."""
LOAD = "(paths) => Promise.all(paths.map((path) => fetch(path).then(({status}) => status)))"


def change_network() -> None:
    """Let an interface with an address come and go, twice."""
    for _ in range(2):
        ip("link", "add", "coming", "type", "veth", "peer", "name", "other")
        ip("address", "add", "192.0.2.1/24", "dev", "coming")
        ip("link", "set", "coming", "up")
        ip("link", "delete", "coming")


def ip(*words: str) -> None:
    """Run a command of iproute2."""
    subprocess.run(["ip", *words], check=True, timeout=60)


class Handler(BaseHTTPRequestHandler):
    """Answers, of which those to `/data/` wait until the network has changed."""

    protocol_version = "HTTP/1.1"
    waiting = Barrier(CONNECTIONS, change_network, timeout=60)

    def do_GET(self) -> None:
        if self.path.startswith("/data/"):
            self.waiting.wait()
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *words: object) -> None:
        """Write nothing: the output has only the statuses."""


def main() -> None:
    """Print the statuses of answers, twice as many as there are connections."""
    ip("link", "set", "lo", "up")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = launch(playwright)
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        print(*page.evaluate(LOAD, [f"/data/{number}" for number in range(2 * CONNECTIONS)]))  # noqa: T201
        browser.close()


if __name__ == "__main__":
    main()
