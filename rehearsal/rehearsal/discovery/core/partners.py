"""The partner of this service's site, and its clients at the LMS."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from rehearsal.common.oauth_client import OAuthClient
from rehearsal.common.sign_on import ISSUER, OAUTH2, OPENID_CONNECT, Provider
from rehearsal.discovery.core.models import Partner

DEFAULT_PARTNER_ID = 1
"""Id of the partner of ginkgo's discovery, as its role sets it: it ignores sites."""


class NoPartner(Exception):
    """The service's site has no partner."""


def partner() -> Partner:
    """Return the partner of the server's only site. Raise NoPartner if it has none."""
    partners = Partner.objects.select_related("site")
    if not settings.RELEASE.partner_with_site:
        partner = partners.filter(pk=DEFAULT_PARTNER_ID).first()
    else:
        of_domain = partners.filter(site__isnull=False, site__domain=settings.SITE_DOMAIN).first()
        partner = of_domain or partners.filter(site=settings.SITE_ID).first()
    if partner is None:
        raise NoPartner(
            f"Site {settings.SITE_ID} has no partner: run create_or_update_partner with "
            f"--site-id {settings.SITE_ID}."
        )
    return partner


def no_partner_middleware(
    answer: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Return middleware that shows the message of NoPartner, with status 500."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return answer(request)

    def process_exception(_request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, NoPartner):
            return HttpResponse(f"{error}\n", status=500, content_type="text/plain")
        return None

    middleware.process_exception = process_exception  # type: ignore[attr-defined]
    return middleware


def backend_client(partner: Partner) -> OAuthClient:
    """Return the client for the service's own calls: before juniper it is the partner's."""
    if settings.RELEASE.openid_connect:
        url = partner.oidc_url_root.rstrip("/")
        return OAuthClient(url, partner.oidc_key, partner.oidc_secret)
    oauth = settings.OAUTH_SETTINGS
    return OAuthClient(
        oauth.get("BACKEND_SERVICE_EDX_OAUTH2_PROVIDER_URL", "").rstrip("/"),
        oauth.get("BACKEND_SERVICE_EDX_OAUTH2_KEY", ""),
        oauth.get("BACKEND_SERVICE_EDX_OAUTH2_SECRET", ""),
    )


def sign_on_provider(_request: HttpRequest) -> Provider:
    """Return the LMS as provider of sign-on, as the settings name it."""
    oauth = settings.OAUTH_SETTINGS
    connect = settings.RELEASE.openid_connect
    prefix = "SOCIAL_AUTH_EDX_OIDC" if connect else "SOCIAL_AUTH_EDX_OAUTH2"
    root = oauth.get(f"{prefix}_URL_ROOT", "").rstrip("/")
    public = (oauth.get(f"{prefix}_PUBLIC_URL_ROOT") or root).rstrip("/")
    client = OAuthClient(
        root if connect else f"{root}/oauth2",
        oauth.get(f"{prefix}_KEY", ""),
        oauth.get(f"{prefix}_SECRET", ""),
    )
    return Provider(
        backend=OPENID_CONNECT if connect else OAUTH2,
        client=client,
        public_url=public if connect else f"{public}/oauth2",
        logout_url=oauth.get(f"{prefix}_LOGOUT_URL") or "/",
        https=settings.SOCIAL_AUTH_REDIRECT_IS_HTTPS,
        issuer=oauth.get(ISSUER, ""),
    )


def lms_root(partner: Partner) -> str:
    """Return the LMS's URL for learners, without a slash at the end."""
    if partner.lms_url:
        return partner.lms_url.rstrip("/")
    oauth = settings.OAUTH_SETTINGS
    root: str = (
        oauth.get("SOCIAL_AUTH_EDX_OAUTH2_PUBLIC_URL_ROOT")
        or oauth.get("SOCIAL_AUTH_EDX_OAUTH2_URL_ROOT")
        or (oauth.get("SOCIAL_AUTH_EDX_OIDC_URL_ROOT") or partner.oidc_url_root).removesuffix(
            "/oauth2"
        )
    )
    return root.rstrip("/")
