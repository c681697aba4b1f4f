from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from elasticsearch import ElasticsearchException

from rehearsal.discovery.course_metadata.search_indexes.building import build, point
from rehearsal.discovery.course_metadata.search_indexes.connection import search_server
from rehearsal.discovery.course_metadata.search_indexes.documents import aliases


class Command(BaseCommand):
    help = (
        "Rebuild the search indexes, and point their aliases to them unless they changed too much."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--disable-change-limit",
            action="store_true",
            help="accept indexes whose number of documents changed by ten per cent or more",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Rebuild all indexes. Fail in the end if an index changed too much to get its alias."""
        try:
            self.require_indexes()
            indexes = [build(alias, kinds) for alias, kinds in aliases().items()]
            insane = []
            for built in indexes:
                if built.is_sane or options["disable_change_limit"]:
                    point(built.alias, built.index)
                    self.stdout.write(f"{built.alias} means {built}")
                else:
                    insane.append(str(built))
        except ElasticsearchException as error:
            raise CommandError(f"The search server refused: {error}") from error
        if insane:
            raise CommandError(f"Sanity check failed for the new index(es): {'; '.join(insane)}")

    def require_indexes(self) -> None:
        """Raise CommandError if an index is missing: another command creates the first one."""
        missing = [name for name in aliases() if not search_server().indices.exists(index=name)]
        if missing:
            raise CommandError(
                f"no such index [{', '.join(missing)}]: install_es_indexes has to run first"
            )
