"""A MariaDB of a test's own, in a private directory."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pymysql
import pytest

from ocim.core.instance import Account, DatabaseHost
from ocim.core.secrets import Secret
from tests.acceptance.installation import free_ports
from tests.leftovers import PREFIX
from tests.web_servers import Authority

PROGRAMS = ("mariadbd", "mariadb-install-db", "mariadb-dump", "mariadb")
MISSING = ", ".join(name for name in PROGRAMS if not shutil.which(name))
PASSWORD = 'the admin\'s 50% "password" \\'
needs_mariadb = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {MISSING}")


@contextmanager
def mariadb_server(*, sql_mode: str | None = None) -> Iterator[DatabaseHost]:
    """Yield an empty server with its administrator; nothing of it is left afterwards."""
    directory = Path(tempfile.mkdtemp(prefix=f"{PREFIX}mariadb-"))
    data, socket, (port,) = directory / "data", directory / "socket", free_ports(1)
    authority = Authority()
    authority.server_context("localhost", directory)
    user = pwd.getpwuid(os.getuid()).pw_name
    try:
        subprocess.run(
            ["mariadb-install-db", "--no-defaults", f"--datadir={data}", f"--user={user}",
             "--auth-root-authentication-method=normal", "--skip-test-db"],
            check=True, capture_output=True, cwd=directory,
        )  # fmt: skip
        with subprocess.Popen(
            ["mariadbd", "--no-defaults", f"--user={user}", f"--datadir={data}", f"--port={port}",
             "--bind-address=127.0.0.1", f"--socket={socket}", "--skip-log-bin",
             f"--ssl-cert={directory}/localhost.pem", f"--ssl-key={directory}/localhost.pem",
             "--character-set-server=utf8mb4", "--innodb-flush-log-at-trx-commit=0",
             "--innodb-buffer-pool-size=16M", "--innodb-log-file-size=16M",
             *([f"--sql-mode={sql_mode}"] if sql_mode is not None else [])],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=directory,
        ) as server:  # fmt: skip
            try:
                _set_up(socket, server)
                admin = Account("ocim", Secret(PASSWORD))
                yield DatabaseHost("mysql", "127.0.0.1", port, admin, authority=authority.pem)
            finally:
                server.kill()
    finally:
        shutil.rmtree(directory)


def _set_up(socket: Path, server: "subprocess.Popen[bytes]") -> None:
    while not socket.exists():  # the driver would not close its end
        assert server.poll() is None, "MariaDB did not start."
        time.sleep(0.05)
    while True:
        try:
            connection = pymysql.connect(unix_socket=str(socket), user="root")
        except pymysql.OperationalError:
            assert server.poll() is None, "MariaDB did not start."
            time.sleep(0.05)
        else:
            break
    with closing(connection), connection.cursor() as cursor:
        cursor.execute("CREATE USER 'ocim'@'%%' IDENTIFIED BY %s", (PASSWORD,))
        cursor.execute("GRANT ALL PRIVILEGES ON *.* TO 'ocim'@'%' WITH GRANT OPTION")
