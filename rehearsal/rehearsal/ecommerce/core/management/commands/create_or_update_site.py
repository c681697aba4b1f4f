from typing import Any

from django.conf import settings
from django.contrib.sites.models import Site
from django.core.management.base import BaseCommand, CommandParser

from rehearsal.ecommerce.core.models import SiteConfiguration
from rehearsal.ecommerce.partner.models import Partner


class Command(BaseCommand):
    help = "Create or update a site, its partner and its configuration."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--site-id", type=int)
        parser.add_argument("--site-domain", required=True)
        parser.add_argument("--site-name", default="")
        parser.add_argument("--partner-code", required=True)
        parser.add_argument("--partner-name", default="")
        parser.add_argument("--lms-url-root", required=True)
        parser.add_argument("--payment-processors", default="", help="with commas between them")
        parser.add_argument("--client-side-payment-processor", default="")
        parser.add_argument("--from-email", required=True)
        parser.add_argument("--segment-key")
        # Like the real command, take any text for true, also `false`.
        parser.add_argument("--enable-enrollment-codes", type=bool)
        parser.add_argument("--payment-support-email")
        parser.add_argument("--payment-support-url")
        parser.add_argument("--send-refund-notifications", action="store_true")
        parser.add_argument("--disable-otto-receipt-page", action="store_true")
        parser.add_argument("--base-cookie-domain", default="")
        for flag in client_flags():
            parser.add_argument(flag, required=True)
        release = settings.RELEASE
        if not release.before("hawthorn"):
            parser.add_argument("--discovery_api_url", required=True)
        if release.name == "ironwood":
            parser.add_argument("--journals_api_url")
        if not release.openid_connect:
            parser.add_argument("--lms-public-url-root")
        if settings.RELEASE.payment_microfrontend:
            parser.add_argument("--enable-microfrontend-for-basket-page", type=bool)
            parser.add_argument("--payment-microfrontend-url")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Write every field of the configuration: what is not given is emptied.

        Only addresses of support are kept, and a partner's name and short code. Nothing is
        checked, and there is no transaction: a code that is too long for the database leaves a
        partner without one behind, as on the real service.
        """
        site = Site.objects.filter(pk=options["site_id"]).first()
        if site is None:
            site, _created = Site.objects.get_or_create(domain=options["site_domain"])
        site.domain = options["site_domain"]
        site.name = options["site_name"] or site.name
        site.save()
        partner, created = Partner.objects.get_or_create(code=options["partner_code"])
        if created:
            partner.name = options["partner_name"]
            partner.short_code = options["partner_code"]
        partner.default_site = site
        partner.save()
        elsewhere = bool(options.get("enable_microfrontend_for_basket_page"))
        support = ("payment_support_email", "payment_support_url")
        SiteConfiguration.objects.update_or_create(
            site=site,
            defaults={
                **{name: options[name] for name in support if options[name]},
                "partner": partner,
                "lms_url_root": options["lms_url_root"],
                "payment_processors": options["payment_processors"],
                "client_side_payment_processor": options["client_side_payment_processor"],
                "from_email": options["from_email"],
                "discovery_api_url": options.get("discovery_api_url") or "",
                "journals_api_url": options.get("journals_api_url"),
                "segment_key": options["segment_key"],
                "enable_enrollment_codes": bool(options["enable_enrollment_codes"]),
                "send_refund_notifications": options["send_refund_notifications"],
                "base_cookie_domain": options["base_cookie_domain"],
                "oauth_settings": oauth_settings(options),
                "enable_microfrontend_for_basket_page": elsewhere,
                "payment_microfrontend_url": (
                    options["payment_microfrontend_url"] if elsewhere else None
                ),
            },
        )


def client_flags() -> tuple[str, ...]:
    """Return the flags of the release's OAuth clients."""
    if settings.RELEASE.openid_connect:
        return ("--client-id", "--client-secret")
    uses = ("sso", "backend-service")
    return tuple(f"--{use}-client-{part}" for use in uses for part in ("id", "secret"))


def oauth_settings(options: dict[str, Any]) -> dict[str, Any]:
    """Return the OAuth settings in the release's form, without empty ids and secrets."""
    root = options["lms_url_root"]
    if settings.RELEASE.openid_connect:
        return {
            "SOCIAL_AUTH_EDX_OIDC_URL_ROOT": f"{root}/oauth2",
            "SOCIAL_AUTH_EDX_OIDC_LOGOUT_URL": f"{root}/logout",
            "SOCIAL_AUTH_EDX_OIDC_ISSUERS": [root],
            "SOCIAL_AUTH_EDX_OIDC_KEY": options["client_id"],
            "SOCIAL_AUTH_EDX_OIDC_SECRET": options["client_secret"],
            "SOCIAL_AUTH_EDX_OIDC_ID_TOKEN_DECRYPTION_KEY": options["client_secret"],
        }
    kept: dict[str, Any] = {
        "SOCIAL_AUTH_EDX_OAUTH2_URL_ROOT": root,
        "SOCIAL_AUTH_EDX_OAUTH2_LOGOUT_URL": f"{root}/logout",
        "SOCIAL_AUTH_EDX_OAUTH2_ISSUERS": [root],
    }
    if options["lms_public_url_root"]:
        kept["SOCIAL_AUTH_EDX_OAUTH2_PUBLIC_URL_ROOT"] = options["lms_public_url_root"]
    for setting, use in (("SOCIAL_AUTH", "sso"), ("BACKEND_SERVICE", "backend_service")):
        client_id, secret = options[f"{use}_client_id"], options[f"{use}_client_secret"]
        if client_id and secret:
            kept[f"{setting}_EDX_OAUTH2_KEY"] = client_id
            kept[f"{setting}_EDX_OAUTH2_SECRET"] = secret
    return kept
