"""Course discovery under gunicorn; `--preload` loads everything before the workers are forked."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ["DJANGO_SETTINGS_MODULE"] = "rehearsal.discovery.settings"

application = get_wsgi_application()
get_resolver().url_patterns  # noqa: B018 (imports the views)
