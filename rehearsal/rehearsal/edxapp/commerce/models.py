from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.db import models

from rehearsal.edxapp.course_modes.models import CourseMode


class CommerceConfiguration(models.Model):
    """The shop's pages for purchases. Every save adds a row; the newest row is in force."""

    change_date = models.DateTimeField(auto_now_add=True)
    changed_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, editable=False, related_name="+"
    )
    enabled = models.BooleanField(default=False)
    checkout_on_ecommerce_service = models.BooleanField(
        default=False, help_text="Use the checkout page of the e-commerce service."
    )
    cache_ttl = models.PositiveIntegerField("cache time to live", default=0)
    receipt_page = models.CharField(max_length=255, default="/checkout/receipt/?order_number=")
    enable_automatic_refund_approval = models.BooleanField(default=True)

    class Meta:
        ordering = ("-change_date", "-pk")

    def __str__(self) -> str:
        return f"Configuration of {self.change_date}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.pk = None
        self._state.adding = True
        super().save(*args, **kwargs)

    @classmethod
    def current(cls) -> "CommerceConfiguration":
        """Return the configuration in force; unsaved defaults if there is none."""
        return cls.objects.first() or cls()


# Its column is always the same; its name in Python, forms and scripts depends on the release.
CommerceConfiguration.add_to_class(
    settings.RELEASE.checkout_page_field,
    models.CharField(
        max_length=255,
        default=settings.RELEASE.checkout_page,
        db_column="basket_checkout_page",
        help_text="Path of the checkout page of the e-commerce service.",
    ),
)


def checkout_url(mode: CourseMode, user: AbstractBaseUser | AnonymousUser) -> str | None:
    """Return the URL at which `user` buys `mode`; None if it is not for sale."""
    configuration = CommerceConfiguration.current()
    for_sale = configuration.checkout_on_ecommerce_service and user.is_active and mode.sku
    if not (for_sale and settings.ECOMMERCE_PUBLIC_URL_ROOT):
        return None
    page = getattr(configuration, settings.RELEASE.checkout_page_field)
    return f"{settings.ECOMMERCE_PUBLIC_URL_ROOT}{page}?{urlencode({'sku': mode.sku})}"
