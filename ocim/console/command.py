"""The base class of Ocim's commands: parsers, confirmations, system checks and error messages."""

import argparse
import getpass
import os
import re
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.core import checks
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.management.base import DjangoHelpFormatter as HelpFormatter
from django.db import DatabaseError

from ocim.console.options import slips, watch
from ocim.console.output import Output
from ocim.console.shared_options import add_json
from ocim.core.actors import Actor, ActorKind, acting_as
from ocim.core.characters import described, invisible
from ocim.core.errors import Conflict, OcimError, ValidationError

DJANGO_OPTIONS = frozenset(
    {
        "--settings",
        "--pythonpath",
        "--no-color",
        "--force-color",
        "--skip-checks",
        "--version",
        "--verbosity",
        "--traceback",
    }
)
"""Options that Django adds to every command; they work, but the help does not list them."""
LONGEST_FAULT = 1000
"""Maximum number of characters shown of a fault, which may quote a whole file."""
HELP = "Show this help and exit."
INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it."""


class Error(CommandError):
    """A failure that is printed as `Error: …`; the exit status is 1 unless `returncode` is set."""


class Formatter(HelpFormatter, argparse.RawDescriptionHelpFormatter):
    """A formatter of help texts that keeps the lines of examples as they are."""


class OcimCommand(BaseCommand):
    """A command, or several subcommands under one name, that prints through `out`."""

    examples = ""
    """Text below the help. A subcommand's help repeats the lines that call it."""
    trouble = 1
    """Exit status after a failure."""
    without: Mapping[str, str] = {}
    """Sentence per option that says what happens without it, for errors about empty options."""
    out: Output

    def add_base_argument(self, parser: CommandParser, *args: Any, **kwargs: Any) -> None:
        """Add one of Django's options; watch the parser before the first one is added."""
        watch(parser)
        super().add_base_argument(parser, *args, **kwargs)

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Return the command's parser, with examples and without Django's options in its help."""
        parser = self._parser = super().create_parser(
            prog_name, subcommand, epilog=self.examples, formatter_class=Formatter, **kwargs
        )
        for action in parser._actions:
            if set(action.option_strings) & DJANGO_OPTIONS:
                action.help = argparse.SUPPRESS
        _explain_help(parser)
        return parser

    def subcommands(self, parser: CommandParser) -> Callable[..., CommandParser]:
        """Return a function that adds a subcommand, by its name, its method and its help text."""
        commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
        command_name = parser.prog.split()[-1]

        def add(
            name: str, run: Callable[..., None], about: str, *, json: bool = False
        ) -> CommandParser:
            command: CommandParser = commands.add_parser(
                name,
                help=about,
                description=about,
                epilog=examples_of(f"{command_name} {name}", self.examples),
                formatter_class=Formatter,
            )
            _explain_help(command)
            watch(command)
            command.set_defaults(run=run)
            if json:
                add_json(command)
            return command

        return add

    def ask(self, question: str, *, option: str) -> str:
        """Return what the operator types.

        Raise Conflict if there is no terminal; `option` is what answers the question instead.
        """
        if not sys.stdin.isatty():
            raise Conflict(f"This needs confirmation, but there is no terminal: pass {option}.")
        return input(question)

    def confirm(self, question: str, yes: bool) -> None:
        """Ask the operator to confirm, unless `yes` is set. Raise Conflict if they decline."""
        text = f"{question} [y/N] "
        if not yes and self.ask(text, option="--yes").strip().lower() not in ("y", "yes"):
            raise Conflict("Cancelled: nothing was done.")

    def check(self, *_: Any, **__: Any) -> None:
        """Run the system checks: print every warning, and raise Error with every error."""
        messages = [
            message for message in checks.run_checks(tags=["ocim"]) if not message.is_silenced()
        ]
        for message in messages:
            if not message.is_serious():
                self.stderr.write(f"Warning: {_check_text(message)}", self.style.WARNING)
        if errors := [message for message in messages if message.is_serious()]:
            raise Error("\n".join(map(_check_text, errors)), returncode=self.trouble)

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run the command; turn every expected failure into an Error that says what to do."""
        self.stdout.ending = ""
        self.out = Output(self.stdout, as_json=bool(options.get("json")))  # type: ignore[arg-type]
        try:
            _require_utf8(options)
            result = super().execute(*args, **options)
            sys.stdout.flush()  # raises here, inside `try`, if the reader is gone or the disk full
        except OcimError as error:
            text = _with_invisible_characters(error_text(error), options)
            raise Error(text, returncode=self.trouble) from error
        except DatabaseError as error:
            raise Error(error_text(database_error(error)), returncode=self.trouble) from error
        except BrokenPipeError:
            _discard_output()
            return None  # the reader, as `head`, has read enough
        except OSError as error:
            _discard_output()
            raise Error(error_text(_system_error(error)), returncode=self.trouble) from error
        except KeyboardInterrupt:
            raise Error("Interrupted.", returncode=INTERRUPTED) from None
        return result

    def handle(self, *_: Any, **options: Any) -> None:
        """Run the chosen subcommand's method with the parsed options."""
        self.refuse_slips()
        with acting_as(Actor(ActorKind.COMMAND, system_user(), socket.gethostname())):
            options["run"](argparse.Namespace(**options))

    def refuse_slips(self) -> None:
        """Raise ValidationError with every option that is empty or repeated."""
        if faults := slips(self._parser, self.without):
            raise ValidationError(faults)


def system_user() -> str:
    """Return the name of the operating system's user who runs this command, before sudo."""
    if name := os.environ.get("SUDO_USER"):
        return name
    try:
        return getpass.getuser()
    except KeyError:  # a container may have no name for its user
        return f"user {os.getuid()}"


def examples_of(command: str, examples: str) -> str:
    """Return the examples that call a command, each with its continuation lines."""
    pattern = rf"^ +(?:\S+=\S* )*ocim {re.escape(command)}\b(?:[^\n]*\\\n)*[^\n]*$"
    lines = re.findall(pattern, examples, re.MULTILINE)
    return "\n".join(["examples:", *lines]) if lines else ""


def _explain_help(parser: argparse.ArgumentParser) -> None:
    """Set the help text of --help to the style of all other options."""
    for action in parser._actions:
        if isinstance(action, argparse._HelpAction):
            action.help = HELP


def _check_text(message: checks.CheckMessage) -> str:
    return f"{message.msg} {message.hint or ''}".strip()


def error_text(error: OcimError) -> str:
    """Return an error's text for operators: one line per fault, then the remedy."""
    faults = error.faults if isinstance(error, ValidationError) else (error.problem,)
    return "\n".join([*map(_clipped, faults), *([error.remedy] if error.remedy else [])])


def database_error(error: DatabaseError) -> OcimError:
    """Return the error with the first line of the database's own message, and with a remedy.

    Further lines may quote values of rows, which may be secret.
    """
    reason = next(iter(str(error).splitlines()), type(error).__name__).rstrip(".")
    return OcimError(
        f"Cannot use the manager's database: {reason}.",
        remedy="Run `ocim doctor` to find the cause. A new database needs `ocim migrate`; its"
        " file and directory must exist and be writable by this user.",
    )


def _system_error(error: OSError) -> OcimError:
    place = f"{error.filename}: " if error.filename else ""
    return OcimError(
        f"{place}{error.strerror or error}.",
        remedy="Run `ocim doctor` to check this installation's directory and the disk.",
    )


def _discard_output() -> None:
    """Send the rest of standard output to /dev/null, so that Python's exit does not fail on it."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _require_utf8(options: dict[str, Any]) -> None:
    """Raise ValidationError with every argument that is not UTF-8."""
    if wrong := [word for word in _texts(options) if not _is_utf8(word)]:
        raise ValidationError([f"{word!a} is not text in UTF-8." for word in wrong])


def _texts(options: dict[str, Any]) -> Iterator[str]:
    """Yield every text among the options' values and in their lists."""
    for value in options.values():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, str):
                yield item


def _is_utf8(word: str) -> bool:
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True


def _with_invisible_characters(message: str, options: dict[str, Any]) -> str:
    """Add which arguments hold an invisible character that the message does not name yet."""
    for word in _texts(options):
        character = invisible(word.replace("\n", " "))
        if character and f"U+{ord(character[0]):04X}" not in message:
            place = f"In {_clipped(ascii(word))}, character {character.start() + 1}"
            message += f"\n{place} is {described(character[0])}."
    return message


def _clipped(fault: str) -> str:
    """Return a long fault without its middle: the place is at its start, the reason at its end."""
    if len(fault) <= LONGEST_FAULT:
        return fault
    return f"{fault[: LONGEST_FAULT // 2]} … {fault[-LONGEST_FAULT // 2 :]}"
