#!/usr/bin/env python
"""A stand-in for edx-platform's: `manage.py lms migrate`, with a file as its database."""

import argparse
import os
import sys
from pathlib import Path

import yaml

parser = argparse.ArgumentParser()
parser.add_argument("service", choices=["lms", "cms"])
parser.add_argument("--settings", required=True)
parser.add_argument("command", choices=["migrate"])
parser.add_argument("--noinput", action="store_true")
parser.parse_args()

settings = yaml.safe_load(Path(os.environ["LMS_CFG"]).read_text())
database = Path(settings["DATABASES"]["default"]["NAME"])
if settings.get("BROKEN_MIGRATION"):
    sys.stdout.write("Applying thumbnail.0001_initial...\n")
    raise RuntimeError("Table 'thumbnail_kvstore' already exists")
if database.exists():
    sys.stdout.write("No migrations to apply.\n")
else:
    database.touch()
