"""Runs what Ocim does not own with a view of its own of the machine: bubblewrap.

What is not in the View is not there: no OCIM_VAR, no other host's directory, no home, no socket of
a daemon, and no process but its own.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from ocim.adapters.captured import MOST_OUTPUT, Captured, captured
from ocim.adapters.limits import (
    Confinement,
    LimitReached,
    Limits,
    confinement,
    in_force,
)
from ocim.core.errors import PermanentError, TransientError
from ocim.core.hosts import Isolation

PACKAGE = Path(__file__).resolve().parents[1]
OWN_CODE = (PACKAGE, Path(sys.prefix), Path(sys.base_prefix))
# Of /etc, what names users and hosts, who is trusted, and how to link. Never the whole of it:
# somebody may keep the master key there for systemd.
ETC = (
    "alternatives", "ca-certificates", "debian_version", "gai.conf", "group", "host.conf", "hosts",
    "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "lsb-release", "mime.types",
    "nsswitch.conf", "os-release", "passwd", "pki", "protocols", "python3",
    f"python3.{sys.version_info.minor}", "resolv.conf", "services", "ssh/ssh_config",
    "ssh/ssh_config.d", "ssl/certs", "ssl/openssl.cnf", "timezone", "uv",
)  # fmt: skip
TOP = ("/bin", "/lib", "/lib32", "/lib64", "/libx32", "/sbin")
# User 0 may write there without any capability, also in a user namespace, and bubblewrap leaves
# them as they are.
KERNEL = ("/proc/sys", "/proc/sysrq-trigger", "/proc/acpi", "/proc/fs")
NEVER = (Path("/usr/local/etc"),)
"""Where administrators keep settings below /usr."""
IN_MEMORY = 2**30
"""Bytes of each of the sandbox's own directories in memory."""


@dataclass(frozen=True)
class View:
    """All that a command sees besides the system, Ocim's code and Python."""

    readable: tuple[Path, ...] = ()
    writable: tuple[Path, ...] = ()
    shown: Mapping[Path, Path] = field(default_factory=dict)
    """Place within a writable directory → directory that is seen there, and cannot be written."""
    network: bool = True
    """Whether it reaches the network, this machine's own services among it."""


class Sandbox:
    """Starts commands in sandboxes.

    `hidden`: what they must not see though it lies in what they may see. `program`: bubblewrap's.
    """

    def __init__(
        self,
        *,
        hidden: Sequence[Path] = (),
        required: bool = False,
        program: str = "bwrap",
        limits: Limits | None = None,
    ) -> None:
        self._program = program
        self._hidden = (*hidden, *NEVER)
        self._required = required
        self.limits = limits or Limits()

    def isolation(self) -> Isolation:
        """Return how commands are kept from the manager's files and processes, and limited."""
        isolation = _isolation(self._program)
        said, loose = in_force(self.limits)
        return Isolation(isolation.kind, isolation.detail, said, loose)

    @property
    def is_there(self) -> bool:
        """Whether commands are kept from the manager's files at all."""
        return _isolation(self._program).is_sandbox

    @contextmanager
    def command(self, argv: Sequence[str], view: View) -> Iterator[tuple[list[str], Confinement]]:
        """Yield what to start instead of `argv`, with what tells that it reached a limit."""
        with confinement(self.limits, view.writable) as confined:
            few = _few_processes(self.limits) if self.is_there else []
            yield confined.wrap(self.wrap([*few, *argv], view)), confined

    def run(
        self,
        argv: Sequence[str],
        view: View,
        *,
        cwd: Path,
        environment: Mapping[str, str],
        timeout: float,
    ) -> Captured:
        """Run `argv` to its end, whatever its status, and return what it printed.

        TransientError where it takes over `timeout` seconds, LimitReached where it uses or
        prints too much.
        """
        with self.command(argv, view) as (command, confined):
            try:
                ended = captured(
                    command, timeout=timeout, cwd=cwd, env=environment, limits=confined.check
                )
            except subprocess.TimeoutExpired as error:
                raise TransientError(f"It was ended: it took more than {timeout:g} s.") from error
            except LimitReached:
                raise
            except PermanentError as error:
                problem = f"It was ended: it printed more than {MOST_OUTPUT} bytes."
                raise LimitReached(problem) from error
            confined.check()  # what was killed by the kernel has ended without a word
            return ended

    def wrap(
        self,
        argv: Sequence[str],
        view: View | None = None,
        *,
        outlives: bool = False,
        is_terminal: bool = False,
    ) -> list[str]:
        """Return what to start instead of `argv`; what is not there is left out.

        It ends with the process that starts it, unless it `outlives` that. It gets away from the
        terminal, on which it could type, unless `is_terminal`: then that is its own. Where there is
        no sandbox to be had, `argv` itself, or PermanentError if one is required.
        """
        isolation = _isolation(self._program)
        if not isolation.is_sandbox:
            if self._required:
                raise PermanentError(
                    f"OCIM_REQUIRE_SANDBOX is set, but there is no sandbox: {isolation.detail}",
                    remedy="Install bubblewrap, and allow its user namespaces.",
                )
            return list(argv)
        view = view or View()
        return [
            *_base(self._program),
            *(() if outlives else ("--die-with-parent",)),
            *(() if is_terminal else ("--new-session",)),
            *([] if view.network else ["--unshare-net"]),
            *self._mounts(view),
            *("--remount-ro", "/", "--", *argv),
        ]

    def _mounts(self, view: View) -> Iterator[str]:
        """Yield bubblewrap's options for what is seen; the deepest path wins."""
        places: dict[Path, tuple[str, ...]] = {}
        for path in (*OWN_CODE, *view.readable):
            places[path] = ("--ro-bind-try", str(path), str(path))
        for path in view.writable:
            places[_no_link(path)] = ("--bind-try", str(path), str(path))
        for place, path in view.shown.items():
            places[place] = ("--ro-bind", str(path), str(place))
        for path in self._hidden:
            if path.exists() and any(path.is_relative_to(seen) for seen in (*places, Path("/usr"))):
                cover = ("--tmpfs",) if path.is_dir() else ("--ro-bind", os.devnull)
                places[path] = (*cover, str(path))
        for path in sorted(places, key=lambda place: len(place.parts)):
            yield from places[path]


def _no_link(path: Path) -> Path:
    """Return the path; PermanentError where a link on the way leads elsewhere."""
    if path.exists() and path.resolve() != path:
        raise PermanentError(
            f"{path} leads to {path.resolve()}: a run would write there.",
            remedy="Put a directory in place of the link.",
        )
    return path


@cache
def _isolation(program: str) -> Isolation:
    if not shutil.which(program):
        return Isolation("none", "bubblewrap is not installed.")
    tried = subprocess.run(
        [*_base(program), "--", "/bin/true"], capture_output=True, text=True, check=False
    )
    if tried.returncode:
        return Isolation("none", f"bubblewrap does not work here: {tried.stderr.strip()}")
    return Isolation("bubblewrap", "What runs there sees its own files and processes only.")


def _few_processes(limits: Limits) -> list[str]:
    """Return the limit that works within a user namespace, and for everybody but root."""
    prlimit = shutil.which("prlimit", path="/usr/bin")
    if not (limits.processes and prlimit and os.geteuid()):
        return []
    return [prlimit, f"--nproc={limits.processes}:{limits.processes}", "--"]


def _base(program: str) -> list[str]:
    # Root's namespace of users is a second wall only: it has none of root's capabilities anyway.
    user = "--unshare-user" if os.geteuid() else "--unshare-user-try"
    in_memory = ("--size", str(IN_MEMORY), "--tmpfs")
    return [
        # By its whole path: the search path that a host brings begins with a directory of its own.
        *(shutil.which(program) or program, "--cap-drop", "ALL", user),
        *("--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
        *("--ro-bind", "/usr", "/usr", *_top()),
        *(word for name in ETC for word in ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")),
        *("--dev", "/dev", "--proc", "/proc"),
        *(word for name in KERNEL for word in ("--ro-bind-try", name, name)),
        *(*in_memory, "/tmp", *in_memory, "/var/tmp", *in_memory, "/dev/shm"),  # noqa: S108
    ]


def _top() -> Iterator[str]:
    for name in TOP:
        path = Path(name)
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), name)
        elif path.is_dir():
            yield from ("--ro-bind", name, name)
