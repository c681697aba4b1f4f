"""Services that are installed already, as `conformance.yml` names them."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ocim.catalog.releases import NAMES, Release
from ocim.core.errors import ValidationError
from ocim.core.instance import ALWAYS, Service
from ocim.core.texts import listed

SERVICES = {service.value: service for service in Service if service not in ALWAYS}
PACKAGES = {"ecommerce": "ecommerce", "discovery": "course_discovery"}
"""Python packages of the real services, with their modules `settings.production` and `wsgi`."""
TEXTS = ("service", "release", "python", "directory", "settings", "migrate", "start")
NEEDED = ("service", "release", "python", "directory")
KNOWN = (*TEXTS, "variables")
BIND = "{bind}"
EXAMPLE = """\
services:
- service: ecommerce
  release: open-release/juniper.2
  python: /srv/ecommerce/venv/bin/python
  directory: /srv/ecommerce/code
"""


@dataclass(frozen=True)
class Installed:
    """A service that is installed already."""

    service: Service
    release: str
    """Release as in `openedx_release`, such as open-release/juniper.2."""
    python: Path
    """Python that has the service's requirements."""
    directory: Path
    """Directory that contains the service's `manage.py`."""
    settings: str
    """Name of its settings module."""
    migrate: str
    """Shell command that migrates its database, run in its directory."""
    start: str
    """Program with arguments that serves it at `{bind}`, run in its directory."""
    variables: Mapping[str, Any] = field(default_factory=dict)
    """Variables for Ocim's playbooks, such as ECOMMERCE_EXTRA_CONFIG_OVERRIDES."""


def read(path: Path) -> list[Installed]:
    """Return the services that a file names. Raise ValidationError with all its faults."""
    try:
        content = yaml.safe_load(path.read_text())
    except OSError as error:
        raise ValidationError([f"{path}: {error.strerror}. Write it as:\n{EXAMPLE}"]) from error
    except yaml.YAMLError as error:
        raise ValidationError([f"{path}: it is not YAML: {error}"]) from error
    entries = content.get("services") if isinstance(content, dict) else None
    if not isinstance(entries, list) or not entries or set(content) != {"services"}:
        raise ValidationError([f"{path}: it must be a list below `services`, such as:\n{EXAMPLE}"])
    faults = [
        f"{path}, entry {number}: {fault}"
        for number, entry in enumerate(entries, start=1)
        for fault in _faults(entry)
    ]
    if faults:
        raise ValidationError(faults)
    services = [_installed(entry) for entry in entries]
    keys = [(service.service.value, service.release) for service in services]
    if twice := sorted({key for key in keys if keys.count(key) > 1}):
        raise ValidationError(
            [f"{path}: {name} of {release} is named twice: keep one." for name, release in twice]
        )
    return services


def _faults(entry: object) -> Iterator[str]:
    """Yield what is wrong with an entry."""
    if not isinstance(entry, dict):
        yield f"{entry!r} must be a mapping of {listed(KNOWN)}."
        return
    for name in sorted(set(map(str, entry)) - set(KNOWN)):
        yield f"unknown key {name!r}. The keys are {listed(KNOWN)}."
    for name in NEEDED:
        if name not in entry:
            yield f"{name} is missing."
    for name in TEXTS:
        if name in entry and not (isinstance(entry[name], str) and entry[name].strip()):
            yield f"{name}: {entry[name]!r} must be a text."
    if not isinstance(entry.get("variables", {}), dict):
        yield f"variables: {entry['variables']!r} must be a mapping."
    yield from _faults_of_texts({name: entry.get(name) for name in TEXTS})


def _faults_of_texts(values: Mapping[str, object]) -> Iterator[str]:
    texts = {name: value for name, value in values.items() if isinstance(value, str)}
    if (service := texts.get("service")) and service not in SERVICES:
        yield f"service: {service!r} must be {listed(SERVICES, last='or')}."
    if (release := texts.get("release")) and not Release.of(release).known:
        yield f"release: {release!r} names no release. The releases are {listed(NAMES)}."
    if (python := texts.get("python")) and not _is_program(Path(python)):
        yield f"python: {python} must be the absolute path of a program."
    if (directory := texts.get("directory")) and not _has_manage(Path(directory)):
        yield f"directory: {directory} must be an absolute path, and contain manage.py."
    if (start := texts.get("start")) and BIND not in start:
        yield f"start: {start!r} must contain {BIND}, for the address to listen on."


def _is_program(path: Path) -> bool:
    return path.is_absolute() and path.is_file() and os.access(path, os.X_OK)


def _has_manage(path: Path) -> bool:
    return path.is_absolute() and (path / "manage.py").is_file()


def _installed(entry: Mapping[str, Any]) -> Installed:
    name, python = entry["service"], Path(entry["python"])
    package = PACKAGES[name]
    serve = "python -m gunicorn.app.wsgiapp --workers 1 --threads 8 --timeout 300"
    return Installed(
        service=SERVICES[name],
        release=entry["release"],
        # A virtual environment's Python may be a link, and works only as that link.
        python=python.parent.resolve() / python.name,
        directory=Path(entry["directory"]).resolve(),
        settings=entry.get("settings", f"{package}.settings.production"),
        migrate=entry.get("migrate", "python manage.py migrate --noinput"),
        start=entry.get("start", f"{serve} --bind {BIND} {package}.wsgi:application"),
        variables=entry.get("variables", {}),
    )
