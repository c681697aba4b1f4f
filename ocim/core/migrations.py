"""Effects of migrations on the tables of the running release, read from what Django prints.

Django prints names of models, not of tables; so do we. The patterns match the output of the
`describe` methods of its operations and of its command `migrate`, hardly changed since 2.2.
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
_DROPS = (
    re.compile(r"Delete model (?P<model>\w+)"),
    re.compile(r"Remove field (?P<field>\w+) from (?P<model>\w+)"),
    re.compile(r"Rename field (?P<field>\w+) on (?P<model>\w+) to "),
    re.compile(r"Rename model (?P<model>\w+) to "),
    re.compile(r"Rename table for (?P<model>\w+) to "),
)
_LOCKS = (
    re.compile(r"Add field \w+ to (?P<model>\w+)"),
    re.compile(r"Alter field \w+ on (?P<model>\w+)"),
    re.compile(r"Alter \w+ for (?P<model>\w+) \("),
    re.compile(r"Set order_with_respect_to on (?P<model>\w+) "),
    re.compile(r"(?:Create|Rename|Remove) (?:index|constraint) .*(?:model|from|on) (?P<model>\w+)"),
)
_UNCLEAR = re.compile(r"Raw SQL operation|Custom state/database change combination")


@dataclass(frozen=True, slots=True)
class Migration:
    """Migration of a release, with its result on a copy of an instance's database."""

    service: str
    name: str
    """App and name, such as `student.0005_city`."""
    seconds: float | None
    """Duration in seconds; None: it was not applied."""
    drops: tuple[str, ...] = ()
    """Models and fields of the running release that no longer exist afterwards."""
    locks: tuple[str, ...] = ()
    """Models of the running release whose tables the migration rewrites or locks."""
    unclear: tuple[str, ...] = ()
    """Operations that do not name what they change; a person has to check them."""


def read_migrations(service: str, plan: str, log: str) -> list[Migration]:
    """Read migrations from the output of `migrate --plan` and of `migrate --verbosity 2`.

    Either output may be empty or incomplete. The running release does not use models that one of
    these migrations creates, so changes to such models do not count.
    """
    took = {applied["name"]: float(applied["took"] or 0) for applied in _APPLIED.finditer(log)}
    planned = dict(_planned(plan))
    new: set[str] = set()
    return [
        Migration(service, name, took.get(name), *_effects(name, planned.get(name, []), new))
        for name in [*planned, *(name for name in took if name not in planned)]
    ]


def _effects(name: str, operations: list[str], new: set[str]) -> Iterator[tuple[str, ...]]:
    """Yield what is dropped, locked and unclear; add the models that are created to `new`."""
    app = name.partition(".")[0]
    drops, locks = dict[str, None](), dict[str, None]()
    for text in operations:
        if created := _CREATES.match(text):
            new.add(_key(app, created["model"]))
        drops |= dict.fromkeys(_labels(text, _DROPS, app, new))
        locks |= dict.fromkeys(_labels(text, _LOCKS, app, new))
    yield tuple(drops)
    yield tuple(locks)
    yield tuple(text for text in operations if _UNCLEAR.match(text))


def _planned(plan: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the name of each migration with the list of its operations."""
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
        match = pattern.match(text)
        if match and _key(app, match["model"]) not in new:
            yield ".".join([app, match["model"], *filter(None, [match.groupdict().get("field")])])


def _key(app: str, model: str) -> str:
    return f"{app}.{model}".lower()
