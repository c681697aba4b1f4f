"""The base of all containers: a small Debian, built once, shared read-only."""

import fcntl
import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ocim.adapters import locks
from ocim.adapters.providers import processes
from ocim.adapters.providers.tools import mounts_below, run
from ocim.core import stopping

SUITE = "bookworm"
UNFINISHED = ".building"
PACKAGES = (
    "ca-certificates",
    "cron",
    "dbus",
    "iproute2",
    "openssh-server",
    "python3",
    "python3-apt",
    "python3-venv",
    "sudo",
    "supervisor",
    "systemd",
    "systemd-sysv",
)
BUILD_SECONDS = 1800.0
AUTHORITIES = Path("usr/local/share/ca-certificates")
# The timers of apt could hold its lock just when a playbook installs something. Machine id and host
# keys are removed because each container gets its own.
SETUP = """
set -eu
update-ca-certificates >/dev/null 2>&1
systemctl --quiet enable systemd-networkd.service
systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer systemd-networkd-wait-online.service
printf 'PasswordAuthentication no\\nUseDNS no\\n' >/etc/ssh/sshd_config.d/ocim.conf
rm -f /etc/ssh/ssh_host_* /etc/hostname /etc/resolv.conf
: >/etc/machine-id
"""


def ensure_base(bases: Path) -> Path:
    """Return the base's directory; build it if there is none with the present inputs.

    Processes that need it at once build it once. The remains of an interrupted build are removed.
    """
    authorities = _authorities(Path("/"))
    base = bases / _digest(authorities)
    if base.exists():
        return base
    with _building(bases) as unfinished:
        if not base.exists():
            bootstrap = ["mmdebstrap", "--quiet", "--variant=minbase"]
            packages = f"--include={','.join(PACKAGES)}"
            run(
                [*bootstrap, packages, SUITE, unfinished],
                timeout=BUILD_SECONDS,
                environment={processes.MARK: str(unfinished)},
            )
            for authority in authorities:
                shutil.copy(authority, unfinished / AUTHORITIES)
            run(["chroot", unfinished, "sh", "-c", SETUP])
            unfinished.rename(base)
    return base


def content(base: Path) -> str:
    """Return a digest of the installed packages; a base that is built later has newer versions."""
    return hashlib.sha256((base / "var/lib/dpkg/status").read_bytes()).hexdigest()[:16]


def is_interrupted(bases: Path) -> bool:
    """Return True if the remains of an interrupted build exist."""
    if not (bases / UNFINISHED).exists():
        return False
    with suppress(BlockingIOError), _locked(bases, wait=False):
        return (bases / UNFINISHED).exists()
    return False


def remove_interrupted(bases: Path) -> None:
    """End the processes of an interrupted build, and remove what it has made."""
    with suppress(BlockingIOError), _locked(bases, wait=False):
        _remove_unfinished(bases)


def _authorities(root: Path) -> list[Path]:
    """Return the authorities that this machine trusts besides Debian's, for example a proxy's."""
    return sorted((root / AUTHORITIES).glob("*.crt"))


def _digest(authorities: list[Path]) -> str:
    texts = [(authority.name, authority.read_text()) for authority in authorities]
    inputs = [SUITE, PACKAGES, SETUP, texts]
    return hashlib.sha256(json.dumps(inputs).encode()).hexdigest()[:16]


@contextmanager
def _building(bases: Path) -> Iterator[Path]:
    bases.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _locked(bases):
        _remove_unfinished(bases)
        try:
            yield bases / UNFINISHED
        finally:
            with stopping.clean_up():
                _remove_unfinished(bases)


@contextmanager
def _locked(bases: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold the lock of the bases; raise BlockingIOError if it is taken and `wait` is False."""
    with (bases / ".lock").open("w") as lock:
        locks.acquire(lock.fileno(), fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def _remove_unfinished(bases: Path) -> None:
    """End processes and mounts of a build whose manager was killed, and remove its files."""
    unfinished = bases / UNFINISHED
    processes.kill(unfinished)
    for mounted in reversed(mounts_below(unfinished)):
        run(["umount", mounted])
    shutil.rmtree(unfinished, ignore_errors=True)
