"""Names and types of Tutor's settings, and those of its plugins, by major version.

`tests/adapters/test_tutor_settings.py` holds them against Tutor itself.
"""

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from enum import StrEnum

MAJORS = (19, 20, 21, 22)
_NEAR = 0.8


class Kind(StrEnum):
    """Type of a setting, in words for operators."""

    TEXT = "a text"
    NUMBER = "a whole number"
    FLAG = "true or false"
    LIST = "a list"
    MAPPING = "a mapping"


# `@20-22`: the majors that have the setting, unless all have it.
_BY_KIND: Mapping[Kind, str] = {
    Kind.TEXT: """
        ATLAS_OPTIONS ATLAS_REPOSITORY ATLAS_REVISION CMS_HOST CMS_OAUTH2_KEY_SSO
        CMS_OAUTH2_KEY_SSO_DEV CMS_OAUTH2_SECRET CONTACT_EMAIL DEV_PROJECT_NAME DOCKER_IMAGE_CADDY
        DOCKER_IMAGE_MEILISEARCH DOCKER_IMAGE_MONGODB DOCKER_IMAGE_MYSQL DOCKER_IMAGE_OPENEDX
        DOCKER_IMAGE_OPENEDX_DEV DOCKER_IMAGE_PERMISSIONS DOCKER_IMAGE_REDIS DOCKER_IMAGE_SMTP
        DOCKER_REGISTRY EDX_PLATFORM_REPOSITORY EDX_PLATFORM_VERSION ID JWT_COMMON_AUDIENCE
        JWT_COMMON_ISSUER JWT_COMMON_SECRET_KEY JWT_RSA_PRIVATE_KEY K8S_NAMESPACE LANGUAGE_CODE
        LMS_HOST LOCAL_PROJECT_NAME MEILISEARCH_API_KEY MEILISEARCH_API_KEY_UID MEILISEARCH_HOST
        MEILISEARCH_INDEX_PREFIX MEILISEARCH_MASTER_KEY MEILISEARCH_PUBLIC_URL MEILISEARCH_URL
        MONGODB_AUTH_MECHANISM MONGODB_AUTH_SOURCE MONGODB_DATABASE MONGODB_HOST MONGODB_PASSWORD
        MONGODB_REPLICA_SET MONGODB_USERNAME MYSQL_HOST MYSQL_ROOT_PASSWORD MYSQL_ROOT_USERNAME
        NPM_REGISTRY OPENEDX_AWS_ACCESS_KEY OPENEDX_AWS_SECRET_ACCESS_KEY OPENEDX_COMMON_VERSION
        OPENEDX_MYSQL_DATABASE OPENEDX_MYSQL_PASSWORD OPENEDX_MYSQL_USERNAME OPENEDX_SECRET_KEY
        PLATFORM_NAME PREVIEW_LMS_HOST@19-20 REDIS_HOST REDIS_PASSWORD REDIS_USERNAME SMTP_HOST
        SMTP_PASSWORD SMTP_USERNAME
        DISCOVERY_CACHE_REDIS_DB DISCOVERY_DEFAULT_PRODUCT_SOURCE_SLUG DISCOVERY_DOCKER_IMAGE
        DISCOVERY_DOCKER_IMAGE_ELASTICSEARCH DISCOVERY_ELASTICSEARCH_HEAP_SIZE
        DISCOVERY_ELASTICSEARCH_HOST DISCOVERY_ELASTICSEARCH_SCHEME DISCOVERY_HOST
        DISCOVERY_MYSQL_DATABASE DISCOVERY_MYSQL_PASSWORD DISCOVERY_MYSQL_USERNAME
        DISCOVERY_OAUTH2_KEY DISCOVERY_OAUTH2_KEY_DEV DISCOVERY_OAUTH2_KEY_SSO
        DISCOVERY_OAUTH2_KEY_SSO_DEV DISCOVERY_OAUTH2_SECRET DISCOVERY_OAUTH2_SECRET_SSO
        DISCOVERY_REPOSITORY DISCOVERY_REPOSITORY_VERSION DISCOVERY_SECRET_KEY DISCOVERY_VERSION
        ECOMMERCE_API_KEY ECOMMERCE_CURRENCY ECOMMERCE_DOCKER_IMAGE ECOMMERCE_HOST
        ECOMMERCE_MYSQL_DATABASE ECOMMERCE_MYSQL_PASSWORD ECOMMERCE_MYSQL_USERNAME
        ECOMMERCE_OAUTH2_KEY ECOMMERCE_OAUTH2_KEY_DEV ECOMMERCE_OAUTH2_KEY_SSO
        ECOMMERCE_OAUTH2_KEY_SSO_DEV ECOMMERCE_OAUTH2_SECRET ECOMMERCE_OAUTH2_SECRET_SSO
        ECOMMERCE_SECRET_KEY ECOMMERCE_VERSION ECOMMERCE_WORKER_DOCKER_IMAGE
        ECOMMERCE_WORKER_JWT_ISSUER FORUM_VERSION INDIGO_PRIMARY_COLOR INDIGO_VERSION
        INDIGO_WELCOME_MESSAGE MFE_CADDY_DOCKER_IMAGE MFE_COMMON_VERSION MFE_DOCKER_IMAGE
        MFE_DOCKER_IMAGE_DEV_PREFIX MFE_HOST MFE_NODE_IMAGE@22 MFE_SITE_REPOSITORY@22
        MFE_SITE_VERSION@22 MFE_VERSION NOTIFICATIONS_DEFAULT_FROM_EMAIL@22
    """,
    Kind.NUMBER: """
        MONGODB_PORT MYSQL_PORT OPENEDX_CACHE_REDIS_DB OPENEDX_CELERY_REDIS_DB
        OPENEDX_CMS_UWSGI_WORKERS OPENEDX_LMS_UWSGI_WORKERS REDIS_PORT SMTP_PORT
        CADDY_HTTP_PORT DISCOVERY_ELASTICSEARCH_PORT ECOMMERCE_API_TIMEOUT MFE_SITE_PORT@22
    """,
    Kind.FLAG: """
        ENABLE_HTTPS ENABLE_WEB_PROXY MONGODB_USE_SSL RUN_MEILISEARCH RUN_MONGODB RUN_MYSQL
        RUN_REDIS RUN_SMTP SMTP_USE_SSL SMTP_USE_TLS DISCOVERY_ATLAS_PULL
        DISCOVERY_RUN_ELASTICSEARCH ECOMMERCE_ENABLE_IDENTITY_VERIFICATION ENABLE_PROGRAMS@20-22
        INDIGO_ENABLE_DARK_TOGGLE MFE_HOST_EXTRA_FILES@20-22 MFE_REMOVE_WEBPACK_BUILD_CACHE@21-22
    """,
    Kind.LIST: """
        MOUNTS OPENEDX_EXTRA_PIP_REQUIREMENTS PLUGINS PLUGIN_INDEXES
        DISCOVERY_EXTRA_PIP_REQUIREMENTS ECOMMERCE_ENABLED_CLIENT_SIDE_PAYMENT_PROCESSORS
        ECOMMERCE_ENABLED_PAYMENT_PROCESSORS
        ECOMMERCE_EXTRA_PAYMENT_PROCESSOR_CLASSES ECOMMERCE_EXTRA_PIP_REQUIREMENTS
        INDIGO_FOOTER_NAV_LINKS
    """,
    Kind.MAPPING: """
        DISCOVERY_INDEX_OVERRIDES ECOMMERCE_EXTRA_PAYMENT_PROCESSOR_URLS
        ECOMMERCE_PAYMENT_PROCESSORS PARAGON_THEME_URLS@22
    """,
}
_OF_PLUGINS = {
    "discovery": ("DISCOVERY_", "ENABLE_PROGRAMS"),
    "ecommerce": ("ECOMMERCE_",),
    "forum": ("FORUM_",),
    "indigo": ("INDIGO_", "PARAGON_THEME_URLS"),
    "mfe": ("MFE_", "NOTIFICATIONS_DEFAULT_FROM_EMAIL"),
}
"""Beginnings of the settings' names of each plugin."""
PLUGINS: Mapping[int, tuple[str, ...]] = {
    major: tuple(name for name in _OF_PLUGINS if name != "ecommerce" or major == MAJORS[0])
    for major in MAJORS
}
"""Plugins by major version, as their lock files have them."""


def plugin_of(name: str) -> str:
    """Return the plugin that has the setting; empty if it is Tutor's own."""
    return next((plugin for plugin, starts in _OF_PLUGINS.items() if name.startswith(starts)), "")


def settings(major: int, plugins: Collection[str]) -> dict[str, Kind]:
    """Return the types of the settings that this Tutor has with these plugins."""
    return {
        name: kind
        for name, (kind, majors) in _SETTINGS.items()
        if major in majors and plugin_of(name) in ("", *plugins)
    }


def nearest(name: str, major: int, plugins: Collection[str]) -> str:
    """Return the setting whose name is nearest to this unknown one; empty if none is near."""
    matches = get_close_matches(name, settings(major, plugins), n=1, cutoff=_NEAR)
    return next(iter(matches), "")


def _read(kind: Kind, names: str) -> dict[str, tuple[Kind, range]]:
    result = {}
    for word in names.split():
        name, _, majors = word.partition("@")
        first, _, last = (majors or f"{MAJORS[0]}-{MAJORS[-1]}").partition("-")
        if name.startswith(_OF_PLUGINS["ecommerce"]):
            last = first
        result[name] = (kind, range(int(first), int(last or first) + 1))
    return result


_SETTINGS = {
    name: setting
    for kind, names in _BY_KIND.items()
    for name, setting in _read(kind, names).items()
}
