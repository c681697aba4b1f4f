import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from oauth2_provider.models import Application

from rehearsal.edxapp.oauth_dispatch import clients


class Command(BaseCommand):
    help = "Create or update a client of the releases before juniper, and print it as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("url", help="of the service")
        parser.add_argument("redirect_uri")
        parser.add_argument("client_type", choices=["confidential", "public"], type=str.lower)
        parser.add_argument("-u", "--username", help="the user that the client is attached to")
        parser.add_argument("-n", "--client_name")
        parser.add_argument("-i", "--client_id")
        parser.add_argument("-s", "--client_secret")
        parser.add_argument("-t", "--trusted", action="store_true", help="do not ask for consent")

    def handle(self, *_args: Any, **options: Any) -> None:
        if not settings.RELEASE.openid_connect:
            raise CommandError(
                f"create_oauth2_client is gone since juniper; {settings.RELEASE.name} has "
                "create_dot_application."
            )
        existing = Application.objects.filter(client_id=options["client_id"] or "").first()
        client = clients.save(
            existing or Application(),
            name=options["client_name"],
            user=clients.user_named(options["username"]) if options["username"] else None,
            authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
            redirect_uris=options["redirect_uri"],
            client_type=options["client_type"],
            skip_authorization=options["trusted"],
            client_id=options["client_id"],
            client_secret=options["client_secret"],
        )
        self.stdout.write(
            json.dumps(
                {
                    "client_id": client.client_id,
                    "client_secret": client.client_secret,
                    "client_type": client.client_type,
                    "name": client.name,
                    "redirect_uri": client.redirect_uris,
                    "url": options["url"],
                    "user": client.user_id,
                },
                indent=4,
            )
        )
