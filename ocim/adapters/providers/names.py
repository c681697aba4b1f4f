"""The fleet's names and certificate authorities, as a host learns them.

A whole machine learns them from a shell script that root runs on it; a second run changes nothing.
"""

import re
import shlex
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path

from ocim.adapters.authorities import ENVIRONMENT
from ocim.core.errors import ValidationError
from ocim.core.hosts import VISIT

CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n?", re.DOTALL)
OURS = "/usr/local/share/ca-certificates/ocim-"
CHANGING = f"{OURS}changing"
"""File that is there while the machine has not taken in what it is to trust.

To take it in costs most of a second of a processor, so it is only done where something changed.
"""
DEFAULTS = "/etc/systemd/system.conf.d/ocim.conf"


def names_script(names: Mapping[str, str], authorities: str) -> str:
    """Return the script that installs names and authorities on a machine, and removes old ones.

    Raise ValidationError if a name or an address is not valid.
    """
    block = "".join(["# Ocim: begin\n", *hosts_lines(names), "# Ocim: end\n"]) if names else ""
    settings = "".join(f"{name}={value}\n" for name, value in ENVIRONMENT.items())
    defaults = f"[Manager]\nDefaultEnvironment={' '.join(settings.split())}"
    trusted = CERTIFICATE.findall(authorities)
    kept = f'Defaults env_keep += "{" ".join([*ENVIRONMENT, VISIT])}"\n'
    lines = [
        "set -eu",
        "umask 022",
        "keep=$(sed '/^# Ocim: begin$/,/^# Ocim: end$/d' /etc/hosts)",
        f"printf '%s\\n%s' \"$keep\" {shlex.quote(block)} >/etc/hosts",
        f"trusted={shlex.quote(''.join(trusted).rstrip())}",
        f'if [ -e {CHANGING} ] || [ "$(cat {OURS}*.crt 2>/dev/null)" != "$trusted" ]; then',
        f"    : >{CHANGING}",
        f"    rm -f {OURS}*.crt",
        *(
            f"    printf '%s' {shlex.quote(certificate)} >{OURS}{number:03}.crt"
            for number, certificate in enumerate(trusted, start=1)
        ),
        "    update-ca-certificates >/dev/null",
        f"    rm {CHANGING}",
        "fi",
        # PAM reads /etc/environment for every login, by ssh or cron, and sudo passes it on; systemd
        # reads its own file for services.
        "touch /etc/environment",
        *(f"sed -i '/^{name}=/d' /etc/environment" for name in ENVIRONMENT),
        f"printf '%s' {shlex.quote(settings)} >>/etc/environment",
        "mkdir -p /etc/sudoers.d",
        f"printf '%s' {shlex.quote(kept)} >/etc/sudoers.d/ocim",
        "chmod 0440 /etc/sudoers.d/ocim",
        f"defaults={shlex.quote(defaults)}",
        f'if [ "$(cat {DEFAULTS} 2>/dev/null)" != "$defaults" ]; then',
        f"    mkdir -p {Path(DEFAULTS).parent}",
        # Complete only once systemd has read it, so that an interrupted change is made again.
        f"    printf '# new\\n%s\\n' \"$defaults\" >{DEFAULTS}",
        "    if [ -d /run/systemd/system ]; then systemctl daemon-reexec; fi",
        f"    printf '%s\\n' \"$defaults\" >{DEFAULTS}",
        "fi",
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
