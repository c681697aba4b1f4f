"""Sites: the configuration for a request, and sign-on for it."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from rehearsal.common.sign_on import ISSUER, OAUTH2, OPENID_CONNECT, Provider
from rehearsal.ecommerce.core.models import SiteConfiguration


class NoSite(Exception):
    """The host that was asked for is no site's domain, or of a site without configuration."""


def configuration_of(request: HttpRequest) -> SiteConfiguration:
    """Return the configuration of the site with the request's host, or raise NoSite.

    The site's domain may be written with or without the port.
    """
    host = request.get_host()
    for domain in (host, host.partition(":")[0]):
        matching = SiteConfiguration.objects.select_related("site", "partner").filter(
            site__domain__iexact=domain
        )
        if configuration := matching.first():
            return configuration
    raise NoSite(f"No site has the domain {host} and a configuration: run create_or_update_site.")


def no_site_middleware(
    answer: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Return middleware that shows the message of NoSite, with status 500."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return answer(request)

    def process_exception(_request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, NoSite):
            return HttpResponse(f"{error}\n", status=500, content_type="text/plain")
        return None

    middleware.process_exception = process_exception  # type: ignore[attr-defined]
    return middleware


def provider_of(request: HttpRequest) -> Provider:
    """Return the LMS as provider of sign-on, as the request's site is configured."""
    configuration = configuration_of(request)
    client = configuration.sign_on_client()
    connect = configuration.openid_connect
    public = configuration.oauth_settings.get("SOCIAL_AUTH_EDX_OAUTH2_PUBLIC_URL_ROOT")
    prefix = "SOCIAL_AUTH_EDX_OIDC" if connect else "SOCIAL_AUTH_EDX_OAUTH2"
    return Provider(
        backend=OPENID_CONNECT if connect else OAUTH2,
        client=client,
        public_url=f"{public}/oauth2" if public else client.provider_url,
        logout_url=configuration.oauth(f"{prefix}_LOGOUT_URL"),
        https=settings.SOCIAL_AUTH_REDIRECT_IS_HTTPS,
        issuer=configuration.oauth_settings.get(ISSUER) or settings.OAUTH_SETTINGS.get(ISSUER, ""),
    )


def context(request: HttpRequest) -> dict[str, str]:
    """Return the variables of every page: the LMS's URL."""
    try:
        return {"lms_url_root": configuration_of(request).lms_url_root}
    except NoSite:
        return {"lms_url_root": ""}
