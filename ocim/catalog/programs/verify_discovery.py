"""What course discovery has in its database, and how it takes over what others have."""

import logging

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.management import call_command


def runs(arguments):
    """The keys of a partner's course runs; and the codes of all partners."""
    partners = apps.get_model("core", "Partner").objects
    found = apps.get_model("course_metadata", "CourseRun").objects.filter(
        course__partner__short_code=arguments["partner"]
    )
    return {
        "keys": sorted(found.values_list("key", flat=True)),
        "partners": sorted(partners.values_list("short_code", flat=True)),
    }


def refresh(arguments):
    """Run `refresh_course_metadata`; what it logs as an error, whatever its exit status."""
    errors = _Errors()
    # Loggers with handlers of their own may not hand on what they are told.
    loggers = [logging.getLogger(name) for name in list(logging.root.manager.loggerDict)]
    told = [logging.root] + [one for one in loggers if one.handlers]
    for logger in told:
        logger.addHandler(errors)
    try:
        call_command("refresh_course_metadata")
        failed = ""
    except Exception as error:  # noqa: BLE001 (whatever a loader raises is told)
        failed = "%s: %s" % (type(error).__name__, error)
    finally:
        for logger in told:
            logger.removeHandler(errors)
    return {"failed": failed, "errors": errors.told}


class _Errors(logging.Handler):
    def __init__(self):
        logging.Handler.__init__(self, logging.ERROR)
        self.told = []

    def emit(self, record):
        text = record.getMessage()
        if text not in self.told:
            self.told.append(text)


def clean(arguments):
    """Remove the course runs, courses and people of a verification; how many there were."""
    prefix, gone = arguments["prefix"], {}
    keys = "course-v1:%s+" % prefix
    for kind, model, field, value in (
        ("course runs", "CourseRun", "key__startswith", keys),
        ("courses", "Course", "key__startswith", prefix + "+"),
        ("organizations", "Organization", "key", prefix),
    ):
        for one in list(apps.get_model("course_metadata", model).objects.filter(**{field: value})):
            one.delete()
            gone[kind] = gone.get(kind, 0) + 1
    get_user_model().objects.filter(username__startswith=prefix + "-").delete()
    if gone:
        call_command("update_index", "--disable-change-limit")
    return {"gone": gone}
