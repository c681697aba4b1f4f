from django.contrib.auth.models import AbstractUser
from django.contrib.sites.models import Site
from django.db import models


class User(AbstractUser):
    full_name = models.CharField(max_length=255, blank=True, default="")


class Partner(models.Model):
    """An owner of courses, and the URLs to read them from. Empty URLs are not read."""

    name = models.CharField(max_length=128, unique=True, blank=True, default="")
    short_code = models.CharField(max_length=8, unique=True)
    site = models.OneToOneField(Site, on_delete=models.PROTECT, null=True, blank=True)
    courses_api_url = models.URLField(max_length=255, blank=True, default="")
    lms_coursemode_api_url = models.URLField(max_length=255, blank=True, default="")
    ecommerce_api_url = models.URLField(max_length=255, blank=True, default="")
    organizations_api_url = models.URLField(
        max_length=255, blank=True, default="", help_text="with a slash at the end"
    )
    programs_api_url = models.URLField(max_length=255, blank=True, default="")
    marketing_site_api_url = models.URLField(max_length=255, blank=True, default="")
    marketing_site_url_root = models.URLField(max_length=255, blank=True, default="")
    marketing_site_api_username = models.CharField(max_length=255, blank=True, default="")
    marketing_site_api_password = models.CharField(max_length=255, blank=True, default="")
    lms_url = models.URLField(max_length=255, blank=True, default="")
    studio_url = models.URLField(max_length=255, blank=True, default="")
    publisher_url = models.URLField(max_length=255, blank=True, default="")
    oidc_url_root = models.CharField(max_length=255, blank=True, default="")
    oidc_key = models.CharField(max_length=255, blank=True, default="")
    oidc_secret = models.CharField(max_length=255, blank=True, default="")

    def __str__(self) -> str:
        return self.name
