"""Run management commands of the service."""

from io import StringIO

from django.core.management import call_command


def run(arguments):
    """Run the command `argv`, and return its output."""
    output = StringIO()
    argv = [str(word) for word in arguments["argv"]]
    call_command(argv[0], *argv[1:], stdout=output, stderr=output)
    return output.getvalue()
