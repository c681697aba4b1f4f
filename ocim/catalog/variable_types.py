"""What known variables must be, so that a slip is found before a server is built."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from ocim.catalog.templates import is_template
from ocim.core.spec import Secret


class Kind(StrEnum):
    """What a variable may hold, in words for an operator."""

    TEXT = "a text (in quotes, if it looks like something else)"
    FLAG = "true or false"
    PORT = "a port number"
    MAPPING = "a mapping"
    TEXTS = "a list of texts"
    MAPPINGS = "a list of mappings"


_TRUE = frozenset({"y", "yes", "on", "1", "true", "t"})
_FALSE = frozenset({"n", "no", "off", "0", "false", "f"})


def as_flag(value: Any) -> bool | None:
    """What Ansible takes the value for where it wants true or false; None if for neither."""
    text = str(value).strip().lower()
    if not isinstance(value, bool | int | str):
        return None
    return True if text in _TRUE else False if text in _FALSE else None


def _is_text(value: Any) -> bool:
    return isinstance(value, str | Secret)


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_list_of(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(map(fits, value))


def _is_mapping(value: Any) -> bool:
    return isinstance(value, Mapping)


_FITS: Mapping[Kind, Callable[[Any], bool]] = {
    Kind.TEXT: _is_text,
    Kind.FLAG: lambda value: as_flag(value) is not None,
    # Empty where the database is a file and has no port.
    Kind.PORT: lambda value: value == "" or _is_number(value) or str(value).isdecimal(),
    Kind.MAPPING: _is_mapping,
    Kind.TEXTS: _is_list_of(_is_text),
    Kind.MAPPINGS: _is_list_of(_is_mapping),
}


def fits(value: Any, kind: Kind) -> bool:
    """Whether the value is of that kind; a template may become anything, so it always is."""
    return (isinstance(value, str) and is_template(value)) or _FITS[kind](value)


_BY_KIND: Mapping[Kind, str] = {
    Kind.TEXT: """
        openedx_release edx_platform_repo edx_platform_version
        COMMON_HOSTNAME COMMON_LMS_BASE_URL COMMON_OAUTH_BASE_URL
        COMMON_JWT_AUDIENCE COMMON_JWT_ISSUER COMMON_JWT_SECRET_KEY
        COMMON_JWT_PUBLIC_SIGNING_JWK_SET
        COMMON_MYSQL_MIGRATE_USER COMMON_MYSQL_MIGRATE_PASS
        EDXAPP_PLATFORM_NAME EDXAPP_SITE_NAME EDXAPP_TIME_ZONE
        EDXAPP_LMS_BASE EDXAPP_LMS_ROOT_URL EDXAPP_PREVIEW_LMS_BASE EDXAPP_CMS_BASE
        EDXAPP_DEFAULT_FROM_EMAIL EDXAPP_CONTACT_EMAIL EDXAPP_TECH_SUPPORT_EMAIL
        EDXAPP_BUGS_EMAIL EDXAPP_DEFAULT_SERVER_EMAIL
        EDXAPP_DATABASE_ENGINE EDXAPP_MYSQL_DB_NAME EDXAPP_MYSQL_USER EDXAPP_MYSQL_PASSWORD
        EDXAPP_MYSQL_HOST EDXAPP_MEDIA_ROOT
        EDXAPP_EDXAPP_SECRET_KEY EDXAPP_EDX_API_KEY
        EDXAPP_JWT_SIGNING_ALGORITHM EDXAPP_JWT_PRIVATE_SIGNING_JWK
        EDXAPP_ECOMMERCE_PUBLIC_URL_ROOT EDXAPP_ECOMMERCE_API_URL EDXAPP_COURSE_CATALOG_API_URL
        ECOMMERCE_SOCIAL_AUTH_EDX_OIDC_KEY ECOMMERCE_SOCIAL_AUTH_EDX_OIDC_SECRET
        ECOMMERCE_SOCIAL_AUTH_EDX_OAUTH2_KEY ECOMMERCE_SOCIAL_AUTH_EDX_OAUTH2_SECRET
        ECOMMERCE_BACKEND_SERVICE_EDX_OAUTH2_KEY ECOMMERCE_BACKEND_SERVICE_EDX_OAUTH2_SECRET
        DISCOVERY_SOCIAL_AUTH_EDX_OIDC_KEY DISCOVERY_SOCIAL_AUTH_EDX_OIDC_SECRET
        DISCOVERY_SOCIAL_AUTH_EDX_OAUTH2_KEY DISCOVERY_SOCIAL_AUTH_EDX_OAUTH2_SECRET
        DISCOVERY_BACKEND_SERVICE_EDX_OAUTH2_KEY DISCOVERY_BACKEND_SERVICE_EDX_OAUTH2_SECRET
        ECOMMERCE_VERSION DISCOVERY_VERSION
        ECOMMERCE_BROKER_URL ECOMMERCE_WORKER_BROKER_URL ECOMMERCE_WORKER_ECOMMERCE_API_ROOT
        ECOMMERCE_OSCAR_DEFAULT_CURRENCY
    """,
    Kind.FLAG: """
        CONFIGURE_JWTS DEMO_ROLE_ENABLED ecommerce_create_demo_data
        SANDBOX_ENABLE_ECOMMERCE SANDBOX_ENABLE_DISCOVERY
        NGINX_SET_X_FORWARDED_HEADERS ECOMMERCE_SOCIAL_AUTH_REDIRECT_IS_HTTPS
        edx_django_service_social_auth_redirect_is_https
    """,
    Kind.PORT: "EDXAPP_MYSQL_PORT",
    Kind.MAPPING: """
        EDXAPP_LMS_ENV_EXTRA EDXAPP_CMS_ENV_EXTRA EDXAPP_FEATURES_EXTRA EDXAPP_WORKERS
        ECOMMERCE_PAYMENT_PROCESSOR_CONFIG
    """,
    Kind.TEXTS: "EDXAPP_PAID_COURSE_REGISTRATION_CURRENCY EDXAPP_FERNET_KEYS",
    Kind.MAPPINGS: "EDXAPP_ADDITIONAL_CRON_JOBS ECOMMERCE_REPOS",
}

TYPES: Mapping[str, Kind] = {
    name: kind for kind, names in _BY_KIND.items() for name in names.split()
}
"""What every variable must be that Ocim generates, or that its documentation names."""
