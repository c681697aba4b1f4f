"""A process that does deeds: a JSON list of a name and arguments per line, its result in return."""

import json
import sys
from importlib import import_module

import django

django.setup()
deeds = import_module("tests.browser.deeds")
for line in sys.stdin:
    deed, *arguments = json.loads(line)
    sys.stdout.write(json.dumps(getattr(deeds, deed)(*arguments)) + "\n")
    sys.stdout.flush()
