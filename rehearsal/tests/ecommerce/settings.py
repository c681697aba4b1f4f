"""The shop's settings, read from a YAML file as on a server, with what tests need quick."""

import os
import tempfile
from pathlib import Path

from tests.ecommerce.configuration import write

with tempfile.TemporaryDirectory() as _directory:
    os.environ["ECOMMERCE_CFG"] = str(write(Path(_directory), database=Path("unused.sqlite3")))
    from rehearsal.ecommerce.settings import *

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
