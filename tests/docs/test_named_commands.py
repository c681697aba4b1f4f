"""Commands of Ocim that pages, messages and help texts name exist."""

import re
import shlex
from argparse import _SubParsersAction
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django.core.management import BaseCommand, get_commands, load_command_class

from tests.acceptance.installation import REPOSITORY
from tests.docs.pages import all_pages, blocks

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


def test_the_tutorial_for_tutor_gives_words_that_commands_understand() -> None:
    """Parse them: who types all of it waits for half an hour."""
    page = REPOSITORY / "docs/tutorial-tutor.md"
    lines = "".join(block.text for block in blocks(page, "sh")).replace("\\\n", "").splitlines()
    commands = [
        [word for word in shlex.split(line)[1:] if not word.startswith(">")]
        for line in lines
        if line.startswith("ocim ")
    ]
    assert len(commands) > 5
    for name, *arguments in commands:
        app = get_commands()[name.replace("-", "_")]
        command = app if isinstance(app, BaseCommand) else load_command_class(app, name)
        command.create_parser("ocim", name).parse_args(arguments)


def test_every_command_that_is_named_exists() -> None:
    unknown = [
        f"{path.relative_to(REPOSITORY)}: ocim {name} {part}".strip()
        for path in SOURCES
        for name, part in named(path)
        if (module := name.replace("-", "_")) not in get_commands()
        or (part and subcommands(module) and part not in subcommands(module))
    ]
    assert not unknown
