"""The image that all containers are clones of: a small Debian, built once, shared read-only."""

import fcntl
import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ocim.adapters.providers.tools import run

SUITE = "bookworm"
PACKAGES = (
    "ca-certificates", "cron", "dbus", "iproute2", "openssh-server", "python3", "python3-apt",
    "python3-venv", "sudo", "supervisor", "systemd", "systemd-sysv",
)  # fmt: skip
BUILD_SECONDS = 1800.0
AUTHORITIES = Path("usr/local/share/ca-certificates")
# Timers of apt would hold its lock just when a playbook installs something. Each clone gets an id
# of its own, and the keys that the provider makes for it.
SETUP = """
set -eu
update-ca-certificates >/dev/null 2>&1
systemctl --quiet enable systemd-networkd.service
systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer systemd-networkd-wait-online.service
printf 'PasswordAuthentication no\\nUseDNS no\\n' >/etc/ssh/sshd_config.d/ocim.conf
rm -f /etc/ssh/ssh_host_* /etc/hostname /etc/resolv.conf
: >/etc/machine-id
"""


def ensure_image(images: Path) -> Path:
    """Return the image's directory; build it where there is none of these inputs.

    Processes that need it at once build it once. What an interrupted build left is removed.
    """
    authorities = _authorities(Path("/"))
    image = images / _digest(authorities)
    if image.exists():
        return image
    with _building(images) as unfinished:
        if not image.exists():
            bootstrap = ["mmdebstrap", "--quiet", "--variant=minbase"]
            packages = f"--include={','.join(PACKAGES)}"
            run([*bootstrap, packages, SUITE, unfinished], timeout=BUILD_SECONDS)
            for authority in authorities:
                shutil.copy(authority, unfinished / AUTHORITIES)
            run(["chroot", unfinished, "sh", "-c", SETUP])
            unfinished.rename(image)
    return image


def _authorities(root: Path) -> list[Path]:
    """What this machine trusts besides Debian's: its proxy's authority, for one."""
    return sorted((root / AUTHORITIES).glob("*.crt"))


def _digest(authorities: list[Path]) -> str:
    inputs = [SUITE, PACKAGES, SETUP, [(one.name, one.read_text()) for one in authorities]]
    return hashlib.sha256(json.dumps(inputs).encode()).hexdigest()[:16]


@contextmanager
def _building(images: Path) -> Iterator[Path]:
    images.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (images / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        unfinished = images / ".building"
        shutil.rmtree(unfinished, ignore_errors=True)
        try:
            yield unfinished
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
