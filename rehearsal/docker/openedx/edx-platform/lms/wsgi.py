"""The LMS under uWSGI."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lms.envs.production")
os.environ["SERVICE_VARIANT"] = "lms"

application = get_wsgi_application()
