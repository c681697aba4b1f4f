from typing import Any

from django.conf import settings
from django.contrib.sites.models import Site
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from rehearsal.discovery.core.models import Partner

# Flags of all releases, of those before juniper, since juniper, and since lilac.
ALWAYS = (
    "courses-api-url",
    "ecommerce-api-url",
    "organizations-api-url",
    "programs-api-url",
    "marketing-site-api-url",
    "marketing-site-url-root",
    "marketing-site-api-username",
    "marketing-site-api-password",
)
BEFORE_JUNIPER = ("oidc-url-root", "oidc-key", "oidc-secret")
SINCE_JUNIPER = ("lms-url",)
SINCE_LILAC = ("lms-coursemode-api-url", "studio-url", "publisher-url")


def flags() -> tuple[str, ...]:
    """Return the names of this release's flags, without their leading dashes."""
    release = settings.RELEASE
    if release.before("juniper"):
        return (*ALWAYS, *BEFORE_JUNIPER)
    return (*ALWAYS, *SINCE_JUNIPER, *(() if release.before("lilac") else SINCE_LILAC))


class Command(BaseCommand):
    help = "Create a partner, or overwrite all of the one with this code."

    def add_arguments(self, parser: CommandParser) -> None:
        if settings.RELEASE.partner_with_site:
            parser.add_argument("--site-id", type=int)
            parser.add_argument("--site-domain", required=True)
        parser.add_argument("--code", required=True)
        parser.add_argument("--name", required=True)
        for flag in flags():
            parser.add_argument(f"--{flag}", default="")

    @transaction.atomic
    def handle(self, *_args: Any, **options: Any) -> None:
        """Write the partner. Like the real command, empty what is left out, and check no value."""
        names = [flag.replace("-", "_") for flag in flags()]
        fields = {name: options[name] or "" for name in names}
        if settings.RELEASE.partner_with_site:
            fields["site"] = site_of(options)
        partner, created = Partner.objects.update_or_create(
            short_code=options["code"], defaults={"name": options["name"], **fields}
        )
        done = "created" if created else "updated"
        self.stdout.write(f"Partner {partner.name} ({partner.short_code}) {done}.")


def site_of(options: dict[str, Any]) -> Site:
    """Return the site with the id or else the domain, named after the partner."""
    domain, name = options["site_domain"], options["name"]
    if options["site_id"] is None:
        site, _ = Site.objects.update_or_create(domain=domain, defaults={"name": name})
    else:
        site, _ = Site.objects.update_or_create(
            id=options["site_id"], defaults={"domain": domain, "name": name}
        )
    return site
