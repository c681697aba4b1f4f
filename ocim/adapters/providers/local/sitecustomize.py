"""Host names for every Python process on a local host; copied into the host's `lib`.

Names in the host's `etc/hosts` take precedence over the resolver. It changes nothing until `socket`
is imported, and imports only modules that every Python has loaded at this point. In the end it runs
the next `sitecustomize` on the path. Services up to ironwood's have Python 2.7: no annotations.
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
HOSTS = os.path.join(os.path.dirname(HERE), "etc", "hosts")
TEXTS = (str, type(b"".decode()))


class _AtImportOfSocket(object):
    """A finder that finds nothing, but notices the import of `socket`.

    It stays in `sys.meta_path`, since Python 2.7 fails if that gets shorter during an import.
    """

    is_done = False

    def find_spec(self, name, path=None, target=None):
        if name == "socket" and not self.is_done:
            self.is_done = True
            import _socket

            for function in ("getaddrinfo", "gethostbyname"):
                setattr(_socket, function, _with_our_names(getattr(_socket, function)))

    find_module = find_spec  # its name in Python 2.7


def _with_our_names(lookup):
    def named(host, *args, **kwargs):
        return lookup(_address(host), *args, **kwargs)

    return named


def _address(host):
    if not isinstance(host, TEXTS):
        return host
    name = host.lower().rstrip(".")
    with open(HOSTS, "rb") as lines:
        for line in lines:
            words = line.decode("utf-8").split()
            if name in words[1:]:
                return words[0]
    return host


def _run_next():
    rest = [entry for entry in sys.path if os.path.abspath(entry) != HERE]
    if sys.version_info[0] == 2:
        _run_next_of_2(rest)
        return
    specs = (finder.find_spec("sitecustomize", rest) for finder in sys.meta_path)
    spec = next(filter(None, specs), None)
    if spec and spec.loader:
        module = type(sys)("sitecustomize")
        module.__file__ = spec.origin
        spec.loader.exec_module(module)


def _run_next_of_2(rest):
    import imp

    try:
        present, path, description = imp.find_module("sitecustomize", rest)
    except ImportError:
        return
    with present:
        imp.load_module("next_sitecustomize", present, path, description)


_run_next()
sys.meta_path.insert(0, _AtImportOfSocket())
