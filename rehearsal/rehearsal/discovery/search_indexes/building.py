"""Indexes are built aside, and take their alias when they look right."""

import re
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from elasticsearch.helpers import bulk

from rehearsal.discovery.search_indexes.connection import search_server
from rehearsal.discovery.search_indexes.documents import PROPERTIES, SETTINGS, Kind, actions


@dataclass(frozen=True)
class Built:
    """A new index beside the one that its alias means, with the documents in both."""

    alias: str
    index: str
    before: int
    after: int

    @property
    def change(self) -> float:
        """The part by which the number changed: 0.1 is ten per cent. From nothing it is 1."""
        if self.before == self.after:
            return 0.0
        return abs(self.after - self.before) / self.before if self.before else 1.0

    @property
    def is_sane(self) -> bool:
        return self.change < settings.INDEX_SIZE_CHANGE_THRESHOLD

    def __str__(self) -> str:
        return f"{self.index}: {self.before} → {self.after} documents ({self.change:.0%})"


def create(alias: str) -> str:
    """Make an empty index for an alias; its name."""
    # Within a second there is one of that name already: then the time is counted on.
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
    """Fill a new index from the database; the alias stays where it is."""
    server = search_server()
    before = server.count(index=alias)["count"] if server.indices.exists(index=alias) else 0
    index = create(alias)
    bulk(server, actions(index, kinds))
    server.indices.refresh(index=index)
    return Built(alias, index, before, server.count(index=index)["count"])


def point(alias: str, index: str) -> None:
    """Let the alias mean this index and no other, in one step."""
    server = search_server()
    moves = [{"add": {"index": index, "alias": alias}}]
    if server.indices.exists_alias(name=alias):
        before = [old for old in server.indices.get_alias(name=alias) if old != index]
        moves += [{"remove": {"index": old, "alias": alias}} for old in before]
    elif server.indices.exists(index=alias):
        # Somebody wrote before there was an alias, and the server made an index of its name.
        moves.insert(0, {"remove_index": {"index": alias}})
    server.indices.update_aliases(body={"actions": moves})


def unused(alias: str) -> list[str]:
    """Indexes that were built for an alias and are not what it means."""
    server = search_server()
    meant = set()
    if server.indices.exists_alias(name=alias):
        meant = set(server.indices.get_alias(name=alias))
    built = server.indices.get(index=f"{alias}_*_*")
    of_alias = re.compile(rf"{re.escape(alias)}_\d{{8}}_\d{{6}}")
    return sorted(name for name in built if name not in meant and of_alias.fullmatch(name))
