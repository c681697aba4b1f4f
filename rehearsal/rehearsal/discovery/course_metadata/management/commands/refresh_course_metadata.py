import logging
from typing import Any

import requests
from django.core.management.base import BaseCommand, CommandError, CommandParser

from rehearsal.common.oauth_client import LmsRefused
from rehearsal.discovery.core.models import Partner
from rehearsal.discovery.course_metadata.loaders import LOADERS, Loader
from rehearsal.discovery.course_metadata.loaders.ecommerce import TooFew

log = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Read courses, organizations, seats and programs from the services that have them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--partner_code", help="this partner only")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run all loaders. Status 0 means that they ended, not that they loaded anything.

        Loaders without a URL and courses that cannot be read are skipped. Search indexes do not
        change.
        """
        partners = Partner.objects.all()
        if code := options["partner_code"]:
            partners = partners.filter(short_code=code)
        if not partners:
            raise CommandError("No partners available!")
        failed = [
            f"{loader.__name__} of {partner.short_code}"
            for partner in partners
            for loader in LOADERS
            if loader.is_wanted(partner) and not ingested(loader, partner)
        ]
        if failed:
            raise CommandError(f"One or more of the data loaders failed: {', '.join(failed)}.")


def ingested(loader: type[Loader], partner: Partner) -> bool:
    """Run a loader. Return False, and log the error, if it failed."""
    name = loader.__name__
    log.info("%s of %s begins", name, partner.short_code)
    try:
        loader(partner).ingest()
    except (requests.RequestException, LmsRefused, TooFew, KeyError, ValueError) as error:
        log.error("%s of %s failed: %s", name, partner.short_code, error)  # noqa: TRY400
        return False
    log.info("%s of %s is done", name, partner.short_code)
    return True
