from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from elasticsearch import ElasticsearchException

from rehearsal.discovery.search_indexes.building import build, point
from rehearsal.discovery.search_indexes.connection import search_server
from rehearsal.discovery.search_indexes.documents import aliases


class Command(BaseCommand):
    help = "Build the search indexes anew, and let their aliases mean them if they look right."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--disable-change-limit",
            action="store_true",
            help="also where ten per cent of the documents or more have come or gone",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """An index that looks wrong stays aside; the others move, and then the command fails."""
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
        """Since lilac another command makes them."""
        if settings.RELEASE.before("lilac"):
            return
        missing = [name for name in aliases() if not search_server().indices.exists(index=name)]
        if missing:
            raise CommandError(
                f"no such index [{', '.join(missing)}]: install_es_indexes has to run first"
            )
