"""Builds of search indexes. An alias points to a new index only if that looks complete."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from elasticsearch.helpers import bulk

from rehearsal.discovery.course_metadata.search_indexes.connection import search_server
from rehearsal.discovery.course_metadata.search_indexes.documents import (
    PROPERTIES,
    SETTINGS,
    Kind,
    actions,
)


@dataclass(frozen=True)
class Built:
    """A new index, with the number of documents in it and in its predecessor."""

    alias: str
    index: str
    before: int
    after: int

    @property
    def change(self) -> float:
        """Change of the number of documents as a fraction: 0.1 is ten per cent; from none, 1.

        Up to koa from none to none is 1, too.
        """
        if self.before:
            return abs(self.after - self.before) / self.before
        return 1.0 if self.after or settings.RELEASE.before("lilac") else 0.0

    @property
    def is_sane(self) -> bool:
        return self.change < settings.INDEX_SIZE_CHANGE_THRESHOLD

    def __str__(self) -> str:
        return f"{self.index}: {self.before} → {self.after} documents ({self.change:.0%})"


def create(alias: str) -> str:
    """Create an empty index for an alias. Return its name."""
    # An index of the same second has this name already: use the next second.
    moment = timezone.now()
    while True:
        name = f"{alias}_{moment:%Y%m%d_%H%M%S}"
        if not search_server().indices.exists(index=name):
            break
        moment += timedelta(seconds=1)
    search_server().indices.create(
        index=name, settings=SETTINGS, mappings={"properties": PROPERTIES}
    )
    return name


def build(alias: str, kinds: tuple[Kind, ...]) -> Built:
    """Fill a new index from the database. The alias does not point to it yet."""
    server = search_server()
    before = server.count(index=alias)["count"] if server.indices.exists(index=alias) else 0
    index = create(alias)
    bulk(server, actions(index, kinds))
    if not settings.RELEASE.before("sumac"):
        server.indices.put_settings(index=index, body={"index": {"max_result_window": 10_000}})
    server.indices.refresh(index=index)
    return Built(alias, index, before, server.count(index=index)["count"])


def point(alias: str, index: str) -> None:
    """Point the alias to this index and no other, in one step."""
    server = search_server()
    moves: list[dict[str, Any]] = [
        {"remove": {"index": f"{alias}_*", "alias": alias}},
        {"add": {"index": index, "alias": alias}},
    ]
    if not server.indices.exists_alias(name=alias) and server.indices.exists(index=alias):
        # A write before the alias existed made the server create an index with its name.
        moves.insert(0, {"remove_index": {"index": alias}})
    server.indices.update_aliases(body={"actions": moves})


def unused(alias: str) -> list[str]:
    """Return all but the newest of the indexes built for an alias to which it does not point."""
    server = search_server()
    meant = set()
    if server.indices.exists_alias(name=alias):
        meant = set(server.indices.get_alias(name=alias))
    built = server.indices.get(index=f"{alias}_*_*")
    of_alias = re.compile(rf"{re.escape(alias)}_\d{{8}}_\d{{6}}")
    names = sorted(name for name in built if name not in meant and of_alias.fullmatch(name))
    return names[: -settings.ELASTICSEARCH_INDEX_RETENTION_LIMIT]
