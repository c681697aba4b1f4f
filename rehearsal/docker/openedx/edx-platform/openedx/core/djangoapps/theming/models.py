from django.conf import settings
from django.contrib.sites.models import Site
from django.db import models


class SiteTheme(models.Model):
    """The theme of a site."""

    site = models.ForeignKey(Site, related_name="themes", on_delete=models.CASCADE)
    theme_dir_name = models.CharField(max_length=255)
    if not settings.RELEASE.before("verawood"):
        note = models.CharField(max_length=255, default="", db_default="", blank=True)

    def __str__(self) -> str:
        return f"{self.site}: {self.theme_dir_name}"
