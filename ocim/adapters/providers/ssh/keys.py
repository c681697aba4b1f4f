"""The only host key of a machine that ssh accepts."""

from pathlib import Path

from ocim.adapters.files import write_whole
from ocim.adapters.providers.ssh.pool import Machine

SSH_PORT = 22


def known_hosts_file(machine: Machine, state: Path) -> str:
    """Return the path of a file with the machine's key; it is written below `state` if needed."""
    if machine.known_hosts_file:
        return machine.known_hosts_file
    file = state / "known-hosts" / machine.name
    is_default = machine.port == SSH_PORT
    address = machine.address if is_default else f"[{machine.address}]:{machine.port}"
    write_whole(file, f"{address} {machine.host_key}\n")
    return str(file)
