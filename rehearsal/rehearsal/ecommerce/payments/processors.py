"""Payment processors: what each has to do, and which ones a site has."""

import logging
from abc import ABC, abstractmethod
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from django.conf import settings
from django.utils.module_loading import import_string
from oscar.core.loading import get_model
from waffle import switch_is_active

from rehearsal.ecommerce.core.models import SiteConfiguration
from rehearsal.ecommerce.payments.models import PaymentProcessorResponse

logger = logging.getLogger(__name__)
Basket = get_model("basket", "Basket")


class Declined(Exception):
    """The card or the account does not pay; another one may."""


class GatewayError(Exception):
    """The processor cannot be reached, refuses us, or says something unexpected."""


@dataclass(frozen=True)
class Payment:
    """Money that was taken. `reference` is what it is given back by."""

    processor: str
    reference: str
    amount: Decimal
    currency: str
    label: str = ""


class Processor(ABC):
    """One payment processor, with the keys of a site's partner.

    Making one raises KeyError where the configuration has no keys for the partner, under its
    short code in lower case: a server error, as on the real service.
    """

    NAME: ClassVar[str]
    template: ClassVar[str]
    """What the basket shows of it."""

    def __init__(self, site: SiteConfiguration) -> None:
        of_partner = settings.PAYMENT_PROCESSOR_CONFIG[site.partner.short_code.lower()]
        self.keys: dict[str, Any] = of_partner[self.NAME] or {}
        self.site = site
        self.read_keys()

    def read_keys(self) -> None:  # noqa: B027 (some need none)
        """Look up the keys that there must be. Raises KeyError."""

    @abstractmethod
    def credit(self, *, reference: str, amount: Decimal, currency: str, basket: Any) -> str:
        """Give money back; return the processor's reference. Raises GatewayError."""

    def record(self, response: Any, *, reference: str = "", basket: Any = None) -> None:
        """Keep what the processor said."""
        PaymentProcessorResponse.objects.create(
            processor_name=self.NAME, transaction_id=reference, basket=basket, response=response
        )

    @property
    def page(self) -> dict[str, Any]:
        """What its template needs to know."""
        return {}


class CardProcessor(Processor):
    """Takes something from a form of the shop's own page, and then the money."""

    field: ClassVar[str]
    """The name of that something in the form."""

    @abstractmethod
    def charge(self, basket: Any, given: str, *, order_number: str) -> Payment:
        """Take the basket's total. Raises Declined or GatewayError."""


class AwayProcessor(Processor):
    """Sends the buyer to pages of its own, and takes the money when they come back."""

    template = "payments/away.html"

    @abstractmethod
    def begin(self, basket: Any, *, order_number: str, back: str, cancel: str) -> str:
        """The address to send the buyer to. Raises GatewayError."""


def processors_of(site: SiteConfiguration) -> list[str]:
    """The processors that the site lists and that are switched on."""
    names = site.processor_names()
    if unknown := [name for name in names if name not in settings.PAYMENT_PROCESSORS]:
        logger.warning("Unknown payment processors are configured for %s: %s", site, unknown)
    return [
        name
        for name in names
        if name in settings.PAYMENT_PROCESSORS
        and switch_is_active(f"{settings.PAYMENT_PROCESSOR_SWITCH_PREFIX}{name}")
    ]


def processor(name: str, site: SiteConfiguration) -> Any:
    """The processor of that name, on or off. Raises KeyError."""
    return import_string(settings.PAYMENT_PROCESSORS[name])(site)
