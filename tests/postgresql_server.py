"""A PostgreSQL of a test's own, in a private directory: the binaries of a wheel, and no root."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from ocim.core.instance import Account, DatabaseHost
from ocim.core.secrets import Secret
from tests.acceptance.installation import free_ports

NOBODY = 65534


PASSWORD = 'the admin\'s 50% "password" \\'
BINARIES = "pgserver/pginstall/bin"


@contextmanager
def postgresql_host() -> Iterator[DatabaseHost]:
    """Yield a server that asks for passwords; nothing of it is left afterwards."""
    with postgresql_server(auth="scram-sha-256") as url:
        parts = urlsplit(url)
        assert parts.port
        yield DatabaseHost("postgresql", "127.0.0.1", parts.port, Account("ocim", Secret(PASSWORD)))


def programs() -> Path:
    """Return the directory of the wheel's pg_dump and pg_restore: Debian's may be too old."""
    return _packages() / BINARIES


@contextmanager
def postgresql_server(*, auth: str = "trust") -> Iterator[str]:
    """Yield the URL of an empty database; nothing of it is left afterwards."""
    with postgresql_files(auth=auth) as files:
        (port,) = free_ports(1)
        with files.run("127.0.0.1", port):
            yield f"postgres://ocim@127.0.0.1:{port}/postgres"


@dataclass(frozen=True)
class PostgresqlFiles:
    """The data and the programs of a server, which may be started again and again."""

    directory: Path
    binaries: Path
    user: int | None
    """User of the server; None: whoever runs the tests."""

    @property
    def command(self) -> list[str]:
        """Return the server's command, without its address."""
        words = [f"{self.binaries}/postgres", "-D", f"{self.directory}/data", "-c", "fsync=off"]
        return [*words, "-k", str(self.directory)]

    def let_in(self, network: str, auth: str) -> None:
        """Accept connections from a network."""
        with (self.directory / "data/pg_hba.conf").open("a") as file:
            file.write(f"host all all {network} {auth}\n")

    @contextmanager
    def run(self, address: str, port: int) -> Iterator[None]:
        """Run the server, and kill it after the block."""
        with subprocess.Popen(
            [*self.command, "-p", str(port), "-h", address],
            stderr=subprocess.PIPE,
            text=True,
            user=self.user,
            group=self.user,
            cwd=self.directory,
        ) as server:
            try:
                assert server.stderr
                for line in server.stderr:
                    if "ready to accept connections" in line:
                        break
                else:
                    raise AssertionError("PostgreSQL did not start.")
                yield
            finally:
                server.kill()


@contextmanager
def postgresql_files(*, auth: str = "trust") -> Iterator[PostgresqlFiles]:
    """Yield the files of a new server, whose user is ocim; they are removed afterwards."""
    directory = Path(tempfile.mkdtemp(prefix="ocim-postgresql-"))
    packages, user = _packages(), None
    if os.getuid() == 0:  # PostgreSQL refuses root, and nobody may not look into root's directories
        for name in ("pgserver", "pgserver.libs"):
            shutil.copytree(packages / name, directory / name)
        packages, user = directory, NOBODY
        os.chown(directory, NOBODY, NOBODY)
    binaries = packages / BINARIES
    try:
        (password := directory / "password").write_text(f"{PASSWORD}\n")
        subprocess.run(
            [binaries / "initdb", "-D", directory / "data", "-U", "ocim", f"--auth={auth}",
             "--no-sync", "--encoding=UTF8", "--locale=C", f"--pwfile={password}"],
            check=True, capture_output=True, user=user, group=user, cwd=directory,
        )  # fmt: skip
        yield PostgresqlFiles(directory, binaries, user)
    finally:
        shutil.rmtree(directory)


def _packages() -> Path:
    """Return the directory of the installed wheel, which is not imported: binaries suffice."""
    spec = find_spec("pgserver")
    assert spec
    assert spec.origin
    return Path(spec.origin).parents[1]
