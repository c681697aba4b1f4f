"""Run management commands of the service."""

from django.core.management import call_command

try:
    from StringIO import StringIO  # Python 2's commands write bytes, which io's refuses
except ImportError:
    from io import StringIO


def run(arguments):
    """Run the command `argv`, and return its output."""
    output = StringIO()
    call_command(*arguments["argv"], stdout=output, stderr=output)
    return output.getvalue()
