"""The arguments of a mass upgrade → values, and a plan → words."""

import argparse
import getpass
import os
import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from ocim.console.output import Output
from ocim.core.errors import BadInput
from ocim.core.rollout import Rules
from ocim.core.windows import Window
from ocim.documents.arguments import text_of_argument
from ocim.documents.yaml_text import read_mapping, read_value
from ocim.operations.redeploy.plan import Item, Plan

LONGEST = 60
"""Characters of a value that a summary shows."""
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


def at_most(rules: Rules, max_failures: str | None, count: int) -> Rules:
    """The rules with a failure budget, of `N` or, of so many instances, `P%`."""
    if max_failures is None:
        return rules
    number = max_failures.removesuffix("%")
    if not number.isdecimal():
        raise BadInput([f"--max-failures: {max_failures!r} is neither a number nor a percentage."])
    percent = max_failures.endswith("%")
    return replace(rules, max_failures=int(number) * count // 100 if percent else int(number))


def tell_plan(plan: Plan, out: Output) -> None:
    """Every instance with the fields that change, the SQL, and what is left out, and why."""
    out.say(f"Tag: {plan.tag}   {len(plan.items)} instances   plan {plan.hash[:12]}", style="bold")
    for item in plan.items:
        wave = f"   (wave {item.wave + 1})" if item.wave else ""
        out.say(f"  {item.label}{wave}")
        for line in _changes(item):
            out.say(f"      {line}")
    for statement in plan.sql:
        out.say(f"SQL: {statement}")
    for label, reason in plan.left_out:
        out.say(f"Left out: {label}: {reason}.", style="yellow")


def _changes(item: Item) -> list[str]:
    return [
        f"{name}: {_short(name, item.before[name])} → {_short(name, new)}"
        for name, new in item.after.items()
        if item.before[name] != new
    ]


def _short(name: str, value: object) -> str:
    if name == "configuration_extra_settings":  # passwords may be in it
        return f"({len(str(value).splitlines())} lines)"
    line = " ".join(str(value).split()) or "(empty)"
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
