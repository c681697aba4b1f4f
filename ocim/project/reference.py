"""Generator of pages in docs/reference from the code (`make reference`)."""

import argparse
import os
from collections.abc import Iterator
from functools import partial

import django

from ocim.console.main import command_class
from ocim.console.overview import own_commands
from ocim.core.places import ROOT
from ocim.project.options import option_fields
from ocim.project.variables_page import variables_page

DIRECTORY = ROOT / "docs" / "reference"
WIDTH = 90
"""Width of the commands' help, in columns."""


def settings_page() -> str:
    """Return the page of all settings, with defaults and meanings."""
    rows = (
        "| `{name}` | {shown} | {meaning} |".format_map(option.metadata)
        for option in option_fields()
    )
    return "\n".join(
        [
            "# Settings",
            "",
            "<!-- Written by `make reference` from ocim/project/options. -->",
            "",
            "Ocim reads its settings from the environment and from a file `.env` beside the code,",
            "with a `NAME=VALUE` on each line. The environment takes precedence. If settings are",
            "invalid, commands only list all faults, as `ocim doctor` does. Durations are in",
            "seconds, unless the name says otherwise. Restart Ocim's processes after a change.",
            "",
            "| Setting | Default | Meaning |",
            "| --- | --- | --- |",
            *rows,
            "",
        ]
    )


def commands_page() -> str:
    """Return the page of all commands, with their help."""
    return "\n".join(
        [
            "# Commands",
            "",
            "<!-- Written by `make reference` from the commands' own help. -->",
            "",
            "`python manage.py COMMAND` is the same as `ocim COMMAND`. Commands print tables and",
            "colours on a terminal, plain lines elsewhere (with tabs between columns), and a",
            "document for scripts with `--json`. The exit status is 0 for success, 1 for a failure",
            "and 2 for invalid arguments; commands with other ones list them below.",
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
