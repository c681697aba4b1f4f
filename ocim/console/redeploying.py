"""The arguments of a mass upgrade → values."""

import argparse
import getpass
import os
import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from ocim.core.errors import BadInput
from ocim.core.rollout import Rules
from ocim.core.waves import Share
from ocim.core.windows import Window
from ocim.documents.arguments import text_of_argument
from ocim.documents.yaml_text import read_mapping, read_value

MOST = 10**9
"""Beyond any number that makes sense."""


def operator() -> str:
    """Who runs this command, and on which machine."""
    try:
        name = getpass.getuser()
    except KeyError:  # a container may have no name for its user
        name = f"user {os.getuid()}"
    return f"{name} on {socket.gethostname()}"


def document(option: str, argument: str) -> dict[str, Any]:
    """A mapping, given as YAML or as `@file`; none where nothing is given."""
    if not argument:
        return {}
    text, where = text_of_argument(argument, option=option)
    return read_mapping(text, where=where)


def statements(option: str, argument: str) -> list[str]:
    """A list of SQL statements, given likewise; BadInput for anything else, an empty file too."""
    if not argument:
        return []
    text, where = text_of_argument(argument, option=option)
    value: Any = read_value(text, where=where)
    is_list = isinstance(value, list) and bool(value)
    if not is_list or not all(isinstance(one, str) and one.strip() for one in value):
        raise BadInput(
            [f"{option}: {where} must be a list of SQL statements, and is none."],
            remedy='Write each on a line of its own, after a dash: - "UPDATE …;"',
        )
    return [str(one) for one in value]


def gathered(*reads: Callable[[], Any]) -> list[Any]:
    """What each of them returns; BadInput with the faults of all."""
    found, faults = [], []
    for read in reads:
        try:
            found.append(read())
        except BadInput as error:
            faults += [f"{fault} {error.remedy}".strip() for fault in error.faults]
    if faults:
        raise BadInput(faults)
    return found


def rules_of(given: argparse.Namespace) -> Rules:
    """What the options say; BadInput lists all that make no sense."""
    faults = [
        f"--{name.replace('_', '-')} must be {least} or more, and a number."
        for name, least in (("batch_size", 1), ("num_attempts", 1), ("batch_frequency", 1),
                            ("stagger", 0), ("canary", 0), ("max_same_cause", 0))
        if not least <= getattr(given, name) < MOST
    ]  # fmt: skip
    window = None
    try:
        window = Window.of(given.window) if given.window else None
    except BadInput as error:
        faults += [f"--window: {fault}" for fault in error.faults]
    try:
        at_most(Rules(), given.max_failures, 1)
    except BadInput as error:
        faults += error.faults
    if faults:
        raise BadInput(faults)
    return Rules(
        batch_size=given.batch_size,
        num_attempts=given.num_attempts,
        stagger=timedelta(seconds=given.stagger),
        max_same_cause=given.max_same_cause or None,
        approve_waves=given.approve_waves,
        window=window,
    )


def shares_of(given: argparse.Namespace) -> list[Share]:
    """Who goes in which wave, as `--canary` or `--waves` says it; BadInput for what makes none."""
    if not given.waves:
        return [Share(count=given.canary)] if given.canary else []
    if given.canary:
        raise BadInput([f"--canary: write it as the first of --waves: {given.canary},…"])
    shares, faults = [], []
    for word in given.waves.split(","):
        try:
            shares.append(Share.of(word))
        except BadInput as error:
            faults += [f"--waves: {fault}" for fault in error.faults]
    if faults:
        raise BadInput(faults, remedy="As in 3,10%,tag:early.")
    return shares


def at_most(rules: Rules, max_failures: str | None, count: int) -> Rules:
    """The rules with a failure budget, of `N` or, of so many instances, `P%`."""
    if max_failures is None:
        return rules
    number = max_failures.removesuffix("%")
    if not number.isdecimal() or len(number) > len(str(MOST)):
        raise BadInput([f"--max-failures: {max_failures!r} is neither a number nor a percentage."])
    percent = max_failures.endswith("%")
    return replace(rules, max_failures=int(number) * count // 100 if percent else int(number))
