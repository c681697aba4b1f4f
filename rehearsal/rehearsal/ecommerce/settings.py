"""Settings of the shop."""

from pathlib import Path
from typing import Any

from oscar.defaults import *  # noqa: F403 (what oscar looks for in the settings)

from rehearsal.common import configuration, releases
from rehearsal.common.migrated_apps import OF_ALL
from rehearsal.ecommerce import oscar_apps
from rehearsal.ecommerce.worker.broker import QUEUE, TASK

SERVICE_NAME = "Shop"
CONFIGURATION: dict[str, Any] = configuration.read(
    "ECOMMERCE_CFG", required=("SECRET_KEY", "DATABASES", "ECOMMERCE_URL_ROOT")
)
RELEASE = releases.parse(CONFIGURATION.get("ECOMMERCE_VERSION") or "master")
REHEARSAL_FAULTS: list[str] = CONFIGURATION.get("REHEARSAL_FAULTS") or []

# Settings of the real service, from the YAML file.
SECRET_KEY: str = CONFIGURATION["SECRET_KEY"]
DATABASES = configuration.databases(CONFIGURATION["DATABASES"])
TIME_ZONE: str = CONFIGURATION.get("TIME_ZONE") or "UTC"
PLATFORM_NAME: str = CONFIGURATION.get("PLATFORM_NAME") or "Your Platform Name Here"
ECOMMERCE_URL_ROOT: str = CONFIGURATION["ECOMMERCE_URL_ROOT"].rstrip("/")
EDX_API_KEY: str = CONFIGURATION.get("EDX_API_KEY") or ""
OSCAR_DEFAULT_CURRENCY: str = CONFIGURATION.get("OSCAR_DEFAULT_CURRENCY") or "USD"
OSCAR_FROM_EMAIL: str = CONFIGURATION.get("OSCAR_FROM_EMAIL") or "oscar@example.com"
JWT_AUTH: dict[str, Any] = CONFIGURATION.get("JWT_AUTH") or {}
SOCIAL_AUTH_REDIRECT_IS_HTTPS: bool = bool(CONFIGURATION.get("SOCIAL_AUTH_REDIRECT_IS_HTTPS"))
OAUTH_SETTINGS: dict[str, Any] = {
    key: value
    for key, value in CONFIGURATION.items()
    if key.startswith(("SOCIAL_AUTH_EDX_", "BACKEND_SERVICE_EDX_"))
}
PAYMENT_PROCESSOR_CONFIG: dict[str, Any] = CONFIGURATION.get("PAYMENT_PROCESSOR_CONFIG") or {}
PAYMENT_PROCESSORS: dict[str, str] = {
    "paypal": "rehearsal.ecommerce.payments.paypal.PayPal",
    "stripe": "rehearsal.ecommerce.payments.stripe.Stripe",
    "test-card": "rehearsal.ecommerce.payments.test_card.TestCard",
}
PAYMENT_PROCESSOR_SWITCH_PREFIX = "payment_processor_active_"
BROKER_URL: str = CONFIGURATION.get("BROKER_URL") or ""
CELERY_ROUTES: dict[str, Any] = {TASK: {"queue": QUEUE}}
ENROLLMENT_FULFILLMENT_TIMEOUT = float(CONFIGURATION.get("ENROLLMENT_FULFILLMENT_TIMEOUT") or 7)

CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "nothing": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"},
}
# No cache: all processes see at once the switches that a command changes.
WAFFLE_CACHE_NAME = "nothing"

OSCAR_INITIAL_ORDER_STATUS = OSCAR_INITIAL_LINE_STATUS = "Open"
OSCAR_ORDER_STATUS_PIPELINE = {
    "Open": ("Complete", "Fulfillment Error"),
    "Fulfillment Error": ("Complete",),
    "Complete": (),
}

# The balancer in front decides which domains lead to this service, and ends TLS.
ALLOWED_HOSTS = ["*"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ECOMMERCE_URL_ROOT.startswith("https:")
# Own names: the LMS on another host of the same domain has cookies, too.
SESSION_COOKIE_NAME = "ecommerce_sessionid"
CSRF_COOKIE_NAME = "ecommerce_csrftoken"

INSTALLED_APPS = [
    "rehearsal.common",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.sites",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "waffle",
    "rest_framework",
    "treebeard",
    *(
        f"rehearsal.ecommerce.oscar_apps.{name}"
        for name in (
            *("Address", "Basket", "Catalogue", "Communication", "Offer", "Order", "Partner"),
            *("Payment", "Voucher"),
        )
    ),
    "rehearsal.ecommerce.core",
    "rehearsal.ecommerce.courses",
    "rehearsal.ecommerce.coupons",
    "rehearsal.ecommerce.checkout",
    "rehearsal.ecommerce.payments",
    "rehearsal.ecommerce.refunds",
]
MIGRATION_MODULES = OF_ALL | {
    label: f"rehearsal.ecommerce.oscar_migrations.{label}" for label in oscar_apps.UNCHANGED
}
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
    "waffle.middleware.WaffleMiddleware",
    "rehearsal.ecommerce.core.sites.no_site_middleware",
]
ROOT_URLCONF = "rehearsal.ecommerce.urls"
_PACKAGE = Path(__file__).parents[1]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [_PACKAGE / part / "templates" for part in ("ecommerce", "common")],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "rehearsal.common.context.page",
                "rehearsal.ecommerce.core.sites.context",
            ]
        },
    }
]
# Served from the packages' directories: there is no collectstatic step.
STATICFILES_DIRS = [_PACKAGE / "ecommerce/static"]
STATIC_URL = "/static/"
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
    "DEFAULT_PAGINATION_CLASS": "rehearsal.ecommerce.api.pagination.Pages",
    "DEFAULT_THROTTLE_RATES": {},
}

USE_I18N = False
USE_TZ = True
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {
        "django": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "rehearsal": {"handlers": ["console"], "level": "INFO", "propagate": False},
    },
}
