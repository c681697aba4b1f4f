"""Runs what Ocim does not own with a view of its own of the machine: bubblewrap.

What is not named here, or by the caller, is not there: no OCIM_VAR, no other host's directory, no
home, no socket of a daemon, and no process but its own. The network is shared, as it has to reach
hosts.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

from ocim.core.errors import OutsideRefusal
from ocim.core.spec import Isolation

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


class Sandbox:
    """Wraps commands.

    `hidden`: what they must not see though it lies in what they may see. `program`: bubblewrap's.
    """

    def __init__(
        self, *, hidden: Sequence[Path] = (), required: bool = False, program: str = "bwrap"
    ) -> None:
        self._program = program
        self._hidden = hidden
        self._required = required

    def isolation(self) -> Isolation:
        """Whether wrapped commands are kept from the manager's files and processes, and why not."""
        return _isolation(self._program)

    def wrap(
        self,
        argv: Sequence[str],
        *,
        readable: Iterable[Path] = (),
        writable: Iterable[Path] = (),
        outlives: bool = False,
        is_terminal: bool = False,
    ) -> list[str]:
        """What to start instead of `argv`; what is not there is left out.

        It ends with the process that starts it, unless it `outlives` that. It gets away from the
        terminal, on which it could type, unless `is_terminal`: then that is its own. Where there is
        no sandbox to be had, `argv` itself, or OutsideRefusal if one is required.
        """
        isolation = self.isolation()
        if not isolation.is_sandbox:
            if self._required:
                raise OutsideRefusal(
                    f"OCIM_REQUIRE_SANDBOX is set, but there is no sandbox: {isolation.detail}",
                    remedy="Install bubblewrap, and allow its user namespaces.",
                )
            return list(argv)
        own = (*OWN_CODE, Path("/usr"))
        covered = [path for path in self._hidden if any(path.is_relative_to(part) for part in own)]
        return [
            *_base(self._program),
            *(() if outlives else ("--die-with-parent",)),
            *(() if is_terminal else ("--new-session",)),
            *_options("--ro-bind-try", OWN_CODE),
            *(word for path in covered for word in ("--tmpfs", str(path))),
            *_options("--ro-bind-try", readable),
            *_options("--bind-try", writable),
            "--",
            *argv,
        ]


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


def _base(program: str) -> list[str]:
    # Root's namespace of users is a second wall only: it has none of root's capabilities anyway.
    user = "--unshare-user" if os.geteuid() else "--unshare-user-try"
    return [
        # By its whole path: the search path that a host brings begins with a directory of its own.
        *(shutil.which(program) or program, "--cap-drop", "ALL", user),
        *("--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
        *("--ro-bind", "/usr", "/usr", *_top()),
        *_options("--ro-bind-try", (Path("/etc", name) for name in ETC)),
        *("--dev", "/dev", "--proc", "/proc"),
        *_options("--ro-bind-try", map(Path, KERNEL)),
        *("--tmpfs", "/tmp", "--tmpfs", "/var/tmp"),  # noqa: S108
    ]


def _top() -> Iterator[str]:
    for name in TOP:
        path = Path(name)
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), name)
        elif path.is_dir():
            yield from ("--ro-bind", name, name)


def _options(option: str, paths: Iterable[Path]) -> Iterator[str]:
    for path in paths:
        yield from (option, str(path), str(path))
