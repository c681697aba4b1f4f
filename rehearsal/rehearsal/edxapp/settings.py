"""Settings of the LMS and the studio: one code base, two services (SERVICE_VARIANT)."""

import os
from pathlib import Path
from typing import Any

from rehearsal.common import configuration, releases
from rehearsal.common.migrated_apps import OF_EDXAPP
from rehearsal.edxapp import uploads

VARIANT = os.environ.get("SERVICE_VARIANT", "lms")
SERVICE_NAME = {"lms": "LMS", "cms": "Studio"}[VARIANT]
CONFIGURATION: dict[str, Any] = configuration.read(
    {"lms": "LMS_CFG", "cms": "STUDIO_CFG"}[VARIANT],
    required=("SECRET_KEY", "DATABASES", "LMS_ROOT_URL"),
)
RELEASE = releases.parse(CONFIGURATION.get("EDX_PLATFORM_VERSION") or "master")
REHEARSAL_FAULTS: list[str] = CONFIGURATION.get("REHEARSAL_FAULTS") or []

# Settings of the real platform, from the YAML file.
SECRET_KEY: str = CONFIGURATION["SECRET_KEY"]
DATABASES = configuration.databases(CONFIGURATION["DATABASES"])
TIME_ZONE: str = CONFIGURATION.get("TIME_ZONE") or "UTC"
DEFAULT_FROM_EMAIL: str = CONFIGURATION.get("DEFAULT_FROM_EMAIL") or "registration@example.com"
PLATFORM_NAME: str = CONFIGURATION.get("PLATFORM_NAME") or "Open edX"
LMS_ROOT_URL: str = CONFIGURATION["LMS_ROOT_URL"].rstrip("/")
EDX_API_KEY: str = CONFIGURATION.get("EDX_API_KEY") or ""
ECOMMERCE_PUBLIC_URL_ROOT: str = (CONFIGURATION.get("ECOMMERCE_PUBLIC_URL_ROOT") or "").rstrip("/")
JWT_AUTH: dict[str, Any] = {
    "JWT_ISSUER": f"{LMS_ROOT_URL}/oauth2",
    "JWT_AUDIENCE": "rehearsal",
    "JWT_SIGNING_ALGORITHM": "RS512",
    "JWT_PRIVATE_SIGNING_JWK": "",
    "JWT_PUBLIC_SIGNING_JWK_SET": "",
    **(CONFIGURATION.get("JWT_AUTH") or {}),
}
CURRENCY: str = (CONFIGURATION.get("PAID_COURSE_REGISTRATION_CURRENCY") or ["usd"])[0]
COURSE_MODE_DEFAULTS: dict[str, Any] = {
    "slug": "audit",
    "name": "Audit",
    "min_price": 0,
    "suggested_prices": "",
    "currency": CURRENCY,
    "expiration_datetime": None,
    "description": None,
    "sku": None,
    "bulk_sku": None,
    **(CONFIGURATION.get("COURSE_MODE_DEFAULTS") or {}),
}

# Uploads: to a directory, or to S3.
MEDIA_ROOT: str = CONFIGURATION.get("MEDIA_ROOT") or "media"
MEDIA_URL = uploads.media_url(CONFIGURATION)
STORAGES = uploads.storages(CONFIGURATION, RELEASE)
PROFILE_IMAGE_BACKEND = {
    "class": STORAGES["pictures"]["BACKEND"],
    "options": STORAGES["pictures"]["OPTIONS"],
}
locals().update(uploads.of_s3(CONFIGURATION, RELEASE))
PROFILE_IMAGE_MIN_BYTES: int = CONFIGURATION.get("PROFILE_IMAGE_MIN_BYTES") or 100
PROFILE_IMAGE_MAX_BYTES: int = CONFIGURATION.get("PROFILE_IMAGE_MAX_BYTES") or 1024 * 1024
locals()[RELEASE.picture_seed] = CONFIGURATION.get(RELEASE.picture_seed) or "placeholder_secret_key"

# The balancer in front decides which domains lead to this service, and ends TLS.
ALLOWED_HOSTS = ["*"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LMS_ROOT_URL.startswith("https:")

INSTALLED_APPS = [
    "rehearsal.common",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "oauth2_provider",
    "rehearsal.edxapp.oauth_dispatch",
    "rehearsal.edxapp.organizations",
    "rehearsal.edxapp.course_overviews",
    "rehearsal.edxapp.course_modes",
    "rehearsal.edxapp.student",
    "rehearsal.edxapp.commerce",
    "rehearsal.edxapp.api_admin",
    "rehearsal.edxapp.bulk_email",
    "rehearsal.edxapp.thumbnail",
]
MIGRATION_MODULES: dict[str, Any] = OF_EDXAPP | dict.fromkeys(RELEASE.unmigrated_apps)
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"

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
]
ROOT_URLCONF = f"rehearsal.{VARIANT}.urls"
_PACKAGE = Path(__file__).parents[1]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [_PACKAGE / part / "templates" for part in ("lms", "cms", "edxapp", "common")],
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
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
AUTHENTICATION_BACKENDS = ["rehearsal.edxapp.student.backends.EmailOrUsernameBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]

OAUTH2_DEFAULT_SCOPES = {
    "read": "Read access",
    "write": "Write access",
    "email": "Know your email address",
    "profile": "Know your name and username",
}
OAUTH2_PROVIDER_APPLICATION_MODEL = "oauth2_provider.Application"
OAUTH2_PROVIDER = {
    "SCOPES": {
        **OAUTH2_DEFAULT_SCOPES,
        "user_id": "Know your user identifier",
        "openid": "Sign you on",
        "permissions": "Know whether you are staff",
    },
    "DEFAULT_SCOPES": list(OAUTH2_DEFAULT_SCOPES),
    "SCOPES_BACKEND_CLASS": "rehearsal.edxapp.oauth_dispatch.scopes.ApplicationScopes",
    "OAUTH2_VALIDATOR_CLASS": "rehearsal.edxapp.oauth_dispatch.validators.Validator",
    "APPLICATION_ADMIN_CLASS": "rehearsal.edxapp.oauth_dispatch.admin.ApplicationAdmin",
    "ACCESS_TOKEN_EXPIRE_SECONDS": 3600,
    "REQUEST_APPROVAL_PROMPT": "auto",
    # The services of Open edX send no code challenge.
    "PKCE_REQUIRED": False,
    "OIDC_ENABLED": RELEASE.openid_connect,
    "OIDC_ISS_ENDPOINT": JWT_AUTH["JWT_ISSUER"],
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
}

USE_I18N = False
USE_TZ = True
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {"django": {"handlers": ["console"], "level": "WARNING", "propagate": False}},
}
