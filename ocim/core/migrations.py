"""What Django says of migrations → what they do to the tables that the running release uses.

Django names models, not tables: so do we. The sources of the words are `describe` of its operations
and its command `migrate`, which have hardly changed since 2.2.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_NAME = re.compile(r"\w+\.\w+")
_APPLIED = re.compile(
    r"Applying (?P<name>\w+\.\w+)\.\.\.(?:(?!Applying ).)*?(?:OK|FAKED)(?: \((?P<took>[\d.]+)s\))?",
    re.DOTALL,
)
_CREATES = re.compile(r"Create (?:proxy )?model (?P<model>\w+)")
_DROPS = tuple(map(re.compile, (
    r"Delete model (?P<model>\w+)",
    r"Remove field (?P<field>\w+) from (?P<model>\w+)",
    r"Rename field (?P<field>\w+) on (?P<model>\w+) to ",
    r"Rename model (?P<model>\w+) to ",
    r"Rename table for (?P<model>\w+) to ",
)))  # fmt: skip
_LOCKS = tuple(map(re.compile, (
    r"Add field \w+ to (?P<model>\w+)",
    r"Alter field \w+ on (?P<model>\w+)",
    r"Alter \w+ for (?P<model>\w+) \(",
    r"Set order_with_respect_to on (?P<model>\w+) ",
    r"(?:Create|Rename|Remove) (?:index|constraint) .*(?:model|from|on) (?P<model>\w+)",
)))  # fmt: skip
_UNCLEAR = re.compile(r"Raw SQL operation|Custom state/database change combination")


@dataclass(frozen=True, slots=True)
class Migration:
    """One migration that a release brings, as it went on a copy of an instance's database."""

    service: str
    name: str
    """As in `student.0005_city`."""
    seconds: float | None
    """None where it was not applied."""
    drops: tuple[str, ...] = ()
    """Models and fields that the running release uses, and does not find afterwards."""
    locks: tuple[str, ...] = ()
    """Models that it uses whose tables are rewritten or locked meanwhile."""
    unclear: tuple[str, ...] = ()
    """Operations that do not say what they touch: a person has to look."""


def read_migrations(service: str, plan: str, log: str) -> list[Migration]:
    """From `migrate --plan` and `migrate --verbosity 2`; either may be empty, or end too early.

    What is made by one of these migrations is nothing that the running release uses.
    """
    took = {found["name"]: float(found["took"] or 0) for found in _APPLIED.finditer(log)}
    planned = dict(_planned(plan))
    new: set[str] = set()
    return [
        Migration(service, name, took.get(name), *_effects(name, planned.get(name, []), new))
        for name in [*planned, *(name for name in took if name not in planned)]
    ]


def _effects(name: str, operations: list[str], new: set[str]) -> Iterator[tuple[str, ...]]:
    """What is dropped, locked and unclear; models that are made become `new` ones."""
    app = name.partition(".")[0]
    drops, locks = dict[str, None](), dict[str, None]()
    for text in operations:
        if made := _CREATES.match(text):
            new.add(_key(app, made["model"]))
        drops |= dict.fromkeys(_labels(text, _DROPS, app, new))
        locks |= dict.fromkeys(_labels(text, _LOCKS, app, new))
    yield tuple(drops)
    yield tuple(locks)
    yield tuple(text for text in operations if _UNCLEAR.match(text))


def _planned(plan: str) -> Iterator[tuple[str, list[str]]]:
    """By migration, its operations."""
    operations: list[str] | None = None
    for line in plan.splitlines():
        if _NAME.fullmatch(line):
            operations = []
            yield line, operations
        elif operations is not None and line.startswith(" "):
            operations.append(line.strip())


def _labels(
    text: str, patterns: tuple[re.Pattern[str], ...], app: str, new: set[str]
) -> Iterator[str]:
    for pattern in patterns:
        found = pattern.match(text)
        if found and _key(app, found["model"]) not in new:
            yield ".".join([app, *(found[group] for group in ("model", "field")
                                   if group in pattern.groupindex)])  # fmt: skip


def _key(app: str, model: str) -> str:
    return f"{app}.{model}".lower()
