"""Discovery's settings, read from a YAML file as on a server, with what tests need quick."""

import os
import tempfile
from pathlib import Path

from tests.discovery.configuration import write

with tempfile.TemporaryDirectory() as _directory:
    os.environ["DISCOVERY_CFG"] = str(write(Path(_directory), database=Path("unused.sqlite3")))
    from rehearsal.discovery.settings import *

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOADER_PAUSES = [0, 0]
