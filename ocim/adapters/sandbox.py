"""Sandboxes for programs that Ocim does not own, made with bubblewrap.

A program sees only what its View lists: no OCIM_VAR, no other host's directory, no home, no socket
of a daemon, and no processes but its own.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from ocim.adapters.limits import (
    Confinement,
    LimitReached,
    Limits,
    confinement,
    in_force,
)
from ocim.adapters.programs import capture
from ocim.adapters.streams import MOST_OUTPUT
from ocim.core.errors import PermanentError, TransientError
from ocim.core.hosts import Isolation, Ran

PACKAGE = Path(__file__).resolve().parents[1]
OWN_CODE = (PACKAGE, Path(sys.prefix), Path(sys.base_prefix))
# The files of /etc that name users and hosts, trusted authorities, and libraries. Never show all of
# /etc: the master key may be kept there for systemd.
ETC = (
    "alternatives",
    "ca-certificates",
    "debian_version",
    "gai.conf",
    "group",
    "host.conf",
    "hosts",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "lsb-release",
    "mime.types",
    "nsswitch.conf",
    "os-release",
    "passwd",
    "pki",
    "protocols",
    "python3",
    f"python3.{sys.version_info.minor}",
    "resolv.conf",
    "services",
    "ssh/ssh_config",
    "ssh/ssh_config.d",
    "ssl/certs",
    "ssl/openssl.cnf",
    "timezone",
    "uv",
)
TOP = ("/bin", "/lib", "/lib32", "/lib64", "/libx32", "/sbin")
# Root may write to these without any capability, even in a user namespace, and bubblewrap does not
# protect them by itself.
KERNEL = ("/proc/sys", "/proc/sysrq-trigger", "/proc/acpi", "/proc/fs")
NEVER = (Path("/usr/local/etc"),)
"""Directories below /usr where administrators keep settings; always hidden."""
INSTALL = "Install bubblewrap (`apt-get install bubblewrap`), and allow its user namespaces."
TRIAL_SECONDS = 60.0
IN_MEMORY = 2**30
"""Size limit of each of the sandbox's own directories in memory, in bytes."""


@dataclass(frozen=True)
class View:
    """The paths that a program sees besides the system, Ocim's code and Python."""

    readable: tuple[Path, ...] = ()
    writable: tuple[Path, ...] = ()
    shown: Mapping[Path, Path] = field(default_factory=dict)
    """Directories to show read-only, by their place within a writable directory."""
    network: bool = True
    """True if the program reaches the network, including services of this machine."""


class Sandbox:
    """A way to start commands in sandboxes.

    `hidden`: paths to hide even where a view shows what contains them. `required`: refuse to run
    commands without a sandbox. `program`: the name of bubblewrap's executable.
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
        """Describe how commands are kept from the manager's files and processes, and limited."""
        isolation = _isolation(self._program)
        sentence, missing = in_force(self.limits)
        return replace(isolation, limits=sentence, unlimited=missing)

    @property
    def is_available(self) -> bool:
        """True if commands are kept from the manager's files at all."""
        return _isolation(self._program).is_sandbox

    @contextmanager
    def command(self, argv: Sequence[str], view: View) -> Iterator[tuple[list[str], Confinement]]:
        """Yield the command that runs `argv` in a sandbox, and its confinement to check."""
        with confinement(self.limits, view.writable) as confined:
            prefix = _few_processes(self.limits) if self.is_available else []
            yield confined.wrap(self.wrap([*prefix, *argv], view)), confined

    def run(
        self,
        argv: Sequence[str],
        view: View,
        *,
        cwd: Path,
        environment: Mapping[str, str],
        timeout: float,
    ) -> Ran:
        """Run a command to its end and return its exit status and output.

        Raise TransientError if it takes longer than `timeout` seconds, LimitReached if it exceeds a
        limit or prints too much.
        """
        with self.command(argv, view) as (command, confined):
            try:
                result = capture(
                    command, timeout=timeout, cwd=cwd, env=environment, limits=confined.check
                )
            except subprocess.TimeoutExpired as error:
                raise TransientError(f"It took more than {timeout:g} s and was ended.") from error
            except LimitReached:
                raise
            except PermanentError as error:
                problem = f"It printed more than {MOST_OUTPUT} bytes and was ended."
                raise LimitReached(problem) from error
            confined.check()  # the kernel kills without a message
            return result

    def wrap(
        self,
        argv: Sequence[str],
        view: View | None = None,
        *,
        outlives: bool = False,
        is_terminal: bool = False,
    ) -> list[str]:
        """Return the command that runs `argv` in a sandbox; paths of the view may be missing.

        The command ends with the process that starts it, unless it `outlives` that process. It
        cannot type on this process's terminal, unless `is_terminal` says that the terminal is its
        own. If this machine has no sandbox, return `argv`; raise PermanentError if a sandbox is
        required.
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
        """Yield bubblewrap's options for what is visible; the deepest path wins."""
        places: dict[Path, tuple[str, ...]] = {}
        for path in (*OWN_CODE, *view.readable):
            places[path] = ("--ro-bind-try", str(path), str(path))
        for path in view.writable:
            places[_no_link(path)] = ("--bind-try", str(path), str(path))
        for place, path in view.shown.items():
            places[place] = ("--ro-bind", str(path), str(place))
        for path in self._hidden:
            visible = (*places, Path("/usr"))
            if path.exists() and any(path.is_relative_to(parent) for parent in visible):
                cover = ("--tmpfs",) if path.is_dir() else ("--ro-bind", os.devnull)
                places[path] = (*cover, str(path))
        for path in sorted(places, key=lambda place: len(place.parts)):
            yield from places[path]


def _no_link(path: Path) -> Path:
    """Return the path; raise PermanentError if a link on its way leads elsewhere."""
    if path.exists() and path.resolve() != path:
        raise PermanentError(
            f"{path} leads to {path.resolve()}, where a run would write.",
            remedy="Replace the link by a directory.",
        )
    return path


@cache
def _isolation(program: str) -> Isolation:
    if not shutil.which(program):
        return Isolation("none", "bubblewrap is not installed.", INSTALL)
    try:
        result = capture([*_base(program), "--", "/bin/true"], timeout=TRIAL_SECONDS)
    except subprocess.TimeoutExpired:
        return Isolation("none", f"bubblewrap did not end within {TRIAL_SECONDS:g} s.", INSTALL)
    if result.status:
        detail = f"bubblewrap does not work here: {result.errors.strip()}"
        return Isolation("none", detail, INSTALL)
    return Isolation("bubblewrap", "Programs see only their own files and processes.")


def _few_processes(limits: Limits) -> list[str]:
    """Return a command prefix that limits processes, for users other than root.

    It works in user namespaces, too.
    """
    prlimit = shutil.which("prlimit", path="/usr/bin")
    if not (limits.processes and prlimit and os.geteuid()):
        return []
    return [prlimit, f"--nproc={limits.processes}:{limits.processes}", "--"]


def _base(program: str) -> list[str]:
    # For root, a user namespace is only a second barrier: the capabilities are dropped anyway.
    user = "--unshare-user" if os.geteuid() else "--unshare-user-try"
    in_memory = ("--size", str(IN_MEMORY), "--tmpfs")
    return [
        # Use the absolute path: a host's PATH begins with a directory that its programs can write.
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
