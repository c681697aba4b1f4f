"""One container on this machine: its overlay, its processes, its end."""

import contextlib
import hashlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ocim.adapters.providers import processes
from ocim.adapters.providers.nspawn import limits
from ocim.adapters.providers.tools import run
from ocim.core.errors import PermanentError
from ocim.core.hosts import UMASK

SYSTEMD = Path("/run/systemd/system")
"""Is there where systemd runs this machine."""
SHUTDOWN = signal.SIGRTMIN + 3
"""What systemd, as a container's first process, takes for `systemctl halt`."""
REBOOTED = 133
"""What systemd-nspawn ends with where the container rebooted itself, and wants to be started."""
AGAIN = f'while "$@"; [ $? -eq {REBOOTED} ]; do :; done'
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Container:
    """Everything of it is in `directory`, or marked or named after it."""

    directory: Path

    @property
    def root(self) -> Path:
        """Its `/`, while it is mounted."""
        return self.directory / "root"

    @property
    def identifier(self) -> str:
        """Short enough for the name of a network interface, and unique on this machine."""
        return f"o{hashlib.sha256(str(self.directory).encode()).hexdigest()[:10]}"

    def mount(self, *below: Path) -> None:
        """Lay what is written over directories, the upper ones first.

        Nothing happens if that is so already.
        """
        if self.root.is_mount():
            return
        for name in ("upper", "work", "root"):
            (self.directory / name).mkdir(exist_ok=True)
        (self.directory / "upper").chmod(0o755)
        # Relative, as a comma or a colon in a path would end an option.
        lower = ":".join(os.path.relpath(one, self.directory) for one in below)
        layers = f"lowerdir={lower},upperdir=upper,workdir=work"
        run(["mount", "-t", "overlay", "overlay", "-o", layers, "root"], cwd=self.directory)

    def start(self, *, bridge: str, shared: Sequence[Path], bounds: limits.Limits) -> None:
        """Boot it, apart from this process; what it says goes to `console.log`."""
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
            again = [
                f"--property={name}ExitStatus={REBOOTED}" for name in ("RestartForce", "Success")
            ]
            unit = [
                *again,
                f"--unit=ocim-{self.identifier}",
                "--collect",
                mark,
                *limits.of_unit(bounds),
            ]
            unit += [f"--property=StandardOutput=append:{log}", "--property=StandardError=inherit"]
            run(["systemd-run", "--quiet", *unit, *nspawn])
        else:
            groups = limits.make_groups(self.identifier, bounds)
            argv = ["setsid", "--fork", *limits.entering(groups), "sh", "-c", AGAIN, "sh", *nspawn]
            environment = {"PATH": PATH, processes.MARK: str(self.directory)}
            with log.open("ab") as file:
                subprocess.run(
                    argv,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=file,
                    stderr=subprocess.STDOUT,
                    timeout=60,
                    check=True,
                    umask=UMASK,
                )

    def stop(self, *, grace: float) -> None:
        """Shut it down in order, with `grace` seconds for it; then kill what is left."""
        deadline = time.monotonic() + grace
        while (init := self._init()) and time.monotonic() < deadline:
            # Again each second: one that is only just booting does not hear it.
            processes.send(self.directory, SHUTDOWN, only=init, wait=1.0)
        processes.end(self.directory, None, grace=0)
        self._clean()

    def kill(self) -> None:
        """Leave no process of it."""
        processes.kill(self.directory)
        self._clean()

    def unmount(self) -> None:
        """Take the overlay away; what is written stays in `upper`."""
        while self.root.is_mount():
            run(["umount", self.root])

    def _init(self) -> int | None:
        """Its first process, as this machine numbers it; None where it is not up."""
        for process in processes.of_host(self.directory):
            with contextlib.suppress(OSError):  # it has just ended
                status = (processes.PROC / f"{process}/status").read_text()
                if re.search(r"^NSpid:\t\d+\t1$", status, re.MULTILINE):
                    return process
        return None

    def _clean(self) -> None:
        """What a container that was killed leaves: its interface goes with its last process."""
        limits.remove_groups(self.identifier)
        interface = Path(f"/sys/class/net/vb-{self.identifier}")
        if interface.exists():
            try:
                run(["ip", "link", "delete", interface.name])
            except PermanentError:  # the kernel was about to
                if interface.exists():
                    raise


def _escaped(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace(":", "\\:")
