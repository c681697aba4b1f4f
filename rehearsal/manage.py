#!/usr/bin/env python
"""`manage.py [SERVICE] [--settings=production] COMMAND`, as on the real platform."""

import sys

from rehearsal.common.manage import main

if __name__ == "__main__":
    main(sys.argv)
