"""The directory of a local host, laid out like a machine's `/`; everything belongs to one user."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import certifi

from ocim.adapters.programs import SYSTEM_PATH
from ocim.adapters.providers import processes
from ocim.adapters.providers.local.cron import CRONTAB
from ocim.adapters.providers.local.shims import SUPERVISOR, SUPERVISOR_CONF, commands
from ocim.adapters.providers.names import hosts_lines

DIRECTORIES = (
    "bin",
    "etc",
    "home",
    "lib",
    "run",
    "tmp",
    "var/log",
    str(Path(CRONTAB).parent),
    "edx/app/supervisor/conf.d",
    "edx/var/log/cron",
    "edx/var/log/supervisor",
)
OWN = ("edx/app/supervisor", "edx/var/log")
"""Directories below `/edx` that do not get into an image: each host has its own."""
NAMES = "etc/hosts"
AUTHORITIES = "etc/authorities.pem"
TRUSTED = "etc/trusted.pem"


def prepare_root(root: Path) -> None:
    """Write the host's directories and commands; the host does it itself before each start.

    So a host that is rebooted uses the present Python and Ocim.
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


def install_names(root: Path, names: Mapping[str, str], authorities: str) -> None:
    """Write the fleet's names and authorities; raise ValidationError if a name is not valid."""
    lines = hosts_lines(names)
    (root / "etc").mkdir(exist_ok=True)
    (root / NAMES).write_text("".join(lines))
    (root / AUTHORITIES).write_text(authorities)


def environment(root: Path) -> dict[str, str]:
    """Return the whole environment of every process on the host."""
    bash = Path("/bin/bash")
    return {
        processes.MARK: str(root),
        "PATH": f"{root}/bin:{SYSTEM_PATH}",
        "HOME": str(root / "home"),
        "TMPDIR": str(root / "tmp"),
        "SHELL": str(bash) if bash.exists() else "/bin/sh",
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(root / "lib"),
        "SSL_CERT_FILE": str(root / TRUSTED),
        "REQUESTS_CA_BUNDLE": str(root / TRUSTED),
        # Without this, setproctitle, which gunicorn may use, would overwrite the mark.
        "SPT_NOENV": "1",
    }
