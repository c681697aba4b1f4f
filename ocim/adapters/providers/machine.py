"""What a machine of its own is told of the fleet: names, authorities, and that both are in use.

Told by a shell script that root runs on it; a second run changes nothing.
"""

import re
import shlex
from collections.abc import Mapping

from ocim.adapters.providers.names import hosts_lines

TRUSTED = "/etc/ssl/certs/ca-certificates.crt"
ENVIRONMENT = {"SSL_CERT_FILE": TRUSTED, "REQUESTS_CA_BUNDLE": TRUSTED}
"""Programs that bring certificates of their own, as Python's do, trust the machine's instead."""
CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n?", re.DOTALL)
OURS = "/usr/local/share/ca-certificates/ocim-"


def introduction(names: Mapping[str, str], authorities: str) -> str:
    """Return the script; without names and authorities, it takes back what was told.

    ValidationError where a name or an address is none.
    """
    block = "".join(["# Ocim: begin\n", *hosts_lines(names), "# Ocim: end\n"]) if names else ""
    settings = "".join(f"{name}={value}\n" for name, value in ENVIRONMENT.items())
    defaults = f"[Manager]\nDefaultEnvironment={' '.join(settings.split())}\n"
    kept = f'Defaults env_keep += "{" ".join(ENVIRONMENT)}"\n'
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
        # Read by PAM, for everything that begins with a login, by ssh or cron, and handed on by
        # sudo; and by systemd, for the rest.
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
