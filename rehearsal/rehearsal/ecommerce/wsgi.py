"""The shop under gunicorn."""

from rehearsal.common.wsgi import load

application = load("rehearsal.ecommerce.settings")
