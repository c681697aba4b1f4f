"""Course discovery under gunicorn."""

from rehearsal.common.wsgi import load

application = load("rehearsal.discovery.settings")
