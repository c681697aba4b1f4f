"""The cleaning of a machine, with the operator's command or playbook."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from ocim.adapters import programs
from ocim.adapters.providers.names import names_script
from ocim.adapters.providers.ssh.pool import Pool
from ocim.adapters.providers.ssh.visits import as_root
from ocim.adapters.providers.tools import run
from ocim.core.hosts import Host

SECONDS = 3600.0


def clean(host: Host, pool: Pool) -> None:
    """Run the pool's command or playbook, then remove the fleet's names and authorities.

    Raise an OcimError if that fails.
    """
    if pool.clean_playbook:
        _play(host, Path(pool.clean_playbook))
    else:
        as_root(host, pool.clean_command, timeout=SECONDS)
    as_root(host, names_script({}, ""))


def _play(host: Host, playbook: Path) -> None:
    connection = host.connection
    with TemporaryDirectory(prefix="ocim-clean-") as directory:
        inventory = Path(directory) / "hosts.json"
        variables = {
            "ansible_host": host.address,
            "ansible_port": connection.port,
            "ansible_user": connection.user,
            "ansible_ssh_private_key_file": connection.key_file,
            "ansible_ssh_common_args": f"-o UserKnownHostsFile={connection.known_hosts_file} "
            "-o StrictHostKeyChecking=yes -o IdentitiesOnly=yes",
            "ansible_python_interpreter": "/usr/bin/python3",
        }
        inventory.write_text(json.dumps({"all": {"hosts": {host.name: variables}}}))
        argv: list[str | Path] = [programs.own("ansible-playbook"), "-i", inventory, playbook]
        run(argv, cwd=playbook.parent, timeout=SECONDS)
