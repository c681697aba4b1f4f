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
parser.add_argument("--plan", action="store_true")
parser.add_argument("--verbosity")
options = parser.parse_args()

(variable,) = {"LMS_CFG", "ECOMMERCE_CFG", "DISCOVERY_CFG"} & {*os.environ}
settings = yaml.safe_load(Path(os.environ[variable]).read_text())
database = Path(settings["DATABASES"]["default"]["NAME"])
if settings.get("BROKEN_MIGRATION"):
    sys.stdout.write("Applying thumbnail.0001_initial...\n")
    raise RuntimeError("Table 'thumbnail_kvstore' already exists")
if database.exists():
    sys.stdout.write("No migrations to apply.\n")
elif options.plan:
    sys.stdout.write("Planned operations:\nthings.0001_initial\n    Create model Thing\n")
else:
    database.touch()
    sys.stdout.write("  Applying things.0001_initial... OK (0.012s)\n")
