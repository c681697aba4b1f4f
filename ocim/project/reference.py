"""`make reference`: the pages of docs/reference that the code itself is the source of."""

import argparse
import os
from collections.abc import Iterator
from functools import partial

import django

from ocim.console.main import command_class
from ocim.console.overview import own_commands
from ocim.core.places import ROOT
from ocim.project.options import options
from ocim.project.variables_page import variables_page

DIRECTORY = ROOT / "docs" / "reference"
WIDTH = 90
"""Columns of a command's help, whatever the terminal has."""


def settings_page() -> str:
    """Every setting with its default and its meaning."""
    rows = (
        f"| `{one.metadata['name']}` | {one.metadata['shown']} | {one.metadata['meaning']} |"
        for one in options()
    )
    return "\n".join(
        [
            "# Settings",
            "",
            "<!-- Written by `make reference` from ocim/project/options.py. -->",
            "",
            "Ocim reads its settings from the environment and from a file `.env` beside the code,",
            "with a `NAME=VALUE` on each line; the environment wins. Every command refuses to run",
            "with a wrong setting and names all that are wrong; `ocim doctor` does, too. Times are",
            "in seconds unless the name says otherwise. A change holds for processes that start",
            "after it.",
            "",
            "| Setting | Default | Meaning |",
            "| --- | --- | --- |",
            *rows,
            "",
        ]
    )


def commands_page() -> str:
    """Every command of Ocim with its help."""
    return "\n".join(
        [
            "# Commands",
            "",
            "<!-- Written by `make reference` from the commands' own help. -->",
            "",
            "`python manage.py COMMAND` is the same as `ocim COMMAND`. On a terminal commands show",
            "tables and colours, elsewhere plain lines (tables as tab-separated ones), and with",
            "`--json` a document for scripts. The exit status is 0 when all went well, 1 when",
            "something did not, and 2 for words that make no command; a command that ends in",
            "another way says so below.",
            "",
            *(line for name in own_commands() for line in _command(name)),
        ]
    )


def _command(name: str) -> Iterator[str]:
    command = command_class(name)
    parser = command.create_parser("ocim", name)
    yield from (f"## ocim {name}", "", *_help(parser))
    for below, subparser in _subparsers(parser).items():
        yield from (f"### ocim {name} {below}", "", *_help(subparser))


def _help(parser: argparse.ArgumentParser) -> Iterator[str]:
    parser.formatter_class = partial(parser.formatter_class, width=WIDTH)  # type: ignore[call-arg]
    yield from ("```text", parser.format_help().rstrip(), "```", "")


def _subparsers(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ocim.project.settings")
    django.setup()
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    (DIRECTORY / "settings.md").write_text(settings_page())
    (DIRECTORY / "commands.md").write_text(commands_page())
    (DIRECTORY / "variables.md").write_text(variables_page())
