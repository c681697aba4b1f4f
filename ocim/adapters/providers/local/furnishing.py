"""What a local host's directory holds: laid out like a machine's `/`, all of one user."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import certifi

from ocim.adapters.providers import processes
from ocim.adapters.providers.local.cron import CRONTAB
from ocim.adapters.providers.local.shims import SUPERVISOR, SUPERVISOR_CONF, commands
from ocim.adapters.providers.names import hosts_lines

DIRECTORIES = (
    "bin", "etc", "home", "lib", "run", "tmp", "var/log", str(Path(CRONTAB).parent),
    "edx/app/supervisor/conf.d", "edx/var/log/cron", "edx/var/log/supervisor",
)  # fmt: skip
OWN = ("edx/app/supervisor", "edx/var/log")
"""What each host has of its own below `/edx`."""
NAMES = "etc/hosts"
AUTHORITIES = "etc/authorities.pem"
TRUSTED = "etc/trusted.pem"


def prepare_root(root: Path) -> None:
    """Make the host's directories and commands, afresh before each start, by the host itself.

    So a host that is rebooted uses the Python and the Ocim of now.
    """
    shutil.rmtree(root / "run", ignore_errors=True)
    for directory in DIRECTORIES:
        (root / directory).mkdir(parents=True, exist_ok=True)
    (root / SUPERVISOR_CONF).write_text(SUPERVISOR)
    for name, text in commands(root).items():
        command = root / "bin" / name
        command.write_text(text)
        command.chmod(0o755)
    shutil.copyfile(Path(__file__).with_name("sitecustomize.py"), root / "lib/sitecustomize.py")
    known = Path(certifi.where()).read_text()
    (root / TRUSTED).write_text(f"{known}\n{(root / AUTHORITIES).read_text()}")


def introduce(root: Path, names: Mapping[str, str], authorities: str) -> None:
    """Tell the host the fleet's names and authorities.

    ValidationError if one is not fit for hosts(5).
    """
    lines = hosts_lines(names)
    (root / "etc").mkdir(exist_ok=True)
    (root / NAMES).write_text("".join(lines))
    (root / AUTHORITIES).write_text(authorities)


def environment(root: Path) -> dict[str, str]:
    """Return what every process on the host has in its environment, and nothing else."""
    bash = Path("/bin/bash")
    return {
        processes.MARK: str(root),
        "PATH": f"{root}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(root / "home"),
        "TMPDIR": str(root / "tmp"),
        "SHELL": str(bash) if bash.exists() else "/bin/sh",
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(root / "lib"),
        "SSL_CERT_FILE": str(root / TRUSTED),
        "REQUESTS_CA_BUNDLE": str(root / TRUSTED),
        # setproctitle, which gunicorn uses where it finds it, would overwrite the mark.
        "SPT_NOENV": "1",
    }
