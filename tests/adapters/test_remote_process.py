"""The balancer's machine: three processes that need neither managers nor database nor queue."""

import signal
import socket
import subprocess
from pathlib import Path

import psutil
import pytest

from ocim.adapters.balancers.remote.client import RemoteBalancer
from ocim.core.errors import LostClaim, TransientError
from ocim.core.routing import Routing, Site
from tests.adapters.caddy_support import (
    Browser,
    app_servers,
    own_address,
    processes,
    settings_for,
    until,
)
from tests.console.processes import OCIM, PATH
from tests.control_server import tls_files
from tests.web_servers import Authority

pytestmark = pytest.mark.xdist_group("balancer")
NAME = "demo.localhost"


class ControlProcess:
    """`ocim balancer run control`, with the settings of the balancer's machine and no others."""

    def __init__(self, directory: Path) -> None:
        authority, address = Authority(), own_address()
        with socket.create_server((address, 0)) as free:
            place = f"{address}:{free.getsockname()[1]}"
        files = tls_files(authority, address, directory)
        self.key = Path(files.key)
        self.manager = RemoteBalancer(
            f"https://{place}", tls_files(authority, "manager", directory)
        )
        self.log = directory / "control.log"
        self.environment = {
            "PATH": PATH,
            "OCIM_VAR": str(directory),
            "OCIM_BALANCER_CONTROL": place,
            "OCIM_BALANCER_AUTHORITY": files.authority,
            "OCIM_BALANCER_CERTIFICATE": files.certificate,
            "OCIM_BALANCER_KEY": files.key,
        }

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [OCIM, "balancer", "run", "control"], env=self.environment, stdout=log, stderr=log
            )
        until(self._answers, self.log.read_text())

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.process.wait(30)

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            return bool(self.manager.authority())
        except TransientError:
            return False


def test_a_balancer_serves_on_without_managers_and_after_its_own_restart(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    control = ControlProcess(tmp_path)
    with app_servers("one") as (item,), processes(settings) as running:
        control.start()
        site = Site((NAME,), (item.upstream,))
        control.manager.apply(Routing((site,), 5))
        authority = control.manager.authority()
        arguments = psutil.Process(control.process.pid).cmdline()
        assert control.stop() == -signal.SIGTERM
        assert Browser(settings).get(NAME).json()["name"] == "one"

        running.stop()
        running.start()
        assert Browser(settings).get(NAME).json()["name"] == "one"

        control.start()
        assert control.manager.is_applied(Routing((site,)).digest)
        assert control.manager.authority() == authority
        with pytest.raises(LostClaim, match="of version 5, and these are of version 4"):
            control.manager.apply(Routing((), 4))
        control.stop(signal.SIGKILL)
    secret = control.key.read_text().splitlines()[1]
    assert secret not in control.log.read_text() + " ".join(arguments)


def test_what_it_needs_and_does_not_have_is_named(tmp_path: Path) -> None:
    ended = subprocess.run(
        [OCIM, "balancer", "run", "control"],
        env={"PATH": PATH, "OCIM_VAR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "OCIM_BALANCER_AUTHORITY: cannot use" in ended.stderr
    assert "Traceback" not in ended.stderr
