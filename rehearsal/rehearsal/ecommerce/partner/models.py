from django.contrib.sites.models import Site
from django.db import models
from oscar.apps.partner.abstract_models import AbstractPartner


class Partner(AbstractPartner):
    """A seller. Its short code begins its order numbers and selects its processors' keys."""

    short_code = models.CharField(max_length=8, unique=True)
    default_site = models.ForeignKey(Site, null=True, blank=True, on_delete=models.PROTECT)


from oscar.apps.partner.models import *  # noqa: E402, F403 (oscar makes those that are not there)
