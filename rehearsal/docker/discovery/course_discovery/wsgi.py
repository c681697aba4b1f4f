"""Course discovery under uWSGI."""

from django.core.wsgi import get_wsgi_application

from course_discovery.derived import derive

derive()
application = get_wsgi_application()
