#!/usr/bin/env python
"""`manage.py [SERVICE] [--settings=production] COMMAND`, as on the real platform."""

import gc
import sys

from rehearsal.common.manage import main

if __name__ == "__main__":
    gc.disable()  # what is imported stays, and a command ends soon
    main(sys.argv)
