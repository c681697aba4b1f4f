"""Installed services in the places of the rehearsal's, on an app server of Ocim."""

import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import yaml

from ocim.core.instance import Service
from tests.campus import Campus
from tests.conformance.installed import BIND, Installed

SYSTEM = Path("/usr")
"""Directory that every sandbox shows."""
MIGRATIONS = 3600.0
"""Longest time of a service's first migrations, in seconds."""
ROOTS = """
import sys
base = getattr(sys, "real_prefix", None) or getattr(sys, "base_prefix", sys.prefix)
print(sys.prefix)
print(base)
"""
SHOW = """
from dataclasses import replace
from ocim.adapters.providers.local import record
from ocim.wiring import context
name, shown = {name!r}, {shown!r}
kept = context().adapters.providers["local"]._records / name
present = record.read(kept)
record.write(kept, replace(present, directories=(*present.directories, *shown)))
context().adapters.providers["local"].reboot(name)
"""


def take_over(campus: Campus, services: Sequence[Installed]) -> None:
    """Let the services serve the campus, each with a new database.

    Their settings are those that Ocim's playbooks have written for the rehearsal's services.
    """
    for service in services:
        replace(campus.root, service)
    # A host's programs see only their own files, and these directories.
    shown = sorted({str(path) for service in services for path in _directories(service)})
    name = f"appserver-{campus.appserver}"
    campus.installation.ocim("shell", "-v0", "-c", SHOW.format(name=name, shown=shown))
    for service in services:
        campus.shell(f"{_within(campus.root, service)} && {service.migrate}", timeout=MIGRATIONS)
        campus.shell(f"supervisorctl start {service.service.value}")


def replace(root: Path, service: Installed) -> None:
    """Replace the code, the Python, the database and the program of the rehearsal's service."""
    name = service.service.value
    home, conf = root / "edx/app" / name, root / "edx/app/supervisor/conf.d"
    for path in (home / name, home / "venvs" / name):
        shutil.rmtree(path)
    (home / name).symlink_to(service.directory)
    programs = home / "venvs" / name / "bin"
    programs.mkdir(parents=True)
    (programs / "python").write_text(f'#!/bin/sh\nexec {shlex.quote(str(service.python))} "$@"\n')
    (programs / "python").chmod(0o755)
    with (home / f"{name}_env").open("a") as environment:
        environment.write(f"export DJANGO_SETTINGS_MODULE={shlex.quote(service.settings)}\n")
    settings = yaml.safe_load((root / f"edx/etc/{name}.yml").read_text())
    database = settings["DATABASES"]["default"]
    assert "sqlite" in database["ENGINE"], "Databases of a server would have to be emptied."
    Path(database["NAME"]).unlink()
    program = conf / f"{name}.conf"
    head, old, *rest = program.read_text().splitlines()
    assert old.startswith("command="), old
    address = old.partition(" --bind ")[2].split()[0]
    words = f"{_within(root, service)} && exec {service.start.replace(BIND, address)}"
    new = shlex.join(["bash", "-c", words]).replace("%", "%%")
    # It has no database yet when the host starts.
    program.write_text("\n".join([head, f"command={new}", "autostart=false", *rest, ""]))
    if service.service is Service.ECOMMERCE:
        # The rehearsal's worker runs the code of the rehearsal's shop.
        (conf / "ecomworker.conf").unlink()


def _within(root: Path, service: Installed) -> str:
    """Return the beginning of a command in the service's environment and directory."""
    name = service.service.value
    home = root / "edx/app" / name
    return f"cd {shlex.quote(f'{home}/{name}')} && . {shlex.quote(f'{home}/{name}_env')}"


def _directories(service: Installed) -> set[Path]:
    """Return what the service needs of the machine, besides the system's own files."""
    asked = subprocess.run(
        [service.python, "-c", ROOTS], check=True, capture_output=True, text=True
    )
    roots = {service.directory, service.python.parent, *map(Path, asked.stdout.split())}
    return {root.resolve() for root in roots if not root.resolve().is_relative_to(SYSTEM)}
