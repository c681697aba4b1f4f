"""The workers of the LMS: `celery --app=lms.celery worker`."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lms.envs.production")
os.environ["SERVICE_VARIANT"] = "lms"

from openedx.core.lib.celery import APP  # noqa: F401 (the environment names the settings)
