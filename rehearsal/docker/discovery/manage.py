#!/usr/bin/env python3
"""`manage.py COMMAND`, as in the real service."""

import sys

from course_discovery.derived import derive
from django.core.management import execute_from_command_line

if __name__ == "__main__":
    derive()
    execute_from_command_line(sys.argv)
