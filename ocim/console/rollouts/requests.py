"""The command line of `ocim redeploy` as a request for a rollout."""

import argparse
import socket
from typing import Any

from ocim.console.command import system_user
from ocim.core.rollout_request import RolloutRequest
from ocim.operations.rollouts.request import NAMES_IT, read_request
from ocim.parsing.arguments import list_of_argument, mapping_of_argument, text_of_argument
from ocim.parsing.sql_text import read_statements
from ocim.wiring import queue_name

STATEMENTS = "--preupgrade-sql-commands"
WITHOUT = {
    "--filter": "Without --filter, all instances are selected.",
    "--exclude": "Without --exclude, none is left out.",
    "--update": "Without --update, no setting is changed.",
    STATEMENTS: f"Without {STATEMENTS}, no SQL is run.",
    "--tag": NAMES_IT,
}
"""Sentences for options that are empty, by option."""
SELECTING = (
    "tag",
    "filter",
    "exclude",
    "retry_failed",
    "update",
    "preupgrade_sql_commands",
    "canary",
    "waves",
)
"""Options that say what a plan is for."""
DRIVING = (
    "strict_sql",
    "backup",
    "no_activate",
    "batch_size",
    "num_attempts",
    "stagger",
    "approve_waves",
    "max_failures",
    "max_same_cause",
    "window",
    "at",
)
"""Options that say how it is done."""


def operator() -> str:
    """Return the name of the user who runs this command, and that of the machine."""
    return f"{system_user()} on {socket.gethostname()}"


def request_of(
    arguments: argparse.Namespace, planned: RolloutRequest | None = None
) -> RolloutRequest:
    """Return the request that a command line makes, or what it changes of a plan's request.

    Raise ValidationError with everything that is wrong with it.
    """
    names = DRIVING if planned else (*SELECTING, *DRIVING)
    options = {name: getattr(arguments, name) for name in names}
    written = {
        name: value
        for name, value in options.items()
        if value is not None and value is not False and value != ""
    }
    queue = {"queue": queue_name()}
    if planned:
        return read_request({**planned.as_options(), **written, **queue})
    return read_request({**written, **queue}, _read)


def _read(option: str, argument: str) -> Any:
    """Return what a document says that is written as YAML, or `@` and the name of its file."""
    if option != STATEMENTS:
        return mapping_of_argument(argument, option=option, otherwise=WITHOUT[option])
    form = 'a list of SQL statements, each on a line of its own after a dash: - "UPDATE …;"'
    list_of_argument(argument, option=option, form=form, otherwise=WITHOUT[option])
    text, where = text_of_argument(argument, option=option)
    return read_statements(text, where=where)
