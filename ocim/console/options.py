"""Options that are given twice, or given and empty: slips, such as an unset shell variable."""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from typing import Any


class _Store(argparse._StoreAction):
    """The usual action; it counts."""

    times = 0
    is_empty = False

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        self.times += 1
        self.is_empty |= isinstance(values, str) and not values.strip()
        super().__call__(parser, namespace, values, option_string)


class _Append(argparse._AppendAction):
    """The usual action of options that may be given several times."""

    times = 0
    is_empty = False

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        self.is_empty |= isinstance(values, str) and not values.strip()
        super().__call__(parser, namespace, values, option_string)


def watch(parser: argparse.ArgumentParser) -> None:
    """Have the parser's options, as they are added, notice slips."""
    for name in (None, "store"):
        parser.register("action", name, _Store)
    parser.register("action", "append", _Append)


def slips(parser: argparse.ArgumentParser, without: Mapping[str, str]) -> list[str]:
    """Return what is wrong with the options that a parser has read.

    `without` tells of options what happens without them.
    """
    faults = []
    for action in _actions(parser):
        name = action.option_strings[-1] if action.option_strings else ""
        if name and action.is_empty:
            remedy = "Give it a value." if action.required else "Give it a value, or leave it out."
            faults.append(f"{name} is empty. {without.get(name, remedy)}")
        if name and action.times > 1:
            faults.append(f"{name} is given {action.times} times: only one would count.")
    return faults


def _actions(parser: argparse.ArgumentParser) -> Iterator[_Store | _Append]:
    for action in parser._actions:
        if isinstance(action, _Store | _Append):
            yield action
        elif isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _actions(command)
