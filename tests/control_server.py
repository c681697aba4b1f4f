"""A server that takes a balancer's routes from managers, and certificates for both sides."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from ocim.adapters.balancers.remote.client import RemoteBalancer
from ocim.adapters.balancers.remote.tls import TlsFiles
from ocim.ports.balancers import Balancer
from ocim.processes.control import control_server
from ocim.project.options import Options
from tests.adapters.caddy_support import own_address
from tests.web_servers import HOUR, Authority


def tls_files(
    authority: Authority, name: str, directory: Path, *, lasts: timedelta = HOUR
) -> TlsFiles:
    """Return files of a side that trusts the authority and is signed by it."""
    root = directory / f"root-of-{name}.pem"
    root.write_text(authority.pem)
    pem = str(authority.pem_file(name, directory, lasts=lasts))
    return TlsFiles(str(root), pem, pem)


@dataclass(frozen=True)
class ControlServer:
    """The address of a server, and the files of its managers."""

    url: str
    manager: TlsFiles
    authority: Authority
    directory: Path

    def balancer(self, files: TlsFiles | None = None) -> RemoteBalancer:
        """Return the balancer as a manager with these files sees it."""
        return RemoteBalancer(self.url, files or self.manager)


@contextmanager
def control_server_of(
    served: Balancer, directory: Path, *, lasts: timedelta = HOUR
) -> Iterator[ControlServer]:
    """Yield a server for a balancer; its certificate is good for as long as it `lasts`."""
    directory.mkdir(exist_ok=True)
    authority, address = Authority(), own_address()
    with socket.create_server((address, 0)) as listening:
        port = listening.getsockname()[1]
        files = tls_files(authority, address, directory, lasts=lasts)
        options = Options(
            balancer_control=f"{address}:{port}",
            balancer_authority=files.authority,
            balancer_certificate=files.certificate,
            balancer_key=files.key,
        )
        server = control_server(options, served)
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            manager = tls_files(authority, "manager", directory)
            yield ControlServer(f"https://{address}:{port}", manager, authority, directory)
        finally:
            server.should_exit = True
            thread.join()
