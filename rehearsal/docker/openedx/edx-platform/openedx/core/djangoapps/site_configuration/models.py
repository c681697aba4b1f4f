from django.contrib.sites.models import Site
from django.db import models


class SiteConfiguration(models.Model):
    """Settings of a site that differ from the platform's."""

    site = models.OneToOneField(Site, related_name="configuration", on_delete=models.CASCADE)
    enabled = models.BooleanField(default=False)
    site_values = models.JSONField(default=dict, blank=True)

    def __str__(self) -> str:
        return str(self.site)
