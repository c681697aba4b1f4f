#!/usr/bin/env python3
"""`dockerize -wait tcp://HOST:PORT … [-timeout 20s]`: wait until servers accept connections."""

import argparse
import socket
import sys
import time
from urllib.parse import urlsplit


def accepts(address: str) -> bool:
    """Return True if something listens at `tcp://HOST:PORT`."""
    parts = urlsplit(address)
    try:
        with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=1):
            return True
    except OSError:
        return False


def main() -> None:
    """Exit with 0 as soon as all accept connections, with 1 after the timeout."""
    parser = argparse.ArgumentParser()
    parser.add_argument("-wait", action="append", default=[])
    parser.add_argument("-timeout", default="10s")
    options = parser.parse_args()
    end = time.monotonic() + float(options.timeout.rstrip("s"))
    for address in options.wait:
        while not accepts(address):
            if time.monotonic() > end:
                sys.exit(f"{address} accepts no connections after {options.timeout}.")
            time.sleep(0.2)


if __name__ == "__main__":
    main()
