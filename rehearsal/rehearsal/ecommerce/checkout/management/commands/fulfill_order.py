from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from oscar.core.loading import get_model

from rehearsal.ecommerce.checkout.fulfilment import COMPLETE, fulfill

Order = get_model("order", "Order")


class Command(BaseCommand):
    help = "Enrol buyers whose orders are not fulfilled yet."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("number", nargs="*", help="of an order; all that wait, without any")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Fulfill orders. Raise CommandError if an order is unknown or still not fulfilled."""
        orders = Order.objects.exclude(status=COMPLETE)
        if numbers := options["number"]:
            orders = Order.objects.filter(number__in=numbers)
            if missing := set(numbers) - {order.number for order in orders}:
                raise CommandError(f"No such order: {', '.join(sorted(missing))}")
        failed = [order.number for order in orders if not fulfill(order)]
        self.stdout.write(f"{len(orders) - len(failed)} orders are fulfilled.")
        if failed:
            raise CommandError(f"Not fulfilled: {', '.join(failed)}. The log says why.")
