from django.conf import settings
from django.core.management.base import CommandParser
from django.core.management.commands.migrate import Command as Migrate


class Command(Migrate):
    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        # The tables of apps that have no migrations in this release.
        parser.set_defaults(run_syncdb=bool(settings.RELEASE.unmigrated_apps))
