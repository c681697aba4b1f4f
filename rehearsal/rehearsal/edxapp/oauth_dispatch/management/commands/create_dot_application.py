from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from oauth2_provider.models import Application

from rehearsal.edxapp.oauth_dispatch import clients
from rehearsal.edxapp.oauth_dispatch.models import ApplicationAccess


class Command(BaseCommand):
    help = "Create an OAuth 2 client; with --update, change the one that exists."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("username", help="the user that the client is attached to")
        parser.add_argument(
            "--grant-type",
            default=Application.GRANT_CLIENT_CREDENTIALS,
            choices=[Application.GRANT_CLIENT_CREDENTIALS, Application.GRANT_AUTHORIZATION_CODE],
        )
        parser.add_argument("--redirect-uris", default="", help="separated by spaces")
        parser.add_argument("--public", action="store_true")
        parser.add_argument("--skip-authorization", action="store_true")
        parser.add_argument("--client-id")
        parser.add_argument("--client-secret")
        parser.add_argument("--scopes", default="", help="separated by commas")
        parser.add_argument("--update", action="store_true")

    @transaction.atomic
    def handle(self, *_args: Any, **options: Any) -> None:
        """Find a client by name and user alone. Do not print secrets.

        Like the real command, raise IntegrityError for the id of a client with another of these.
        """
        if settings.RELEASE.openid_connect:
            raise CommandError(
                f"create_dot_application came with juniper; {settings.RELEASE.name} has "
                "create_oauth2_client."
            )
        name, user = options["name"], clients.user_named(options["username"])
        application = Application.objects.filter(user=user, name=name).first()
        if application and not options["update"]:
            self.stdout.write(f"Application '{name}' exists already; --update changes it.")
            return
        saved = clients.save(
            application or Application(),
            name=name,
            user=user,
            authorization_grant_type=options["grant_type"],
            redirect_uris=options["redirect_uris"],
            client_type=(
                Application.CLIENT_PUBLIC if options["public"] else Application.CLIENT_CONFIDENTIAL
            ),
            skip_authorization=options["skip_authorization"],
            client_id=options["client_id"],
            client_secret=options["client_secret"],
        )
        if options["scopes"]:
            ApplicationAccess.objects.update_or_create(
                application=saved, defaults={"scopes": options["scopes"]}
            )
        done = "Updated" if application else "Created"
        self.stdout.write(f"{done} application '{name}' with client id {saved.client_id}")
