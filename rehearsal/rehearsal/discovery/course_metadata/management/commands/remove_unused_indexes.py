from typing import Any

from django.core.management.base import BaseCommand, CommandError
from elasticsearch import ElasticsearchException

from rehearsal.discovery.course_metadata.search_indexes.building import unused
from rehearsal.discovery.course_metadata.search_indexes.connection import search_server
from rehearsal.discovery.course_metadata.search_indexes.documents import aliases


class Command(BaseCommand):
    help = "Remove indexes that no alias points to any more, but the three newest of each."

    def handle(self, *_args: Any, **_options: Any) -> None:
        try:
            for alias in aliases():
                for index in unused(alias):
                    search_server().indices.delete(index=index)
                    self.stdout.write(f"{index} is removed.")
        except ElasticsearchException as error:
            raise CommandError(f"The search server refused: {error}") from error
