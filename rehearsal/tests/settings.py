"""The LMS's settings, read from a YAML file as on a server, with what tests need quick."""

import os
import tempfile
from pathlib import Path

from tests.configuration import write

_directory = Path(tempfile.mkdtemp(prefix="rehearsal-test-"))
os.environ["LMS_CFG"] = str(write(_directory, database=_directory / "unused.sqlite3"))

from rehearsal.edxapp.settings import *  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
