#!/usr/bin/env python3
"""A server at MongoDB's port that takes connections and never answers."""

import signal
import socketserver
import sys


class Silent(socketserver.StreamRequestHandler):
    """A connection whose requests are read and thrown away."""

    def handle(self) -> None:
        while self.rfile.read1():
            pass


class Server(socketserver.ThreadingTCPServer):
    """A server with a thread for each connection."""

    allow_reuse_address = True
    daemon_threads = True


# The first process of a container ignores signals that it does not handle.
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
Server(("", 27017), Silent).serve_forever()
