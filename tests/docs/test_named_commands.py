"""Commands of Ocim that pages, messages and help texts name exist."""

import re
from argparse import _SubParsersAction
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django.core.management import BaseCommand, get_commands, load_command_class

from tests.acceptance.installation import REPOSITORY
from tests.docs.pages import all_pages

NAMED = re.compile(r"`ocim ([a-z][a-z_-]*)(?: ([a-z][a-z-]*))?")
SOURCES = [
    *all_pages(),
    *(REPOSITORY / "ocim").rglob("*.py"),
    *(REPOSITORY / "ocim").rglob("*.html"),
]


@cache
def subcommands(name: str) -> frozenset[str]:
    """Return the subcommands of a command; none if it has no such parts."""
    app = get_commands()[name]
    command = app if isinstance(app, BaseCommand) else load_command_class(app, name)
    actions = command.create_parser("ocim", name)._actions
    return frozenset(
        choice
        for action in actions
        if isinstance(action, _SubParsersAction)
        for choice in action.choices
    )


def named(path: Path) -> Iterator[tuple[str, str]]:
    for match in NAMED.finditer(path.read_text()):
        yield match[1], match[2] or ""


def test_every_command_that_is_named_exists() -> None:
    unknown = [
        f"{path.relative_to(REPOSITORY)}: ocim {name} {part}".strip()
        for path in SOURCES
        for name, part in named(path)
        if (module := name.replace("-", "_")) not in get_commands()
        or (part and subcommands(module) and part not in subcommands(module))
    ]
    assert not unknown
