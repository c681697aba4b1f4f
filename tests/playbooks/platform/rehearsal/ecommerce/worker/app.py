"""The stand-in for the shop's worker, to which nobody sends anything."""

import os
from pathlib import Path

import yaml
from celery import Celery  # type: ignore[import-not-found]  # in its own environment

settings = yaml.safe_load(Path(os.environ["ECOMMERCE_WORKER_CFG"]).read_text())
if not settings["JWT_SECRET_KEY"]:
    raise SystemExit("JWT_SECRET_KEY is missing")
app = Celery("worker", broker="memory://")
