"""Settings that LMS and studio share: the rehearsal's, and the names that Tutor changes.

Tutor's own settings begin with `from lms.envs.production import *`, then change and remove what
they expect of the platform. Names that are here for that alone have no effect on the rehearsal.
"""

import os
from typing import Any

import django.utils.deprecation

from rehearsal.common import releases
from rehearsal.edxapp.settings import *  # noqa: F403
from rehearsal.edxapp.settings import CONFIGURATION, INSTALLED_APPS, MIDDLEWARE, VARIANT

ENV_TOKENS: dict[str, Any] = CONFIGURATION
# Like the real platform, take everything that the YAML file says; what has a form of its own, and
# what an image decides, is below or in the rehearsal's settings.
_OWN = ("DATABASES", "FEATURES", "JWT_AUTH", "LMS_ROOT_URL", "MEDIA_ROOT", "MEDIA_URL", "STORAGES")
locals().update(
    {name: value for name, value in ENV_TOKENS.items() if name.isupper() and name not in _OWN}
)

RELEASE = releases.parse(os.environ["REHEARSAL_RELEASE"])
REHEARSAL_FAULTS = os.environ["REHEARSAL_FAULTS"].split()
FEATURES: dict[str, Any] = {"PREVIEW_LMS_BASE": "", **(ENV_TOKENS.get("FEATURES") or {})}
LOG_DIR: str = ENV_TOKENS.get("LOG_DIR") or "/tmp/logs"  # noqa: S108 (a container's own)
STATIC_ROOT = "/openedx/staticfiles"

INSTALLED_APPS += [
    "django.contrib.sites",
    "waffle",
    "openedx.core.djangoapps.theming",
    "openedx.core.djangoapps.site_configuration",
    "openedx.core.djangoapps.programs",
    "openedx.core.djangoapps.initialization",
    # A database of its own on the real platform; Tutor takes it away.
    "lms.djangoapps.coursewarehistoryextended",
]
DATABASE_ROUTERS = ["openedx.core.lib.django_courseware_routers.StudentModuleHistoryExtendedRouter"]
MIDDLEWARE += ["waffle.middleware.WaffleMiddleware"]

# Celery reads names in capitals.
_PASSWORD = ENV_TOKENS.get("CELERY_BROKER_PASSWORD") or ""
_ACCOUNT = f"{ENV_TOKENS.get('CELERY_BROKER_USER') or ''}:{_PASSWORD}@"
BROKER_URL = "{}://{}{}/{}".format(
    ENV_TOKENS.get("CELERY_BROKER_TRANSPORT") or "redis",
    _ACCOUNT if _ACCOUNT != ":@" else "",
    ENV_TOKENS.get("CELERY_BROKER_HOSTNAME") or "redis",
    ENV_TOKENS.get("CELERY_BROKER_VHOST") or "0",
)
CELERY_DEFAULT_QUEUE = f"edx.{VARIANT}.core.default"
CELERYD_POOL = "solo"  # its only task does nothing: processes for it would waste memory

LOGGING["formatters"] = {"standard": {"format": "%(levelname)s %(name)s %(message)s"}}  # noqa: F405
LOGGING["loggers"]["tracking"] = {"handlers": ["console"], "level": "INFO"}  # noqa: F405

MODULESTORE: dict[str, Any] = {"default": {"OPTIONS": {"stores": [{"OPTIONS": {}}]}}}
VIDEO_IMAGE_SETTINGS: dict[str, Any] = {"STORAGE_KWARGS": {}}
VIDEO_TRANSCRIPTS_SETTINGS: dict[str, Any] = {"STORAGE_KWARGS": {}}
REGISTRATION_EXTRA_FIELDS: dict[str, str] = {}
LOGIN_REDIRECT_WHITELIST: list[str] = []
IDA_LOGOUT_URI_LIST: list[str] = []
CSRF_TRUSTED_ORIGINS: list[str] = []
PIPELINE: dict[str, Any] = {"JAVASCRIPT": {}}

# Sumac runs on a Django that still has these.
for _name in ("RemovedInDjango50Warning", "RemovedInDjango51Warning"):
    if not hasattr(django.utils.deprecation, _name):
        setattr(django.utils.deprecation, _name, PendingDeprecationWarning)
