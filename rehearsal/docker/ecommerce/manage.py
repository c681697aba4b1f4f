#!/usr/bin/env python3
"""`manage.py COMMAND`, as in the real service."""

import sys

from django.core.management import execute_from_command_line
from ecommerce.derived import derive

if __name__ == "__main__":
    derive()
    execute_from_command_line(sys.argv)
