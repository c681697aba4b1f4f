"""The LMS under gunicorn."""

from rehearsal.common.wsgi import load

application = load("rehearsal.edxapp.settings", variant="lms")
