"""A configuration repository as it lies in a directory: which variables it knows, and from where.

Nothing of it is run. Files are read as far as they can be: upstream's have tags and keys that plain
YAML does not, and what a broken one holds is missed, and said.
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
# YAML takes seconds for a MiB; upstream's whole configuration has some 2 MiB of what is read here.
_LIMITS = Limits(total_bytes=20 * MIB)


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

    `directory` is the checkout, or its `playbooks`. ValidationError where there are no roles in it.
    """
    tree = Tree(directory, _LIMITS)
    playbooks = next((one for one in ("playbooks/", "") if tree.has_directory(f"{one}roles")), None)
    if playbooks is None:
        raise ValidationError(
            [f"{directory} is no configuration repository: it has no playbooks/roles."],
            remedy="Name a checkout of one.",
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
    """The weakest first, as Ansible takes them."""
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
        for found in _definitions(document, ()):
            repository.define(replace(found, origin=origin, file=name))


def _read_playbook(repository: Repository, tree: Tree, playbooks: str, playbook: str) -> None:
    name = f"{playbooks}{playbook}"
    if not tree.has(name):
        raise ValidationError([f"There is no playbook {playbook!r} in {tree.root / playbooks}."])
    document = parse(tree.text(name, most=MAX_BYTES))
    plays = document.value if isinstance(document.value, list) else []
    origin = f"play {playbook}"
    for index, play in enumerate(plays):
        if isinstance(play, dict) and isinstance(play.get("vars"), dict):
            for found in _definitions(document, (index, "vars")):
                repository.define(replace(found, origin=origin, file=name))


def _definitions(document: Document, above: tuple[str | int, ...]) -> Iterator[Definition]:
    """Every key of the mapping at `above`, with the lines that belong to it."""
    value = document.value
    for step in above:
        value = value[step]
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
    """Return a file's content; None for one that is too large, which is noted."""
    if tree.is_larger(name, MAX_BYTES):
        repository.unreadable.append(name)
        return None
    return tree.text(name)
