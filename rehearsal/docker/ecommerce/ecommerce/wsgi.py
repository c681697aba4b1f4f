"""The shop under uWSGI."""

from django.core.wsgi import get_wsgi_application

from ecommerce.derived import derive

derive()
application = get_wsgi_application()
