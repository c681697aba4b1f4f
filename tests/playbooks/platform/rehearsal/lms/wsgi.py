"""The stand-in for both services, by supervisord's name: it answers with its settings."""

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import yaml

variable = {"lms": "LMS_CFG", "cms": "STUDIO_CFG"}[os.environ["SERVICE_VARIANT"]]
settings = yaml.safe_load(Path(os.environ[variable]).read_text())
faults = settings.get("REHEARSAL_FAULTS", [])
if "import" in faults:
    raise ImportError("No module named 'nonsense'")


def application(environ: dict[str, Any], start: Callable[..., None]) -> Iterable[bytes]:
    if "heartbeat-500" in faults:
        start("500 Internal Server Error", [])
        return [b"the database is down"]
    start("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({"settings": settings, "process": os.getpid()}).encode()]
