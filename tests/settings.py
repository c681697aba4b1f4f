"""The suite's settings: everything in a directory of its own, never the developer's `var`."""

import os
import tempfile

from tests.leftovers import PREFIX

VAR = tempfile.mkdtemp(prefix=PREFIX)
os.environ.update(
    OCIM_VAR=VAR,
    OCIM_MASTER_KEY="MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    SECRET_KEY="only for tests",
)

from ocim.project.settings import *

if not OCIM.database_url:
    # A file, as in production: one in memory is not shared among threads and processes.
    DATABASES["default"]["TEST"] = {"NAME": str(OCIM.var / "test.sqlite3")}
    # It need not outlive a power cut: each command of a test would wait for the disk as it ends.
    DATABASES["default"]["OPTIONS"]["init_command"] += "PRAGMA synchronous=OFF;"

# The one in force takes a quarter of a second for each sign-in.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# Every client of a test would look through all static files, as the pages' process does once.
WHITENOISE_AUTOREFRESH = True
