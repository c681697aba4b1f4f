"""The LMS under gunicorn; `--preload` loads everything before the workers are forked."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ["SERVICE_VARIANT"] = "lms"
os.environ["DJANGO_SETTINGS_MODULE"] = "rehearsal.edxapp.settings"

gc.disable()  # what is loaded stays
application = get_wsgi_application()
get_resolver().url_patterns  # noqa: B018 (imports the views)
# Forks share what no collection touches.
gc.freeze()
gc.enable()
