"""The parts of django-oscar that a shop without oscar's own pages needs: models and their rules.

Its own configurations import all of its pages, and its hundred migrations take longer than the
rest of an app server. So these have no pages, and their tables come from `oscar_migrations`.
"""

from oscar.core.application import OscarConfig


class Oscar(OscarConfig):
    """An app of oscar's, taken for its models."""

    default_auto_field = "django.db.models.AutoField"
    default = False


class Address(Oscar):
    name, label = "oscar.apps.address", "address"


class Basket(Oscar):
    name, label = "oscar.apps.basket", "basket"


class Communication(Oscar):
    name, label = "oscar.apps.communication", "communication"


class Offer(Oscar):
    name, label = "oscar.apps.offer", "offer"


class Order(Oscar):
    name, label = "oscar.apps.order", "order"


class Payment(Oscar):
    name, label = "oscar.apps.payment", "payment"


class Voucher(Oscar):
    name, label = "oscar.apps.voucher", "voucher"


class Catalogue(Oscar):
    """Oscar's catalogue with courses."""

    name, label = "rehearsal.ecommerce.catalogue", "catalogue"


class Partner(Oscar):
    """Oscar's partners with short codes."""

    name, label = "rehearsal.ecommerce.partner", "partner"


UNCHANGED = ("address", "basket", "communication", "offer", "order", "payment", "voucher")
"""Labels of apps with oscar's own models."""
