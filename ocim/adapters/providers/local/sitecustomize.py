"""Host names for every Python process on a local host; copied into the host's `lib`.

Names in the host's `etc/hosts` take precedence over the resolver. It changes nothing until `socket`
is imported, and imports only modules that every Python has loaded at this point. In the end it runs
the next `sitecustomize` on the path.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))
HOSTS = os.path.join(os.path.dirname(HERE), "etc", "hosts")


class _AtImportOfSocket:
    """A finder that finds nothing, but notices the import of `socket`."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name == "socket":
            sys.meta_path.remove(self)
            import _socket

            for function in ("getaddrinfo", "gethostbyname"):
                setattr(_socket, function, _with_our_names(getattr(_socket, function)))


def _with_our_names(lookup: Callable[..., Any]) -> Callable[..., Any]:
    def named(host: Any, *args: Any, **kwargs: Any) -> Any:
        return lookup(_address(host), *args, **kwargs)

    return named


def _address(host: Any) -> Any:
    if not isinstance(host, str):
        return host
    name = host.lower().rstrip(".")
    with open(HOSTS, encoding="utf-8") as file:
        for line in file:
            address, *names = line.split()
            if name in names:
                return address
    return host


def _run_next() -> None:
    rest = [entry for entry in sys.path if os.path.abspath(entry) != HERE]
    specs = (finder.find_spec("sitecustomize", rest) for finder in sys.meta_path)
    spec = next(filter(None, specs), None)
    if spec and spec.loader:
        module = type(sys)("sitecustomize")
        module.__file__ = spec.origin
        spec.loader.exec_module(module)


_run_next()
sys.meta_path.insert(0, _AtImportOfSocket())
