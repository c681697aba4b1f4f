import json
from typing import Any

from django.contrib.sites.models import Site
from django.core.management.base import BaseCommand, CommandError, CommandParser

from openedx.core.djangoapps.site_configuration.models import SiteConfiguration


class Command(BaseCommand):
    help = "Create a site's configuration, or change the values that are named."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("domain")
        parser.add_argument("--configuration", default="{}", help="a JSON object")
        parser.add_argument("--enabled", action="store_true")
        parser.add_argument("--disabled", action="store_true")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Keep the values that `--configuration` does not name. The site is made if need be."""
        try:
            values = json.loads(options["configuration"])
        except ValueError as error:
            raise CommandError(f"--configuration is no JSON: {error}") from error
        domain = options["domain"]
        site, _ = Site.objects.get_or_create(domain=domain, defaults={"name": domain[:50]})
        configuration, _ = SiteConfiguration.objects.get_or_create(site=site)
        configuration.site_values |= values
        if options["enabled"] or options["disabled"]:
            configuration.enabled = options["enabled"]
        configuration.save()
        self.stdout.write(f"Site configuration of {domain} is set.")
