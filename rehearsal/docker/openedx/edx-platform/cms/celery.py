"""The workers of the studio: `celery --app=cms.celery worker`."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cms.envs.production")
os.environ["SERVICE_VARIANT"] = "cms"

from openedx.core.lib.celery import APP  # noqa: F401 (the environment names the settings)
