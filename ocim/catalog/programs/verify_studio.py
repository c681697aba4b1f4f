"""Create and delete courses of a verification, by the commands of the studio."""

import sys

from django.core.management import call_command

try:
    from StringIO import StringIO  # Python 2's commands write bytes, which io's refuses
except ImportError:
    from io import StringIO


def create(arguments):
    """Create and publish a course; return the command's output."""
    output = StringIO()
    words = [str(arguments[name]) for name in ("author", "org", "number", "run")]
    call_command("create_course", "split", *words, stdout=output)
    return output.getvalue().strip()


def delete(arguments):
    """Delete courses, answering the command's questions on its input; return their number."""
    stdin = sys.stdin
    try:
        for course in arguments["courses"]:
            sys.stdin = StringIO("y\ny\n")
            call_command("delete_course", str(course))
    finally:
        sys.stdin = stdin
    return {"gone": {"courses": len(arguments["courses"])}}
