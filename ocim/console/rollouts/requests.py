"""The arguments of a rollout → values."""

import argparse
import getpass
import os
import re
import socket
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from ocim.core.errors import ValidationError
from ocim.core.rollout import Rules
from ocim.core.waves import Share
from ocim.core.windows import Window
from ocim.parsing.arguments import list_of_argument, mapping_of_argument, text_of_argument
from ocim.parsing.sql_text import read_statements

ALL = 100
"""Percent."""
MOST = 10**9
"""Beyond any number that makes sense."""
WITHOUT = {
    "--filter": "Without --filter, all instances are selected.",
    "--exclude": "Without --exclude, none is left out.",
    "--update": "Without --update, no setting is changed.",
    "--preupgrade-sql-commands": "Without --preupgrade-sql-commands, no SQL is run.",
}
"""What happens without the options of which one may think that empty ones are the same."""
_BUDGET = re.compile(r"([0-9]{1,9})(%?)")


def operator() -> str:
    """Who runs this command, and on which machine."""
    try:
        name = getpass.getuser()
    except KeyError:  # a container may have no name for its user
        name = f"user {os.getuid()}"
    return f"{name} on {socket.gethostname()}"


def document(
    option: str, argument: str, check: Callable[[Mapping[str, Any]], object] = lambda _: None
) -> Mapping[str, Any]:
    """Return a mapping that is given as YAML or as `@file`; an empty one without the option."""
    if not argument.strip():
        return {}
    found = mapping_of_argument(argument, option=option, otherwise=WITHOUT[option])
    check(found)
    return found


def statements(option: str, argument: str) -> list[str]:
    """A list of SQL statements, given likewise.

    ValidationError for anything else, an empty file too.
    """
    if not argument.strip():
        return []
    form = 'a list of SQL statements, each on a line of its own after a dash: - "UPDATE …;"'
    list_of_argument(argument, option=option, form=form, otherwise=WITHOUT[option])
    text, where = text_of_argument(argument, option=option)
    return read_statements(text, where=where)


def rules_of(given: argparse.Namespace) -> Rules:
    """What the options say; ValidationError lists all that make no sense."""
    faults = [
        f"--{name.replace('_', '-')} must be {least} or more, and a number."
        for name, least in (("batch_size", 1), ("num_attempts", 1), ("batch_frequency", 1),
                            ("stagger", 0), ("canary", 0), ("max_same_cause", 0))
        if not least <= getattr(given, name) < MOST
    ]  # fmt: skip
    window = None
    try:
        window = Window.of(given.window) if (given.window or "").strip() else None
    except ValidationError as error:
        faults += [f"--window: {fault}" for fault in error.faults]
    try:
        at_most(Rules(), given.max_failures, 1)
    except ValidationError as error:
        faults += error.faults
    if faults:
        raise ValidationError(faults)
    return Rules(
        batch_size=given.batch_size,
        num_attempts=given.num_attempts,
        stagger=timedelta(seconds=given.stagger),
        max_same_cause=given.max_same_cause or None,
        approve_waves=given.approve_waves,
        window=window,
    )


def shares_of(given: argparse.Namespace) -> list[Share]:
    """Who goes in which wave, as `--canary` or `--waves` says it.

    ValidationError for what makes none.
    """
    if not given.waves.strip():
        return [Share(count=given.canary)] if given.canary else []
    if given.canary:
        raise ValidationError([f"--canary: write it as the first of --waves: {given.canary},…"])
    shares, faults = [], []
    for word in given.waves.split(","):
        try:
            shares.append(Share.of(word))
        except ValidationError as error:
            faults += [f"--waves: {fault}" for fault in error.faults]
    if (percent := sum(share.percent for share in shares)) > ALL and not faults:
        faults.append(f"--waves: {given.waves} is {percent}% of the instances: {ALL}% are all.")
    if faults:
        raise ValidationError(faults, remedy="As in 3,10%,tag:early.")
    return shares


def at_most(rules: Rules, max_failures: str | None, count: int) -> Rules:
    """The rules with a failure budget, of `N` or, of so many instances, `P%`."""
    if not max_failures or not max_failures.strip():
        return rules
    found = _BUDGET.fullmatch(max_failures)
    if not found:
        raise ValidationError(
            [f"--max-failures: {max_failures!r} is neither a number nor a percentage."]
        )
    number = int(found[1])
    if not found[2]:
        return replace(rules, max_failures=number)
    if number > ALL:
        raise ValidationError([f"--max-failures: {max_failures} is more than all: {ALL}% at most."])
    return replace(rules, max_failures=number * count // ALL)
