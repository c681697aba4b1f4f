"""Django's settings.

Ocim's own settings and their defaults are declared in `ocim.project.options`, and loaded from the
environment and `.env`. The system checks report all faults in them at once.
"""

from datetime import timedelta

from ocim.project.databases import database
from ocim.project.loading import load

OCIM = load()

DEBUG = OCIM.debug
SECRET_KEY = OCIM.secret_key
ALLOWED_HOSTS = list(OCIM.allowed_hosts)
CSRF_TRUSTED_ORIGINS = list(OCIM.trusted_origins)

INSTALLED_APPS = [
    "ocim.console",  # first, as its commands replace Django's of the same name
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "axes",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "drf_spectacular_sidecar",
    "ocim.store",
    "ocim.presentation",
    "ocim.web",
    "ocim.api",
    "ocim.project",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "ocim.web.security.HeadersMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "ocim.web.actors.ActorMiddleware",
    "ocim.web.rights.AccessMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "ocim.project.urls"
ASGI_APPLICATION = "ocim.project.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {"default": database(OCIM)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True

LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "instances"
LOGOUT_REDIRECT_URL = "sign-in"

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

# Count failures by account and by address, so that an attacker gains nothing from many of either.
AXES_LOCKOUT_PARAMETERS = ["username", "ip_address"]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=5)
# Otherwise an attacker who goes on trying would lock a person out for ever.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ACCESS_FAILURE_LOG = True
AXES_ENABLE_ADMIN = False
# Mask user names in logs: some people type their password there. Log addresses, for fail2ban.
AXES_SENSITIVE_PARAMETERS = ["username"]
AXES_LOCKOUT_CALLABLE = "ocim.web.sessions.locked_out"

SESSION_ENGINE = "ocim.store.models.session"
SESSION_COOKIE_SECURE = OCIM.secure_cookies
CSRF_COOKIE_SECURE = OCIM.secure_cookies
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": (
        "ocim.api.authentication.Bearer",
        "rest_framework.authentication.SessionAuthentication",
    ),
    "DEFAULT_PERMISSION_CLASSES": ("rest_framework.permissions.IsAuthenticated",),
    "DEFAULT_RENDERER_CLASSES": ("rest_framework.renderers.JSONRenderer",),
    "DEFAULT_PARSER_CLASSES": ("ocim.api.bodies.StrictJSONParser",),
    "DEFAULT_SCHEMA_CLASS": "ocim.api.schema.Description",
    "DEFAULT_THROTTLE_CLASSES": ("rest_framework.throttling.UserRateThrottle",),
    # Of one account, in one process of the pages: a script that polls needs one in a second.
    "DEFAULT_THROTTLE_RATES": {"user": "1200/min"},
    "EXCEPTION_HANDLER": "ocim.api.problems.answer",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Ocim",
    "DESCRIPTION": "Everything that the commands of Ocim do, over HTTP.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "POSTPROCESSING_HOOKS": ("ocim.api.schema.with_security",),
    "PATH_CONVERTER_OVERRIDES": {
        "id": {"type": "integer", "minimum": 0, "maximum": 10**18 - 1},
        "server": {
            "type": "string",
            "enum": ["database", "search", "broker", "mongodb", "meilisearch"],
        },
        "content": {"type": "string", "enum": ["mongodb", "meilisearch"]},
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "ocim.project.logs.MaskingFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
        }
    },
    "filters": {
        "no_traceback": {"()": "ocim.web.security.NoTraceback"},
        "queue_away": {"()": "ocim.project.logs.QueueAway"},
    },
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line"},
        "none": {"class": "logging.NullHandler"},
    },
    "loggers": {
        "ocim": {"level": "INFO"},
        # A rejected request is not an error in the code, so it needs no traceback.
        "django.security": {"filters": ["no_traceback"]},
        "django.security.DisallowedHost": {"filters": ["no_traceback"]},
        "huey.consumer.Worker": {"filters": ["queue_away"]},
        "huey.consumer.Scheduler": {"filters": ["queue_away"]},
        # Their records may contain secret addresses; the adapter logs what is safe.
        "apprise": {"handlers": ["none"], "propagate": False},
        "urllib3": {"handlers": ["none"], "propagate": False},
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}
