#!/usr/bin/env python3
"""The same commands as the `ocim` script."""

from ocim.project.main import main

if __name__ == "__main__":
    main()
