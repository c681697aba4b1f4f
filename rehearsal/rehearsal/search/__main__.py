"""`python -m rehearsal.search 127.0.0.1:9200`: the search server for one's own desk."""

import sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from rehearsal.search.wsgi import application


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Handler(WSGIRequestHandler):
    def get_environ(self) -> dict[str, object]:
        """Return the WSGI environment with the address as sent, like gunicorn's."""
        return {**super().get_environ(), "RAW_URI": self.path}

    def log_message(self, *_args: object) -> None:
        """Log nothing: requests are many."""


def main(argv: list[str]) -> None:
    """Serve until interrupted. Port 0 stands for any free port."""
    host, _, port = (argv[1] if len(argv) > 1 else "127.0.0.1:9200").rpartition(":")
    with make_server(host, int(port), application, Server, Handler) as server:
        print(f"Listening at: http://{host}:{server.server_port}", flush=True)  # noqa: T201
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main(sys.argv)
