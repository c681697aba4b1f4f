"""A configuration repository as it lies in a directory: which variables it knows, and from where.

Nothing of it is run. Files are read as far as they can be: upstream's have tags and keys that plain
YAML does not, and what a broken one holds is missed, and said.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ocim.core.errors import BadInput
from ocim.documents.document import Document
from ocim.documents.yaml_text import MAX_BYTES, parse

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_YAML = (".yml", ".yaml")
_TEMPLATES = (*_YAML, ".j2", ".sh", ".conf", ".cfg", "")


@dataclass(frozen=True, slots=True)
class Definition:
    """Where a variable gets a value."""

    name: str
    origin: str
    """`role ecommerce`, `play openedx_native.yml`, `group all`, …"""
    file: str
    """Relative to the repository."""
    line: int
    value: Any
    """As it is written: a template is not resolved. None where it cannot be read."""
    used: frozenset[str] = frozenset()
    """The names that the value speaks of."""


@dataclass(slots=True)
class Repository:
    """What was found, roles' defaults before what is stronger."""

    path: Path
    definitions: dict[str, list[Definition]] = field(default_factory=dict)
    uses: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Where tasks, templates and plays first speak of a name: file and line."""
    asked_by: dict[str, list[Definition]] = field(default_factory=dict)
    """The values that speak of a name."""
    unreadable: list[str] = field(default_factory=list)
    """Files of variables that could not be read as a whole."""

    def define(self, found: Definition) -> None:
        """Take note of a definition, the weaker ones first."""
        self.definitions.setdefault(found.name, []).append(found)
        for name in found.used:
            self.asked_by.setdefault(name, []).append(found)


def read_repository(directory: Path, *, playbook: str = "") -> Repository:
    """Read the roles, group variables and the named playbook of a checkout.

    `directory` is the checkout, or its `playbooks`. BadInput where there are no roles in it.
    """
    playbooks = directory / "playbooks"
    if not (playbooks / "roles").is_dir():
        playbooks = directory
    if not (playbooks / "roles").is_dir():
        raise BadInput(
            [f"{directory} is no configuration repository: it has no playbooks/roles."],
            remedy="Name a checkout of one.",
        )
    repository = Repository(directory)
    for file, origin in _variable_files(playbooks):
        _read_variables(repository, file, origin)
    if playbook:
        _read_playbook(repository, playbooks / playbook)
    for file in _other_files(playbooks):
        _read_uses(repository, file)
    return repository


def _variable_files(playbooks: Path) -> Iterator[tuple[Path, str]]:
    """The weakest first, as Ansible takes them."""
    for part in ("defaults", "vars"):
        for file in sorted((playbooks / "roles").glob(f"*/{part}/*")):
            yield file, f"role {file.parent.parent.name}"
    for file in sorted((playbooks / "group_vars").glob("*")):
        yield file, f"group {file.stem}"
    for file in sorted((playbooks / "vars").glob("*")):
        yield file, f"vars {file.stem}"


def _other_files(playbooks: Path) -> Iterator[Path]:
    yield from sorted(file for file in playbooks.glob("*") if file.suffix in _YAML)
    for part in ("tasks", "handlers", "templates", "meta"):
        for file in sorted((playbooks / "roles").glob(f"*/{part}/**/*")):
            if file.suffix in _TEMPLATES:
                yield file


def _read_variables(repository: Repository, file: Path, origin: str) -> None:
    text = _text(repository, file) if file.suffix in (*_YAML, "") else None
    if text is None:
        return
    document = parse(text)
    if document.value is None and document.faults:
        repository.unreadable.append(_relative(repository, file))
    if isinstance(document.value, dict):
        for found in _definitions(document, ()):
            repository.define(replace(found, origin=origin, file=_relative(repository, file)))


def _read_playbook(repository: Repository, file: Path) -> None:
    text = _text(repository, file)
    if text is None:
        raise BadInput([f"There is no playbook {file.name} in {file.parent}."])
    document = parse(text)
    plays = document.value if isinstance(document.value, list) else []
    origin = f"play {file.name}"
    for index, play in enumerate(plays):
        if isinstance(play, dict) and isinstance(play.get("vars"), dict):
            for found in _definitions(document, (index, "vars")):
                repository.define(replace(found, origin=origin, file=_relative(repository, file)))


def _definitions(document: Document, above: tuple[str | int, ...]) -> Iterator[Definition]:
    """Every key of the mapping at `above`, with the lines that belong to it."""
    value = document.value
    for step in above:
        value = value[step]
    lines = document.source.splitlines()
    starts = {name: document.places[*above, name].line for name in value}
    ends = sorted({*starts.values(), len(lines) + 1})
    for name, start in starts.items():
        end = next((line for line in ends if line > start), len(lines) + 1)
        used = frozenset(_names(lines[start - 1 : end - 1])) - {name}
        yield Definition(name, "", "", start, value[name], used)


def _read_uses(repository: Repository, file: Path) -> None:
    text = _text(repository, file)
    for number, line in enumerate((text or "").splitlines(), start=1):
        for name in _names([line]):
            repository.uses.setdefault(name, (_relative(repository, file), number))


def _names(lines: list[str]) -> Iterator[str]:
    for line in lines:
        if not line.lstrip().startswith("#"):
            yield from _NAME.findall(line)


def _text(repository: Repository, file: Path) -> str | None:
    """None for what is no file of the repository's own, or no text."""
    root = repository.path.resolve()
    if not file.is_file() or not file.resolve().is_relative_to(root):
        return None
    if file.stat().st_size > MAX_BYTES:
        repository.unreadable.append(_relative(repository, file))
        return None
    return file.read_text(encoding="utf-8", errors="replace")


def _relative(repository: Repository, file: Path) -> str:
    return str(file.relative_to(repository.path))
