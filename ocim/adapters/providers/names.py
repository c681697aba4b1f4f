"""The fleet's names and certificate authorities, as a host learns them.

A whole machine learns them from a shell script that root runs on it; a second run changes nothing.
"""

import re
import shlex
from collections.abc import Mapping
from ipaddress import ip_address

from ocim.adapters.authorities import ENVIRONMENT
from ocim.core.errors import ValidationError
from ocim.core.hosts import VISIT

CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n?", re.DOTALL)
OURS = "/usr/local/share/ca-certificates/ocim-"


def names_script(names: Mapping[str, str], authorities: str) -> str:
    """Return the script that installs names and authorities on a machine, and removes old ones.

    Raise ValidationError if a name or an address is not valid.
    """
    block = "".join(["# Ocim: begin\n", *hosts_lines(names), "# Ocim: end\n"]) if names else ""
    settings = "".join(f"{name}={value}\n" for name, value in ENVIRONMENT.items())
    defaults = f"[Manager]\nDefaultEnvironment={' '.join(settings.split())}\n"
    kept = f'Defaults env_keep += "{" ".join([*ENVIRONMENT, VISIT])}"\n'
    lines = [
        "set -eu",
        "umask 022",
        "keep=$(sed '/^# Ocim: begin$/,/^# Ocim: end$/d' /etc/hosts)",
        f"printf '%s\\n%s' \"$keep\" {shlex.quote(block)} >/etc/hosts",
        f"rm -f {OURS}*.crt",
        *(
            f"printf '%s' {shlex.quote(certificate)} >{OURS}{number}.crt"
            for number, certificate in enumerate(CERTIFICATE.findall(authorities), start=1)
        ),
        "update-ca-certificates >/dev/null",
        # PAM reads /etc/environment for every login, by ssh or cron, and sudo passes it on; systemd
        # reads its own file for services.
        "touch /etc/environment",
        *(f"sed -i '/^{name}=/d' /etc/environment" for name in ENVIRONMENT),
        f"printf '%s' {shlex.quote(settings)} >>/etc/environment",
        "mkdir -p /etc/sudoers.d",
        f"printf '%s' {shlex.quote(kept)} >/etc/sudoers.d/ocim",
        "chmod 0440 /etc/sudoers.d/ocim",
        "mkdir -p /etc/systemd/system.conf.d",
        f"printf '%s' {shlex.quote(defaults)} >/etc/systemd/system.conf.d/ocim.conf",
        "if [ -d /run/systemd/system ]; then systemctl daemon-reexec; fi",
    ]
    return "\n".join(lines) + "\n"


def hosts_lines(names: Mapping[str, str]) -> list[str]:
    """Return a line for /etc/hosts for each name; raise ValidationError with all invalid ones."""
    faults = []
    for name, address in names.items():
        if len(name.split()) != 1:
            faults.append(f"{name!r} is not a host name.")
        try:
            ip_address(address)
        except ValueError as error:
            faults.append(f"{name}: {error}.")
    if faults:
        raise ValidationError(faults)
    return [f"{address} {name.lower()}\n" for name, address in names.items()]
