"""Variables that a configuration repository defines and uses, read from a checkout.

Nothing of it runs. Upstream's files have tags and keys that plain YAML does not have, so each file
is read as far as possible; files that cannot be read as a whole are listed.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from ocim.core.errors import ValidationError
from ocim.parsing.document import Document
from ocim.parsing.tree import MIB, Limits, Tree
from ocim.parsing.yaml_text import MAX_BYTES, parse

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_YAML = (".yml", ".yaml")
_TEMPLATES = (*_YAML, ".j2", ".sh", ".conf", ".cfg", "")
# Parsing a MiB of YAML takes seconds. Upstream's configuration has about 2 MiB of such files.
_LIMITS = Limits(total_bytes=20 * MIB)


@dataclass(frozen=True, slots=True)
class Definition:
    """Definition of a variable: its place and its value."""

    name: str
    origin: str
    """Kind and name of the origin: `role ecommerce`, `play openedx_native.yml`, `group all`, …"""
    file: str
    """Path of the file, relative to the repository."""
    line: int
    value: Any
    """Value as written, templates included; None if it cannot be read."""
    used: frozenset[str] = frozenset()
    """Names of variables that the value mentions."""


@dataclass(slots=True)
class Repository:
    """Variables of a configuration repository."""

    path: Path
    definitions: dict[str, list[Definition]] = field(default_factory=dict)
    """Definitions by variable, lowest precedence first."""
    uses: dict[str, tuple[str, int]] = field(default_factory=dict)
    """First mention of each name in tasks, templates and plays: file and line."""
    asked_by: dict[str, list[Definition]] = field(default_factory=dict)
    """Definitions whose values mention a name."""
    unreadable: list[str] = field(default_factory=list)
    """Files with variables that could not be read as a whole."""

    def define(self, definition: Definition) -> None:
        """Add a definition, which takes precedence over those added before."""
        self.definitions.setdefault(definition.name, []).append(definition)
        for name in definition.used:
            self.asked_by.setdefault(name, []).append(definition)


def read_repository(directory: Path, *, playbook: str = "") -> Repository:
    """Read the roles, group variables and the named playbook of a checkout.

    `directory` is the checkout, or its `playbooks`. Raise ValidationError if it has no roles.
    """
    tree = Tree(directory, _LIMITS)
    prefixes = ("playbooks/", "")
    playbooks = next((prefix for prefix in prefixes if tree.has_directory(f"{prefix}roles")), None)
    if playbooks is None:
        raise ValidationError(
            [f"{directory} is not a configuration repository: it has no playbooks/roles."],
            remedy="Pass the directory of a checkout.",
        )
    repository = Repository(directory)
    for name, origin in _variable_files(tree, playbooks):
        _read_variables(repository, tree, name, origin)
    if playbook:
        _read_playbook(repository, tree, playbooks, playbook)
    for name in _other_files(tree, playbooks):
        _read_uses(repository, tree, name)
    repository.unreadable += [f"{name} ({reason})" for name, reason in sorted(tree.skipped.items())]
    return repository


def _variable_files(tree: Tree, playbooks: str) -> Iterator[tuple[str, str]]:
    """Yield the files with variables and their origins, in Ansible's order of precedence."""
    roles = tree.directories(f"{playbooks}roles")
    for part in ("defaults", "vars"):
        for role in roles:
            for name in tree.files(f"{role}/{part}"):
                yield name, f"role {PurePosixPath(role).name}"
    for part, kind in (("group_vars", "group"), ("vars", "vars")):
        for name in tree.files(f"{playbooks}{part}"):
            yield name, f"{kind} {PurePosixPath(name).stem}"


def _other_files(tree: Tree, playbooks: str) -> Iterator[str]:
    top = tree.files(playbooks.rstrip("/"))
    yield from (name for name in top if PurePosixPath(name).suffix in _YAML)
    roles = tree.directories(f"{playbooks}roles")
    for part in ("tasks", "handlers", "templates", "meta"):
        for role in roles:
            for name in tree.files(f"{role}/{part}", deep=True):
                if PurePosixPath(name).suffix in _TEMPLATES:
                    yield name


def _read_variables(repository: Repository, tree: Tree, name: str, origin: str) -> None:
    text = _text(repository, tree, name) if PurePosixPath(name).suffix in (*_YAML, "") else None
    if text is None:
        return
    document = parse(text)
    if document.value is None and document.faults:
        repository.unreadable.append(name)
    if isinstance(document.value, dict):
        for definition in _definitions(document, ()):
            repository.define(replace(definition, origin=origin, file=name))


def _read_playbook(repository: Repository, tree: Tree, playbooks: str, playbook: str) -> None:
    name = f"{playbooks}{playbook}"
    if not tree.has(name):
        raise ValidationError([f"There is no playbook {playbook!r} in {tree.root / playbooks}."])
    document = parse(tree.text(name, most=MAX_BYTES))
    plays = document.value if isinstance(document.value, list) else []
    origin = f"play {playbook}"
    for index, play in enumerate(plays):
        if isinstance(play, dict) and isinstance(play.get("vars"), dict):
            for definition in _definitions(document, (index, "vars")):
                repository.define(replace(definition, origin=origin, file=name))


def _definitions(document: Document, above: tuple[str | int, ...]) -> Iterator[Definition]:
    """Yield the keys of the mapping at `above`, with the names that their lines mention."""
    value = document.value
    for key in above:
        value = value[key]
    lines = document.source.splitlines()
    starts = {name: document.places[*above, name].line for name in value}
    ends = sorted({*starts.values(), len(lines) + 1})
    for name, start in starts.items():
        end = ends[bisect_right(ends, start)]
        used = frozenset(_names(lines[start - 1 : end - 1])) - {name}
        yield Definition(name, "", "", start, value[name], used)


def _read_uses(repository: Repository, tree: Tree, name: str) -> None:
    text = _text(repository, tree, name)
    for number, line in enumerate((text or "").splitlines(), start=1):
        for used in _names([line]):
            repository.uses.setdefault(used, (name, number))


def _names(lines: list[str]) -> Iterator[str]:
    for line in lines:
        if not line.lstrip().startswith("#"):
            yield from _NAME.findall(line)


def _text(repository: Repository, tree: Tree, name: str) -> str | None:
    """Return a file's content; list it as unreadable and return None if it is too large."""
    if tree.is_larger(name, MAX_BYTES):
        repository.unreadable.append(name)
        return None
    return tree.text(name)
