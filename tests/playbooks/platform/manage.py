#!/usr/bin/env python
"""A stand-in for `manage.py migrate` of each service, with a file as its database.

edx-platform's has the service as its first argument.
"""

import argparse
import os
import sys
from pathlib import Path

import yaml

parser = argparse.ArgumentParser()
if "LMS_CFG" in os.environ:
    parser.add_argument("service", choices=["lms", "cms"])
    parser.add_argument("--settings", required=True)
parser.add_argument("command", choices=["migrate"])
parser.add_argument("--noinput", action="store_true")
parser.parse_args()

(variable,) = {"LMS_CFG", "ECOMMERCE_CFG", "DISCOVERY_CFG"} & {*os.environ}
settings = yaml.safe_load(Path(os.environ[variable]).read_text())
database = Path(settings["DATABASES"]["default"]["NAME"])
if settings.get("BROKEN_MIGRATION"):
    sys.stdout.write("Applying thumbnail.0001_initial...\n")
    raise RuntimeError("Table 'thumbnail_kvstore' already exists")
if database.exists():
    sys.stdout.write("No migrations to apply.\n")
else:
    database.touch()
