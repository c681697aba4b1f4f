"""Try the LMS's storages of uploads, as its settings choose them."""

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.module_loading import import_string

CONTENT = b"Ocim looks whether uploads can be stored.\n"


def attempt(arguments):
    """Write, read and delete an object in each storage; return the faults by what it stores."""
    faults = {}
    for what, storage in (("uploads", _uploads), ("learners' pictures", _pictures)):
        try:
            _try(storage(), arguments["name"])
        except Exception as error:  # noqa: BLE001 - each library has errors of its own
            faults[what] = "%s: %s" % (type(error).__name__, error)
    return faults


def _uploads():
    return default_storage


def _pictures():
    chosen = settings.PROFILE_IMAGE_BACKEND
    return import_string(chosen["class"])(**chosen["options"])


def _try(storage, name):
    name = storage.save(name, ContentFile(CONTENT))
    try:
        with storage.open(name) as stored:
            content = stored.read()
    finally:
        storage.delete(name)
    if content != CONTENT:
        raise ValueError("what was read is not what was written")
