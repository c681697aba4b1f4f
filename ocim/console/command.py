"""What all of Ocim's commands have in common."""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.core import checks
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.management.base import DjangoHelpFormatter as HelpFormatter
from django.db import DatabaseError

from ocim.console import options
from ocim.console.output import Output
from ocim.core.characters import described, invisible
from ocim.core.errors import Conflict, OcimError, ValidationError

DJANGOS = ("--settings", "--pythonpath", "--no-color", "--force-color", "--skip-checks",
           "--version", "--verbosity", "--traceback")  # fmt: skip


LONGEST = 1000
"""Characters of a fault that are shown: what it quotes may be a file that was meant as a name."""


class Error(CommandError):
    """Printed as `Error: …`; the exit status is 1."""


class Formatter(HelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Keeps the lines of examples as they are."""


class OcimCommand(BaseCommand):
    """A command, or several under one name, that speaks through `out`."""

    examples = ""
    trouble = 1
    """The exit status when something went wrong."""
    without: Mapping[str, str] = {}
    """What happens without an option, for errors that tell that it is empty."""
    out: Output

    def add_base_argument(self, parser: CommandParser, *args: Any, **kwargs: Any) -> None:
        options.watch(parser)  # Django adds its own options first
        super().add_base_argument(parser, *args, **kwargs)

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = self._parser = super().create_parser(
            prog_name, subcommand, epilog=self.examples, formatter_class=Formatter, **kwargs
        )
        for action in parser._actions:
            if set(action.option_strings) & set(DJANGOS):
                action.help = argparse.SUPPRESS
        return parser

    def subcommands(self, parser: CommandParser) -> Callable[..., CommandParser]:
        """Returns what adds a subcommand: its name, the method that does it, and its help."""
        commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

        def add(
            name: str, run: Callable[..., None], about: str, *, json: bool = False
        ) -> CommandParser:
            command: CommandParser = commands.add_parser(name, help=about, description=about)
            options.watch(command)
            command.set_defaults(run=run)
            if json:
                command.add_argument("--json", action="store_true", help="for scripts")
            return command

        return add

    def ask(self, question: str, *, option: str) -> str:
        """What a person types; Conflict, naming the option that says it, where nobody is."""
        if not sys.stdin.isatty():
            raise Conflict("There is nobody to ask.", remedy=f"Say it with {option}.")
        return input(question)

    def confirm(self, question: str, yes: bool) -> None:
        """Go on after `y`, or where `yes` says it already; Conflict otherwise."""
        asked = f"{question} [y/N] "
        if not yes and self.ask(asked, option="--yes").strip().lower() not in ("y", "yes"):
            raise Conflict("Nothing was done.")

    def check(self, *_: Any, **__: Any) -> None:
        """Refuse to run with wrong settings, naming all of them; mention doubtful ones."""
        said = [one for one in checks.run_checks() if not one.is_silenced()]
        for one in said:
            if not one.is_serious():
                self.stderr.write(f"Warning: {_of_check(one)}", self.style.WARNING)
        if wrong := [one for one in said if one.is_serious()]:
            raise Error("\n".join(map(_of_check, wrong)), returncode=self.trouble)

    def execute(self, *args: Any, **given: Any) -> str | None:
        self.stdout.ending = ""
        self.out = Output(self.stdout, as_json=bool(given.get("json")))  # type: ignore[arg-type]
        try:
            _refuse_bytes(given)
            said = super().execute(*args, **given)
            sys.stdout.flush()  # here, where a reader who is gone and a full disk are handled
        except OcimError as error:
            said = _with_hints(in_words(error), given)
            raise Error(said, returncode=self.trouble) from error
        except DatabaseError as error:
            raise Error(in_words(of_database(error)), returncode=self.trouble) from error
        except BrokenPipeError:
            _stop_talking()
            return None  # whoever read has read enough
        except OSError as error:
            _stop_talking()
            raise Error(in_words(_of_system(error)), returncode=self.trouble) from error
        except KeyboardInterrupt:
            raise Error("Interrupted.", returncode=130) from None
        return said

    def handle(self, *_: Any, **given: Any) -> None:
        self.refuse_slips()
        given["run"](argparse.Namespace(**given))

    def refuse_slips(self) -> None:
        """ValidationError with all options that are empty, or given twice."""
        if faults := options.slips(self._parser, self.without):
            raise ValidationError(faults)


def _of_check(message: checks.CheckMessage) -> str:
    return f"{message.msg} {message.hint or ''}".strip()


def in_words(error: OcimError) -> str:
    """The error as an operator reads it: every fault on a line, then what to do."""
    faults = error.faults if isinstance(error, ValidationError) else (error.problem,)
    return "\n".join([*map(_clipped, faults), *([error.remedy] if error.remedy else [])])


def of_database(error: DatabaseError) -> OcimError:
    """What the database said, without the values that some databases quote after their reason."""
    reason = next(iter(str(error).splitlines()), type(error).__name__).rstrip(".")
    return OcimError(
        f"The manager's database cannot be used: {reason}.",
        remedy="`ocim doctor` says what is wrong with it. A new one needs `ocim migrate`; its"
        " file and directory must be there, and this user must be able to write to them.",
    )


def _of_system(error: OSError) -> OcimError:
    where = f"{error.filename}: " if error.filename else ""
    return OcimError(
        f"{where}{error.strerror or error}.",
        remedy="`ocim doctor` looks at this installation's directory and at the disk.",
    )


def _stop_talking() -> None:
    """Lose what standard output does not take: Python would try again at its end, and complain."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _refuse_bytes(options: dict[str, Any]) -> None:
    """What is not UTF-8 can be neither looked for nor kept."""
    if wrong := [word for word in _texts(options) if not _is_text(word)]:
        raise ValidationError([f"{word!a} is not text in UTF-8." for word in wrong])


def _texts(options: dict[str, Any]) -> Iterator[str]:
    for value in options.values():
        yield from (one for one in (value if isinstance(value, list) else [value])
                    if isinstance(one, str))  # fmt: skip


def _is_text(word: str) -> bool:
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True


def _with_hints(message: str, given: dict[str, Any]) -> str:
    """Add which of the command's words hold a character that does not show, where none is named."""
    for word in _texts(given):
        found = invisible(word.replace("\n", " "))
        if found and f"U+{ord(found[0]):04X}" not in message:
            where = f"In {_clipped(ascii(word))}, character {found.start() + 1}"
            message += f"\n{where} is {described(found[0])}."
    return message


def _clipped(fault: str) -> str:
    """Its beginning has the place, and its end the reason."""
    if len(fault) <= LONGEST:
        return fault
    return f"{fault[: LONGEST // 2]} … {fault[-LONGEST // 2 :]}"
