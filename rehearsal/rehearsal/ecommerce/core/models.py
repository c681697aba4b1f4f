from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.contrib.sites.models import Site
from django.core.exceptions import ValidationError
from django.db import models

from rehearsal.common.oauth_client import OAuthClient


class User(AbstractUser):
    full_name = models.CharField(max_length=255, blank=True, default="")
    lms_user_id = models.IntegerField(null=True, blank=True, db_index=True)


class SiteConfiguration(models.Model):
    """Configuration of a site: its partner, its payment processors, its clients at the LMS.

    Like the real one, `create_or_update_site` writes it without calling `clean`: unknown
    processors and empty secrets fail only when they are used.
    """

    site = models.OneToOneField(Site, on_delete=models.PROTECT)
    partner = models.ForeignKey("partner.Partner", on_delete=models.PROTECT)
    lms_url_root = models.URLField("LMS base url", help_text="Root URL of this site's LMS.")
    payment_processors = models.CharField(
        max_length=200, blank=True, default="", help_text="Names, separated by commas."
    )
    client_side_payment_processor = models.CharField(max_length=200, blank=True, default="")
    oauth_settings = models.JSONField("OAuth settings", default=dict, blank=True)
    from_email = models.CharField(max_length=255, blank=True, default="")
    discovery_api_url = models.URLField("Discovery API URL", blank=True, default="")
    segment_key = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001
    enable_enrollment_codes = models.BooleanField(default=False)
    payment_support_email = models.CharField(max_length=255, blank=True, default="")
    payment_support_url = models.CharField(max_length=255, blank=True, default="")
    send_refund_notifications = models.BooleanField(default=False)
    base_cookie_domain = models.CharField(max_length=255, blank=True, default="")
    journals_api_url = models.URLField(null=True, blank=True)  # noqa: DJ001
    enable_microfrontend_for_basket_page = models.BooleanField(default=False)
    payment_microfrontend_url = models.URLField(null=True, blank=True)  # noqa: DJ001 (as the real)

    def __str__(self) -> str:
        return f"{self.site}: {self.partner}"

    def clean(self) -> None:
        """Refuse, in the admin, processors that this service does not have."""
        names = self.processor_names()
        unknown = [name for name in names if name not in settings.PAYMENT_PROCESSORS]
        if unknown:
            raise ValidationError({"payment_processors": f"Unknown: {', '.join(unknown)}"})
        if self.client_side_payment_processor not in {"", *names}:
            raise ValidationError(
                {"client_side_payment_processor": "It is not among the payment processors."}
            )

    def processor_names(self) -> list[str]:
        """Return the names of the site's payment processors, in their order."""
        return [name.strip() for name in self.payment_processors.split(",") if name.strip()]

    def oauth(self, name: str) -> Any:
        """Return an OAuth setting of the site or else of the service, or raise KeyError."""
        value = self.oauth_settings.get(name) or settings.OAUTH_SETTINGS.get(name)
        if not value:
            raise KeyError(name)
        return value

    @property
    def openid_connect(self) -> bool:
        """True if a release before juniper configured the site."""
        return "SOCIAL_AUTH_EDX_OIDC_KEY" in self.oauth_settings

    def sign_on_client(self) -> OAuthClient:
        """Return the client for the sign-on of people."""
        if self.openid_connect:
            return self._client("SOCIAL_AUTH_EDX_OIDC", self.oauth("SOCIAL_AUTH_EDX_OIDC_URL_ROOT"))
        root = self.oauth("SOCIAL_AUTH_EDX_OAUTH2_URL_ROOT")
        return self._client("SOCIAL_AUTH_EDX_OAUTH2", f"{root}/oauth2")

    def backend_client(self) -> OAuthClient:
        """Return the client for the service's own calls; before juniper it is the same."""
        if self.openid_connect:
            return self.sign_on_client()
        return self._client("BACKEND_SERVICE_EDX_OAUTH2", f"{self.lms_url_root}/oauth2")

    def _client(self, prefix: str, provider_url: str) -> OAuthClient:
        return OAuthClient(
            provider_url, self.oauth(f"{prefix}_KEY"), self.oauth(f"{prefix}_SECRET")
        )
