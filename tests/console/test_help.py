"""Help texts: sentences, the same words for the same option, and an example of every command."""

import argparse
from collections.abc import Iterator

import pytest

from ocim.console.command import examples_of
from ocim.console.main import command_class
from ocim.console.overview import own_commands
from tests.docstrings import VERBS

COMMANDS = own_commands()
ALIASES = {"instance_redeploy"}
"""Commands whose examples show their other name."""


def parsers(name: str) -> Iterator[argparse.ArgumentParser]:
    """Yield a command's parser and those of its subcommands."""
    parser = command_class(name).create_parser("ocim", name)
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from action.choices.values()


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_says_what_it_does_in_a_sentence_with_a_verb(name: str) -> None:
    for parser in parsers(name):
        assert parser.description, parser.prog
        assert parser.description.split()[0].strip(",").lower() in VERBS, parser.description
        assert parser.description.endswith("."), parser.description


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_described_by_a_sentence(name: str) -> None:
    for parser in parsers(name):
        for action in parser._actions:
            if action.help == argparse.SUPPRESS or isinstance(action, argparse._SubParsersAction):
                continue
            assert action.help, f"{parser.prog} {action.dest}"
            assert action.help[0].isupper(), action.help
            assert action.help.endswith("."), action.help


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - ALIASES))
def test_every_command_has_an_example(name: str) -> None:
    for parser in parsers(name):
        assert parser.prog in str(parser.epilog), parser.prog


def test_an_option_has_the_same_help_everywhere() -> None:
    for option in ("--json", "--yes", "--secrets", "-h"):
        texts = {
            action.help
            for name in COMMANDS
            for parser in parsers(name)
            for action in parser._actions
            if option in action.option_strings
        }
        assert len(texts) == 1, (option, texts)


def test_examples_keep_their_variables_and_their_further_lines() -> None:
    text = """examples:
  ocim a b x \\
     --more
  ocim a bc
  KEY=1 ocim a b y

See `ocim a b`.
"""
    assert examples_of("a b", text).splitlines() == [
        "examples:",
        "  ocim a b x \\",
        "     --more",
        "  KEY=1 ocim a b y",
    ]
