from typing import Any

from django.core.management.base import BaseCommand, CommandError
from elasticsearch import ElasticsearchException

from rehearsal.discovery.course_metadata.search_indexes.building import create, point
from rehearsal.discovery.course_metadata.search_indexes.connection import search_server
from rehearsal.discovery.course_metadata.search_indexes.documents import aliases


class Command(BaseCommand):
    help = "Create missing search indexes, without documents."

    def handle(self, *_args: Any, **_options: Any) -> None:
        try:
            for alias in aliases():
                if search_server().indices.exists(index=alias):
                    self.stdout.write(f"{alias} is there.")
                else:
                    point(alias, create(alias))
                    self.stdout.write(f"{alias} is made.")
        except ElasticsearchException as error:
            raise CommandError(f"The search server refused: {error}") from error
