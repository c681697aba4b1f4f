"""Options: where they may stand; and slips, as with an unset variable of a shell."""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from typing import Any


class _Watched(argparse.Action):
    """An action that counts how often its option appears, and notices an empty value."""

    is_single = True
    """True if the option may appear only once."""
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


class _Store(_Watched, argparse._StoreAction):
    """The usual action of an option with a value, watched."""


class _Append(_Watched, argparse._AppendAction):
    """The usual action of an option that may appear several times, watched."""

    is_single = False


def watch(parser: argparse.ArgumentParser) -> None:
    """Watch the options that are added to a parser from now on."""
    for name in (None, "store"):
        parser.register("action", name, _Store)
    parser.register("action", "append", _Append)


def interleave(parser: argparse.ArgumentParser) -> None:
    """Let the options of a parser stand between its arguments, too.

    Otherwise a list that may be empty gets only what stands before the first option (Python 3.11).
    A command line with `--` is parsed as usual: Python 3.11 cannot do both.
    """
    plain = parser.parse_known_args

    def parse(args: Any = None, namespace: Any = None) -> Any:
        if "--" in (args or ()):
            return plain(args, namespace)
        parser.parse_known_args = plain  # type: ignore[method-assign]
        try:
            return parser.parse_known_intermixed_args(args, namespace)
        finally:
            parser.parse_known_args = parse  # type: ignore[method-assign]

    parser.parse_known_args = parse  # type: ignore[method-assign]


def slips(parser: argparse.ArgumentParser, without: Mapping[str, str]) -> list[str]:
    """Return what is wrong with the options that a parser has read.

    `without` says of options what happens without them.
    """
    faults = []
    for action in _watched(parser):
        name = action.option_strings[-1] if action.option_strings else ""
        if name and action.is_empty:
            remedy = "Give it a value." if action.required else "Give it a value, or leave it out."
            faults.append(f"{name} is empty. {without.get(name, remedy)}")
        if name and action.times > 1 and action.is_single:
            faults.append(f"{name} appears {action.times} times: pass it once.")
    return faults


def _watched(parser: argparse.ArgumentParser) -> Iterator[_Watched]:
    for action in parser._actions:
        if isinstance(action, _Watched):
            yield action
        elif isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _watched(command)
