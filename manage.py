#!/usr/bin/env python3
"""The same commands as the `ocim` script."""

from ocim.console.main import main

if __name__ == "__main__":
    main()
