from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from rehearsal.edxapp.commerce.models import CommerceConfiguration


class Command(BaseCommand):
    help = "Let the LMS send buyers to the shop."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--disable-checkout-on-ecommerce", action="store_true")

    def handle(self, *_args: Any, **options: Any) -> None:
        CommerceConfiguration.objects.create(
            enabled=True,
            checkout_on_ecommerce_service=not options["disable_checkout_on_ecommerce"],
        )
        self.stdout.write("The commerce configuration is stored.")
