"""The balancer's processes, started without Django: visitors wait for them."""

import sys

from ocim.core.errors import OcimError
from ocim.processes import balancer
from ocim.project.loading import load


def become(role: str) -> None:
    """Become a process of the balancer. Return if the role or the settings are wrong."""
    loaded = load()
    if role not in balancer.ROLES or loaded.faults:
        return
    try:
        balancer.become(loaded, role)
    except OcimError as error:
        sys.exit("\n".join([f"Error: {error.problem}", *filter(None, [error.remedy])]))
