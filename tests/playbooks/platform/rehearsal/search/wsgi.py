"""The stand-in for the search server, which writes to its directory and lets one account in."""

import os
from base64 import b64encode
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import yaml

settings = yaml.safe_load(Path(os.environ["SEARCH_CFG"]).read_text())
Path(settings["path.data"], "started").touch()
account = b64encode(f"elastic:{settings['bootstrap.password']}".encode()).decode()


def application(environ: dict[str, Any], start: Callable[..., None]) -> Iterable[bytes]:
    is_let_in = environ.get("HTTP_AUTHORIZATION") == f"Basic {account}"
    start("200 OK" if is_let_in else "401 Unauthorized", [("Content-Type", "application/json")])
    return [b"{}"]
