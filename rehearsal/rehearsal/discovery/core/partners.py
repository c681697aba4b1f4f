"""Whose catalogue this is, and how its people sign on."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from rehearsal.common.oauth_client import OAuthClient
from rehearsal.common.sign_on import OAUTH2, OPENID_CONNECT, Provider
from rehearsal.discovery.core.models import Partner


class NoPartner(Exception):
    """The service's site has no partner."""


def partner() -> Partner:
    """The partner of the one site that a server has. Raises NoPartner."""
    found = Partner.objects.select_related("site").filter(site=settings.SITE_ID).first()
    if found is None:
        raise NoPartner(
            f"Site {settings.SITE_ID} has no partner: run create_or_update_partner with "
            f"--site-id {settings.SITE_ID}."
        )
    return found


def no_partner_middleware(
    answer: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware that tells operators what is missing, with status 500."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return answer(request)

    def process_exception(_request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, NoPartner):
            return HttpResponse(f"{error}\n", status=500, content_type="text/plain")
        return None

    middleware.process_exception = process_exception  # type: ignore[attr-defined]
    return middleware


def backend_client(of: Partner) -> OAuthClient:
    """The client of the service's own calls: the partner's before juniper, then the settings'."""
    if settings.RELEASE.openid_connect:
        return OAuthClient(of.oidc_url_root.rstrip("/"), of.oidc_key, of.oidc_secret)
    told = settings.OAUTH_SETTINGS
    return OAuthClient(
        told.get("BACKEND_SERVICE_EDX_OAUTH2_PROVIDER_URL", "").rstrip("/"),
        told.get("BACKEND_SERVICE_EDX_OAUTH2_KEY", ""),
        told.get("BACKEND_SERVICE_EDX_OAUTH2_SECRET", ""),
    )


def sign_on_provider(_request: HttpRequest) -> Provider:
    """The LMS as the settings name it."""
    told = settings.OAUTH_SETTINGS
    connect = settings.RELEASE.openid_connect
    prefix = "SOCIAL_AUTH_EDX_OIDC" if connect else "SOCIAL_AUTH_EDX_OAUTH2"
    root = told.get(f"{prefix}_URL_ROOT", "").rstrip("/")
    public = (told.get(f"{prefix}_PUBLIC_URL_ROOT") or root).rstrip("/")
    client = OAuthClient(
        root if connect else f"{root}/oauth2",
        told.get(f"{prefix}_KEY", ""),
        told.get(f"{prefix}_SECRET", ""),
    )
    return Provider(
        backend=OPENID_CONNECT if connect else OAUTH2,
        client=client,
        public_url=public if connect else f"{public}/oauth2",
        logout_url=told.get(f"{prefix}_LOGOUT_URL") or "/",
        https=settings.SOCIAL_AUTH_REDIRECT_IS_HTTPS,
    )


def lms_root(of: Partner) -> str:
    """Where learners find the LMS, without a slash at the end."""
    if of.lms_url:
        return of.lms_url.rstrip("/")
    told = settings.OAUTH_SETTINGS
    root: str = (
        told.get("SOCIAL_AUTH_EDX_OAUTH2_PUBLIC_URL_ROOT")
        or told.get("SOCIAL_AUTH_EDX_OAUTH2_URL_ROOT")
        or (told.get("SOCIAL_AUTH_EDX_OIDC_URL_ROOT") or of.oidc_url_root).removesuffix("/oauth2")
    )
    return root.rstrip("/")
