"""The check whether a machine of the pool can become a host."""

from ocim.adapters.providers import ssh_client
from ocim.adapters.providers.ssh.pool import Pool
from ocim.core.errors import TransientError
from ocim.core.hosts import Host

SECONDS = 60.0
LOOK = """
sudo -n true 2>/dev/null && echo sudo=yes
[ -x /usr/bin/python3 ] && echo python=yes
. /etc/os-release 2>/dev/null && echo "distribution=$ID $VERSION_ID"
echo "disk=$(df -Pk / | awk 'NR == 2 {print $4}')"
"""
KIB_OF_GIB = 2**20


def faults_of(host: Host, pool: Pool) -> list[str]:
    """Return everything that prevents an app server on the machine."""
    try:
        result = ssh_client.run(host, ["sh", "-c", LOOK], timeout=SECONDS)
    except TransientError as error:
        return [error.problem]
    facts = dict(line.split("=", 1) for line in result.output.splitlines() if "=" in line)
    faults = []
    if "sudo" not in facts:
        faults.append(f"{host.connection.user} may not use sudo without a password")
    if "python" not in facts:
        faults.append("there is no /usr/bin/python3")
    distribution = facts.get("distribution", "unknown")
    if pool.distributions and distribution not in pool.distributions:
        faults.append(f"it runs {distribution}, and not {' or '.join(pool.distributions)}")
    free = int(facts.get("disk") or 0) / KIB_OF_GIB
    if free < pool.disk:
        faults.append(f"{free:.1f} GiB are free on /, and {pool.disk} are needed")
    return faults
