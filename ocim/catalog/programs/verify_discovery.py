"""Read, refresh and clean the database of Course Discovery during a verification."""

import logging
import signal
from importlib import import_module

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.management import call_command


def runs(arguments):
    """Return the keys of a partner's course runs, those it indexes, and all partners' codes."""
    partners = apps.get_model("core", "Partner").objects
    model = apps.get_model("course_metadata", "CourseRun")
    ours = {"course__partner__short_code": arguments["partner"]}
    return {
        "keys": sorted(model.objects.filter(**ours).values_list("key", flat=True)),
        "indexed": _indexed(model).filter(**ours).count(),
        "partners": sorted(partners.values_list("short_code", flat=True)),
    }


def _indexed(model):
    """Return the course runs that the service itself would index: it leaves some out."""
    package = model.__module__.rpartition(".")[0] + ".search_indexes"
    haystack = import_module(package)
    if hasattr(haystack, "CourseRunIndex"):  # up to koa
        return haystack.CourseRunIndex().index_queryset()
    return import_module(package + ".documents").CourseRunDocument().get_queryset()


def refresh(arguments):
    """Run `refresh_course_metadata`, for `seconds` at most; return what it logs.

    `partner` is the code of the only partner whose courses are read; empty: of all.

    Errors count whatever its exit status. `retried` is the last request that it repeats: of an
    address that does not answer, discovery asks for minutes, again and again.
    """
    log = _Log()
    # Loggers with handlers of their own may not pass records on to the root logger.
    loggers = [logging.getLogger(name) for name in list(logging.root.manager.loggerDict)]
    watched = [logging.root] + [logger for logger in loggers if logger.handlers]
    for logger in watched:
        logger.addHandler(log)
    signal.signal(signal.SIGALRM, _stop)
    signal.setitimer(signal.ITIMER_REAL, arguments["seconds"])
    failed, ended = "", True
    try:
        partner = arguments["partner"]
        call_command("refresh_course_metadata", **({"partner_code": partner} if partner else {}))
    except _Late:
        ended = False
    except Exception as error:  # noqa: BLE001 (report whatever a loader raises)
        failed = "%s: %s" % (type(error).__name__, error)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for logger in watched:
            logger.removeHandler(log)
    return {"ended": ended, "failed": failed, "errors": log.errors, "retried": log.retried}


class _Late(BaseException):
    """End of the time; discovery goes on after any Exception of a loader."""


def _stop(_signal, _frame):
    raise _Late


class _Log(logging.Handler):
    def __init__(self):
        logging.Handler.__init__(self, logging.INFO)
        self.errors, self.retried = [], ""

    def emit(self, record):
        text = record.getMessage()
        if record.levelno >= logging.ERROR and text not in self.errors:
            self.errors.append(text)
        elif text.startswith("Backing off"):
            self.retried = text


def clean(arguments):
    """Remove course runs, courses and people of a verification; return the numbers of rows."""
    prefix, gone = arguments["prefix"], {}
    keys = "course-v1:%s+" % prefix
    for kind, model, field, value in (
        ("course runs", "CourseRun", "key__startswith", keys),
        ("courses", "Course", "key__startswith", prefix + "+"),
        ("organizations", "Organization", "key", prefix),
    ):
        rows = apps.get_model("course_metadata", model).objects.filter(**{field: value})
        for row in list(rows):
            row.delete()
            gone[kind] = gone.get(kind, 0) + 1
    get_user_model().objects.filter(username__startswith=prefix + "-").delete()
    return {"gone": gone}
