"""Settings of course discovery."""

import os
from pathlib import Path
from typing import Any

from rehearsal.common import configuration, releases
from rehearsal.common.migrated_apps import OF_ALL
from rehearsal.discovery.search_settings import index_names, search_url

SERVICE_NAME = "Course catalogue"
CONFIGURATION: dict[str, Any] = configuration.read(
    "DISCOVERY_CFG", required=("SECRET_KEY", "DATABASES")
)
# The real service takes all that is in here as settings, not only those about media.
CONFIGURATION |= CONFIGURATION.get("MEDIA_STORAGE_BACKEND") or {}
RELEASE = releases.parse(CONFIGURATION.get("DISCOVERY_VERSION") or "master")
REHEARSAL_FAULTS: list[str] = CONFIGURATION.get("REHEARSAL_FAULTS") or []

# Settings of the real service, from the YAML file.
SECRET_KEY: str = CONFIGURATION["SECRET_KEY"]
DATABASES = configuration.databases(CONFIGURATION["DATABASES"])
TIME_ZONE: str = CONFIGURATION.get("TIME_ZONE") or "UTC"
PLATFORM_NAME: str = CONFIGURATION.get("PLATFORM_NAME") or "Your Platform Name Here"
DISCOVERY_URL_ROOT: str = (CONFIGURATION.get("DISCOVERY_URL_ROOT") or "").rstrip("/")
JWT_AUTH: dict[str, Any] = CONFIGURATION.get("JWT_AUTH") or {}
SOCIAL_AUTH_REDIRECT_IS_HTTPS: bool = bool(CONFIGURATION.get("SOCIAL_AUTH_REDIRECT_IS_HTTPS"))
OAUTH_SETTINGS: dict[str, str] = {
    key: value
    for key, value in CONFIGURATION.items()
    if key.startswith(("SOCIAL_AUTH_EDX_", "BACKEND_SERVICE_EDX_"))
}
ELASTICSEARCH_URL = search_url(CONFIGURATION, RELEASE)
# Up to koa all documents are in one index. Since lilac each kind has an index of its own.
ELASTICSEARCH_INDEX_NAME: str = CONFIGURATION.get("ELASTICSEARCH_INDEX_NAME") or "catalog"
ELASTICSEARCH_INDEX_NAMES = index_names(CONFIGURATION, RELEASE)
ELASTICSEARCH_INDEX_RETENTION_LIMIT = 3
INDEX_SIZE_CHANGE_THRESHOLD = 0.1
# Time limits of calls to other services, in seconds, from the real service's variables.
CONNECT_TIMEOUT = float(os.environ.get("EDX_REST_API_CLIENT_REQUEST_CONNECT_TIMEOUT", "3.05"))
READ_TIMEOUT = float(os.environ.get("EDX_REST_API_CLIENT_REQUEST_READ_TIMEOUT", "1"))
SEARCH_TIMEOUT = 30
# Seconds until the next attempt if ecommerce listed fewer courses than it counted.
LOADER_PAUSES: list[float] = [1, 4]
MEDIA_ROOT: str = CONFIGURATION.get("MEDIA_ROOT") or ""

# The balancer in front decides which domains lead to this service, and ends TLS.
ALLOWED_HOSTS = ["*"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = DISCOVERY_URL_ROOT.startswith("https:")
# Own names: the LMS on another host of the same domain has cookies, too.
SESSION_COOKIE_NAME = "discovery_sessionid"
CSRF_COOKIE_NAME = "discovery_csrftoken"

SITE_ID = 1
# Domain of the site, if it is not that of the id: the real service reads it of each request.
SITE_DOMAIN = ""
INSTALLED_APPS = [
    "rehearsal.common",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.sites",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "rehearsal.discovery.core",
    "rehearsal.discovery.course_metadata",
    "rehearsal.discovery.catalogs",
]
MIGRATION_MODULES = OF_ALL
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
AUTH_USER_MODEL = "core.User"

MIDDLEWARE = [
    "rehearsal.common.faults.faults_middleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "rehearsal.discovery.core.partners.no_partner_middleware",
]
ROOT_URLCONF = "rehearsal.discovery.urls"
_PACKAGE = Path(__file__).parents[1]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [_PACKAGE / part / "templates" for part in ("discovery", "common")],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "rehearsal.common.context.page",
            ]
        },
    }
]
# Served from the packages' directories: there is no collectstatic step.
STATIC_URL = "/static/"
STATICFILES_DIRS = [_PACKAGE / "discovery" / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

LOGIN_URL = "login"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rehearsal.common.api_authentication.JwtAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.LimitOffsetPagination",
    "PAGE_SIZE": 20,
    "DEFAULT_THROTTLE_RATES": {},
}

USE_I18N = False
USE_TZ = True
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {
        "django": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "rehearsal": {"handlers": ["console"], "level": "INFO", "propagate": False},
    },
}
