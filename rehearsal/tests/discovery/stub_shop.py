"""A shop that answers discovery's calls, so that what it answers can be chosen."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Shop:
    """Responses of the shop, and the requests that it got."""

    address: str = ""
    courses: list[dict[str, Any]] = field(default_factory=list)
    codes: list[dict[str, Any]] = field(default_factory=list)
    missing: int = 0
    """Number of courses that are counted but not sent."""
    asked: list[tuple[str, dict[str, list[str]], str]] = field(default_factory=list)
    """Path, query and Authorization of each request."""

    def clear(self) -> None:
        """Remove all courses, and forget all requests."""
        self.courses, self.codes, self.missing, self.asked = [], [], 0, []

    def answer(self, path: str, query: dict[str, list[str]]) -> dict[str, Any]:
        number = int(query["page"][0])
        rows = self.courses
        if path.endswith("/products/"):
            rows = self.codes if query["product_class"] == ["Enrollment Code"] else []
        page = rows[(number - 1) * 50 : number * 50]
        lost = self.missing if path.endswith("/courses/") else 0
        return {"count": len(rows), "results": page[: len(page) - lost]}


@contextmanager
def running_shop() -> Iterator[Shop]:
    """Run a shop at an address of its own, until the block ends."""
    shop = Shop()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            query = parse_qs(url.query)
            shop.asked.append((url.path, query, self.headers.get("Authorization", "")))
            content = json.dumps(shop.answer(url.path, query)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        shop.address = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield shop
        finally:
            server.shutdown()
            thread.join()


def course(key: str, *seats: tuple[str, str, str]) -> dict[str, Any]:
    """Return a course as the shop lists it, with (type, price, sku) of each seat."""
    parent: dict[str, Any] = {
        "structure": "parent",
        "attribute_values": [],
        "stockrecords": [],
        "expires": None,
    }
    return {
        "id": key,
        "products": [parent, *(seat(*it) for it in seats)],
    }


def seat(kind: str, price: str, sku: str) -> dict[str, Any]:
    return {
        "structure": "child",
        "attribute_values": [{"name": "certificate_type", "value": kind}],
        "stockrecords": [{"price_currency": "GBP", "price_excl_tax": price, "partner_sku": sku}],
        "expires": None,
    }


def code(key: str, kind: str, sku: str) -> dict[str, Any]:
    """Return an enrollment code as the shop lists it."""
    return {
        "structure": "standalone",
        "attribute_values": [
            {"name": "course_key", "value": key},
            {"name": "seat_type", "value": kind},
        ],
        "stockrecords": [{"price_currency": "GBP", "price_excl_tax": "1", "partner_sku": sku}],
        "expires": None,
    }
