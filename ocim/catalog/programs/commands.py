"""Management commands of whatever service this runs in."""

from io import StringIO

from django.core.management import call_command


def run(arguments):
    """Run `argv`, and return what was printed."""
    said = StringIO()
    argv = [str(word) for word in arguments["argv"]]
    call_command(argv[0], *argv[1:], stdout=said, stderr=said)
    return said.getvalue()
