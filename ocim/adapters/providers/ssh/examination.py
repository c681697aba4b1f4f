"""What a machine must be like before it is used, looked at in one step."""

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
    """Return everything that keeps an app server from being made on it."""
    try:
        looked = ssh_client.run(host, ["sh", "-c", LOOK], timeout=SECONDS)
    except TransientError as error:
        return [error.problem]
    found = dict(line.split("=", 1) for line in looked.output.splitlines() if "=" in line)
    faults = []
    if "sudo" not in found:
        faults.append(f"{host.connection.user} may not use sudo without a password")
    if "python" not in found:
        faults.append("there is no /usr/bin/python3")
    distribution = found.get("distribution", "unknown")
    if pool.distributions and distribution not in pool.distributions:
        faults.append(f"it runs {distribution}, and not {' or '.join(pool.distributions)}")
    free = int(found.get("disk") or 0) / KIB_OF_GIB
    if free < pool.disk:
        faults.append(f"{free:.1f} GiB are free on /, and {pool.disk} are needed")
    return faults
