"""Run management commands of the service."""

import fcntl
from contextlib import contextmanager

from django.core.management import call_command
from django.db import connections

try:
    from StringIO import StringIO  # Python 2's commands write bytes, which io's refuses
except ImportError:
    from io import StringIO


def run(arguments):
    """Run the command `argv`, under the `lock` if there is one, and return its output."""
    output = StringIO()
    with _locked(arguments.get("lock")):
        call_command(*arguments["argv"], stdout=output, stderr=output)
    return output.getvalue()


@contextmanager
def _locked(lock):
    """Hold the lock in the service's database, or beside its file; see `discovery_job`."""
    database = connections["default"]
    if not lock:
        yield
    elif database.vendor == "sqlite":
        with open(str(database.settings_dict["NAME"]) + lock["suffix"], "a") as beside:  # noqa: PTH123
            fcntl.flock(beside, fcntl.LOCK_EX)
            yield
    else:
        own = type(database)(database.settings_dict)  # a command may close the service's
        try:
            with own.cursor() as cursor:
                for statement in lock["statements"][database.vendor]:
                    cursor.execute(statement)
                if not cursor.fetchone()[0]:
                    raise RuntimeError(lock["busy"])
            yield
        finally:
            own.close()
