"""The creation of the key that encrypts secrets in the database."""

import os
import sys
from pathlib import Path

from cryptography.fernet import Fernet
from django.conf import settings


def ensure_master_key(var: Path) -> None:
    """Create the key if there is none, and restart this process, so that settings have it."""
    var.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not settings.OCIM.master_key:
        path = var / "master.key"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(Fernet.generate_key().decode())
        os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606
