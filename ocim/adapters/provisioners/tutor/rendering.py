"""Files of an app server as Tutor renders them, and what is read from them."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ocim.adapters.programs import SYSTEM_PATH
from ocim.adapters.provisioners import tutor
from ocim.adapters.provisioners.environments import Environment
from ocim.adapters.provisioners.messages import condensed
from ocim.adapters.sandbox import Sandbox, View
from ocim.catalog.secrets.masking import masker
from ocim.core.errors import PermanentError
from ocim.core.secrets import revealed

PROGRAM = Path(tutor.__file__).with_name("render.py")
SERVING = ("docker-compose.yml", "docker-compose.prod.yml")
JOBS = "docker-compose.jobs.yml"
OVERRIDE = "docker-compose.override.yml"
_SECONDS = 300.0
_ATTEMPTS = 3
"""Number of times that Tutor is run if something kills it."""
_KILLED = (-9, 128 + 9)
_DATA = "../../data/"


@dataclass(frozen=True)
class Rendered:
    """An app server's files."""

    root: Path
    digest: str
    """Digest of all settings."""
    tasks: tuple[tuple[str, str, str], ...]
    """Tutor's init tasks in their order: origin, service and script."""

    @property
    def compose_files(self) -> list[Path]:
        """Compose files of all services, in their order."""
        return [self._local / name for name in (*SERVING, JOBS, OVERRIDE)]

    def serving(self) -> list[str]:
        """Return the names of the services that serve."""
        return [name for file in SERVING for name in self._services(file)]

    def jobs(self) -> list[str]:
        """Return the names of the services that run tasks; MySQL's is unused."""
        return [name for name in self._services(JOBS) if name != "mysql-job"]

    def all_services(self) -> dict[str, dict[str, Any]]:
        """Return all services by name, those of the tasks among them."""
        files = [self._services(name) for name in (*SERVING, JOBS)]
        return {name: service for services in files for name, service in services.items()}

    def images(self) -> list[str]:
        """Return the names of the images that are used."""
        services = self.all_services()
        names = [*self.serving(), *self.jobs()]
        return sorted({str(services[name]["image"]) for name in names})

    def data_directories(self) -> list[Path]:
        """Return the directories of data that containers see, without links resolved."""
        volumes = [
            str(volume).partition(":")[0]
            for service in self.all_services().values()
            for volume in service.get("volumes", ())
        ]
        names = {name.removeprefix(_DATA) for name in volumes if name.startswith(_DATA)}
        return [self.root / "data" / name for name in sorted(names)]

    def write_override(self, text: str) -> None:
        """Write the compose file that is read last."""
        (self._local / OVERRIDE).write_text(text)

    @property
    def _local(self) -> Path:
        return self.root / "env" / "local"

    def _services(self, file: str) -> dict[str, dict[str, Any]]:
        document = yaml.safe_load((self._local / file).read_text()) or {}
        return dict(document.get("services") or {})


def render(
    root: Path,
    configuration: Mapping[str, Any],
    plugin: Mapping[str, Any],
    endings: Mapping[str, str],
    *,
    environment: Environment,
    sandbox: Sandbox,
) -> Rendered:
    """Render the configuration into the directory, whose mode lets only its owner in.

    `plugin`: Ocim's own. `endings`: text for the end of rendered files, by their paths in `env`.
    Raise PermanentError if Tutor refuses.
    """
    root.chmod(0o700)
    plugins = root / "plugins"
    for directory in (plugins, root / "env"):
        directory.mkdir(mode=0o700, exist_ok=True)
    settings = yaml.safe_dump(revealed(configuration), allow_unicode=True)
    patches = yaml.safe_dump(revealed(plugin), allow_unicode=True)
    # Tutor keeps the mode of a file that there is.
    write_private(root / "config.yml", settings)
    write_private(plugins / f"{plugin['name']}.yml", patches)
    listed = root / "env" / "tasks.json"
    for _ in range(_ATTEMPTS):
        ran = sandbox.run(
            [str(environment.path / "bin" / "python"), str(PROGRAM), str(listed)],
            View((environment.path, environment.interpreter), (root,), network=False),
            cwd=root,
            environment={
                "PATH": f"{environment.path}/bin:{SYSTEM_PATH}",
                "HOME": str(root / "env"),
                "LC_ALL": "C.UTF-8",
                "TUTOR_ROOT": str(root),
                "TUTOR_PLUGINS_ROOT": str(plugins),
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            timeout=_SECONDS,
        )
        if ran.status not in _KILLED:
            break
    if ran.status:
        reason = masker(configuration)(condensed(ran.errors or ran.output))
        raise PermanentError(
            f"Tutor cannot render the settings: {reason}",
            remedy="Correct the TUTOR_ variables (`ocim config lint`).",
        )
    tasks = tuple(
        (origin, service, script) for origin, service, script in json.loads(listed.read_text())
    )
    listed.unlink()
    for path, text in endings.items():
        with (root / "env" / path).open("a") as file:
            file.write(f"\n{text}")
    parts = (environment.path.parent.name, settings, patches, *endings.values())
    digest = hashlib.sha256("\0".join(parts).encode())
    return Rendered(root, digest.hexdigest(), tasks)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, at no moment anybody else."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
