"""A service under gunicorn."""

import gc
import os

from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver


def load(settings: str, *, variant: str = "") -> WSGIHandler:
    """Load all of a service; with `--preload` that is before the workers are forked.

    `variant`: value of SERVICE_VARIANT, for LMS and studio.
    """
    if variant:
        os.environ["SERVICE_VARIANT"] = variant
    os.environ["DJANGO_SETTINGS_MODULE"] = settings
    gc.disable()  # what is loaded stays
    application = get_wsgi_application()
    get_resolver().url_patterns  # noqa: B018 (imports the views)
    gc.freeze()  # forks share what no collection touches
    gc.enable()
    return application
