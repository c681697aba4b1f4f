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
    """A payment processor, with the keys of a site's partner.

    Its creation raises KeyError if the configuration has no keys under the partner's short code
    in lower case. As on the real service, that is a server error.
    """

    NAME: ClassVar[str]
    template: ClassVar[str]
    """Template of its part of the basket page."""

    def __init__(self, site: SiteConfiguration) -> None:
        of_partner = settings.PAYMENT_PROCESSOR_CONFIG[site.partner.short_code.lower()]
        self.keys: dict[str, Any] = of_partner[self.NAME] or {}
        self.site = site
        self.read_keys()

    def read_keys(self) -> None:  # noqa: B027 (some need none)
        """Check the required keys. Raise KeyError if one is missing."""

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
        """Return the variables of its template."""
        return {}


class CardProcessor(Processor):
    """A processor that charges a card (or the like) from a form on the shop's page."""

    field: ClassVar[str]
    """Name of the form's field."""

    @abstractmethod
    def charge(self, basket: Any, value: str, *, order_number: str) -> Payment:
        """Take the basket's total, or raise Declined or GatewayError."""


class AwayProcessor(Processor):
    """A processor with pages of its own, which takes the money when the buyer returns."""

    template = "payments/away.html"

    @abstractmethod
    def begin(self, basket: Any, *, order_number: str, back: str, cancel: str) -> str:
        """Return the URL to send the buyer to, or raise GatewayError."""


def processors_of(site: SiteConfiguration) -> list[str]:
    """Return the names of the site's enabled processors."""
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
    """Return the processor with this name, also a disabled one. Raise KeyError if there is none."""
    return import_string(settings.PAYMENT_PROCESSORS[name])(site)
