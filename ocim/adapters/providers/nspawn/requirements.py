"""The requirements of containers on the manager's machine: root, and a few programs."""

import os

from ocim.adapters.providers.tools import missing_packages
from ocim.core.errors import PermanentError

PROGRAMS = {
    "systemd-nspawn": "systemd-container",
    "mmdebstrap": "mmdebstrap",
    "ip": "iproute2",
    "nft": "nftables",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
}
"""Debian packages by the program that they provide."""


def require_programs() -> None:
    """Raise PermanentError unless the manager is root and has all programs."""
    faults = [] if os.geteuid() == 0 else ["The manager must run as root to make containers."]
    remedy = ""
    if packages := missing_packages(PROGRAMS):
        faults.append(f"Packages are missing: {', '.join(packages)}.")
        remedy = f"Install them: apt-get install {' '.join(packages)}."
    if faults:
        raise PermanentError(" ".join(faults), remedy=remedy)
