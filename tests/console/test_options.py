"""Options that say nothing, or that are given twice, are slips: an unset variable of a shell."""

import argparse
from collections.abc import Iterator

import pytest

from ocim.console.main import command_class
from ocim.console.options import _Append, _Store
from ocim.console.overview import own_commands
from tests.console.conftest import Installation

Words = tuple[str, ...]


def parsers(
    parser: argparse.ArgumentParser, words: Words
) -> Iterator[tuple[argparse.ArgumentParser, Words]]:
    """Yield a command's parser and its subcommands', each with the words that lead to it."""
    below = [
        _action for _action in parser._actions if isinstance(_action, argparse._SubParsersAction)
    ]
    for item in below:
        for name, sub in item.choices.items():
            yield from parsers(sub, (*words, name))
    if not below:
        yield parser, words


def word_for(action: argparse.Action) -> str:
    if action.choices:
        return str(next(iter(action.choices)))
    return "1"


def needed(parser: argparse.ArgumentParser, but: argparse.Action) -> Words:
    """Return positional words and required options, so that the parser has all it wants."""
    words: list[str] = []
    for action in parser._actions:
        if action is but:
            continue
        if not action.option_strings and action.nargs != "*":
            words.append(word_for(action))
        elif action.required and action.option_strings:
            words += [action.option_strings[-1], word_for(action)]
    return tuple(words)


def text_options() -> Iterator[tuple[Words, str]]:
    """Yield the words of a command that has an option of text, and that option."""
    for name in sorted(own_commands()):
        parser = command_class(name).create_parser("ocim", name)
        for below, words in parsers(parser, (name,)):
            for action in below._actions:
                is_text = isinstance(action, _Store | _Append) and action.type is None
                if is_text and action.option_strings and action.help is not argparse.SUPPRESS:
                    yield (*words, *needed(below, action)), action.option_strings[-1]


OPTIONS = list(text_options())
IDS = [f"{' '.join(words[:2])} {option}" for words, option in OPTIONS]


def test_all_commands_with_options_of_text_are_looked_at() -> None:
    result = {(words[0], option) for words, option in OPTIONS}
    for option in ("--filter", "--exclude", "--update", "--preupgrade-sql-commands", "--waves",
                   "--window", "--tag", "--plan", "--plan-out", "--max-failures"):  # fmt: skip
        assert ("redeploy", option) in result
    assert {("instance", "--reason"), ("rollout", "--cause"), ("config", "--layer"),
            ("services", "--processor"), ("search-server", "--flavor")} <= result  # fmt: skip


@pytest.mark.parametrize("words, option", OPTIONS, ids=IDS)
def test_an_option_that_is_empty_is_refused(ocim: Installation, words: Words, option: str) -> None:
    ran = ocim(*words, f"{option}=")
    assert ran.status in (1, 2)
    assert f"{option} is empty." in ran.err or f"argument {option}: invalid choice" in ran.err
    assert ran.out == ""


def test_what_happens_without_an_option_is_told(ocim: Installation) -> None:
    ran = ocim("redeploy", "--tag=x", "--filter=", "--exclude=", "--window=", "--update= ")
    assert ran.err.splitlines() == [
        "Error: --filter is empty. Without --filter, all instances are selected.",
        "--exclude is empty. Without --exclude, none is left out.",
        "--update is empty. Without --update, no setting is changed.",
        "--window is empty. Give it a value, or leave it out.",
    ]


def test_an_option_of_which_only_one_would_count_is_refused_where_it_is_given_twice(
    ocim: Installation,
) -> None:
    ran = ocim("redeploy", "--tag=x", "--exclude={name: A}", "--exclude={name: B}")
    assert ran.status == 2
    assert ran.err == "Error: --exclude appears 2 times: pass it once.\n"


def test_a_setting_that_is_given_twice_is_refused(ocim: Installation) -> None:
    ran = ocim("instance", "create", "a.example.com", "name=A", "name=B", "email=a@example.com")
    assert (ran.status, ran.err) == (1, "Error: name is set 2 times: set it once.\n")


def test_an_option_that_may_be_given_several_times_may(ocim: Installation) -> None:
    campus = ocim.campus()
    ran = ocim("services", "enable", campus, "ecommerce", "--partner-code=A", "--currency=GBP",
               "--processor=stripe", "--processor=paypal")  # fmt: skip
    assert "is given" not in ran.err


def test_a_character_that_does_not_show_is_named_where_a_command_fails(ocim: Installation) -> None:
    ran = ocim("instance", "show", "campus\u00a0.example.com")
    assert ran.status == 1
    assert ran.err.splitlines()[-1] == (
        "In 'campus\\xa0.example.com', character 7 is a no-break space (U+00A0)."
    )
