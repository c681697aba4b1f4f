"""A container on this machine: its overlay, its processes, its end."""

import contextlib
import hashlib
import os
import re
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ocim.adapters import programs
from ocim.adapters.providers import processes
from ocim.adapters.providers.flavors import Limits
from ocim.adapters.providers.nspawn import limits
from ocim.adapters.providers.tools import run
from ocim.core.errors import PermanentError

SYSTEMD = Path("/run/systemd/system")
"""Directory that exists if systemd runs this machine."""
SHUTDOWN = signal.SIGRTMIN + 3
"""Signal that tells systemd, as a container's first process, to halt."""
REBOOTED = 133
"""Exit status of systemd-nspawn after a reboot from inside.

The container is to be started again.
"""
AGAIN = f'while "$@"; [ $? -eq {REBOOTED} ]; do :; done'
START_SECONDS = 60.0


@dataclass(frozen=True)
class Container:
    """A container with its files in `directory`.

    Its processes and interface are named after that.
    """

    directory: Path

    @property
    def root(self) -> Path:
        """Directory of the container's `/`, while it is mounted."""
        return self.directory / "root"

    @property
    def identifier(self) -> str:
        """Unique name on this machine, short enough for a network interface."""
        return f"o{hashlib.sha256(str(self.directory).encode()).hexdigest()[:10]}"

    def mount(self, *below: Path) -> None:
        """Mount the overlay over the lower directories (uppermost first) unless it is mounted."""
        if self.root.is_mount():
            return
        for name in ("upper", "work", "root"):
            (self.directory / name).mkdir(exist_ok=True)
        (self.directory / "upper").chmod(0o755)
        # Relative paths, because a comma or a colon in an absolute one would end the option.
        lower = ":".join(os.path.relpath(path, self.directory) for path in below)
        layers = f"lowerdir={lower},upperdir=upper,workdir=work"
        run(["mount", "-t", "overlay", "overlay", "-o", layers, "root"], cwd=self.directory)

    def start(self, *, bridge: str, shared: Sequence[Path], bounds: Limits) -> None:
        """Boot the container, independently of this process; its console goes to `console.log`."""
        name = re.sub(r"[^a-z0-9.-]", "-", self.directory.name.lower())[:64].strip(".-")
        mark = f"--setenv={processes.MARK}={self.directory}"
        nspawn = [
            *("systemd-nspawn", "--quiet", "--settings=no", "--register=no", "--keep-unit"),
            *("--boot", f"--directory={self.root}", f"--machine={self.identifier}"),
            *(f"--hostname={name}", f"--network-bridge={bridge}", mark),
            *("--resolv-conf=off", "--timezone=off", "--link-journal=no", "--console=pipe"),
            *(f"--bind={_escaped(path)}" for path in shared),
        ]
        log = self.directory / "console.log"
        if SYSTEMD.is_dir():
            unit = [
                *(
                    f"--property={name}ExitStatus={REBOOTED}"
                    for name in ("RestartForce", "Success")
                ),
                *(f"--unit=ocim-{self.identifier}", "--collect", mark, *limits.of_unit(bounds)),
                *(f"--property=StandardOutput=append:{log}", "--property=StandardError=inherit"),
            ]
            run(["systemd-run", "--quiet", *unit, *nspawn])
        else:
            groups = limits.make_groups(self.identifier, bounds)
            argv = ["setsid", "--fork", *limits.entering(groups), "sh", "-c", AGAIN, "sh", *nspawn]
            environment = {"PATH": programs.SYSTEM_PATH, processes.MARK: str(self.directory)}
            with log.open("ab") as file:
                status = programs.run_detached(
                    argv, output=file, timeout=START_SECONDS, env=environment
                )
            if status:
                raise PermanentError(
                    f"The container {name} does not start: exit status {status}.",
                    remedy=f"See {log}.",
                )

    def stop(self, *, grace: float) -> None:
        """Shut the container down within `grace` seconds, then kill what remains."""
        deadline = time.monotonic() + grace
        while (init := self._init()) and time.monotonic() < deadline:
            # Repeat the signal each second: systemd ignores it early in its boot.
            processes.send(self.directory, SHUTDOWN, only=init, wait=1.0)
        processes.end(self.directory, None, grace=0)
        self._clean()

    def kill(self) -> None:
        """Kill all processes of the container."""
        processes.kill(self.directory)
        self._clean()

    def unmount(self) -> None:
        """Unmount the overlay; what was written stays in `upper`."""
        while self.root.is_mount():
            run(["umount", self.root])

    def _init(self) -> int | None:
        """Return the id of the container's first process; None if it is not running."""
        for process in processes.of_host(self.directory):
            with contextlib.suppress(OSError):  # it has just ended
                status = (processes.PROC / f"{process}/status").read_text()
                if re.search(r"^NSpid:\t\d+\t1$", status, re.MULTILINE):
                    return process
        return None

    def _clean(self) -> None:
        """Remove what a killed container leaves: control groups, and its network interface."""
        limits.remove_groups(self.identifier)
        interface = Path(f"/sys/class/net/vb-{self.identifier}")
        if interface.exists():
            try:
                run(["ip", "link", "delete", interface.name])
            except PermanentError:  # the kernel may have removed it at this moment
                if interface.exists():
                    raise


def _escaped(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace(":", "\\:")
