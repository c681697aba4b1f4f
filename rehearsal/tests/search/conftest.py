"""A search server in processes of its own, called with Elasticsearch's own client."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml
from elasticsearch import Elasticsearch

from tests.processes import gunicorn

PASSWORD = "the master key"


def write(directory: Path) -> Path:
    path = directory / "elasticsearch.yml"
    content = {"path.data": str(directory / "data"), "bootstrap.password": PASSWORD}
    path.write_text(yaml.safe_dump({**content, "cluster.name": "rehearsal"}))
    return path


def master(address: str) -> Elasticsearch:
    """Return a client that may do everything."""
    return Elasticsearch(address, http_auth=("elastic", PASSWORD), timeout=60)


@dataclass
class Server:
    """A running server; each test keeps to names with a prefix of its own."""

    address: str
    client: Elasticsearch
    prefix: str

    def name(self, name: str) -> str:
        return f"{self.prefix}{name}"

    def connect(self, user: str, password: str) -> Elasticsearch:
        return Elasticsearch(self.address, http_auth=(user, password), timeout=30)

    def index(self, name: str, /, *documents: dict[str, Any], **mappings: Any) -> str:
        """Create an index with documents 1, 2, 3, …. Return its full name."""
        full = self.name(name)
        self.client.indices.create(index=full, mappings={"properties": mappings})
        lines = []
        for number, document in enumerate(documents, start=1):
            lines += [{"index": {"_index": full, "_id": number}}, document]
        if lines:
            body = "".join(f"{json.dumps(line)}\n" for line in lines)
            written = self.client.bulk(body=body)
            assert not written["errors"], written
        return full

    def ids(self, index: str, **search: Any) -> list[str]:
        """Return the ids that a search finds, in its order."""
        return [hit["_id"] for hit in self.client.search(index=index, **search)["hits"]["hits"]]


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with gunicorn(write(tmp_path_factory.mktemp("search")), "search") as result:
        yield result


@pytest.fixture
def server(address: str) -> Iterator[Server]:
    with master(address) as client:
        yield Server(address, client, f"t{uuid4().hex[:8]}_")
