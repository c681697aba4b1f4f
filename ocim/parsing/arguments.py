"""Arguments of commands that hold a document or name its file."""

import re
from pathlib import Path
from typing import Any

from ocim.core.characters import hint
from ocim.core.errors import ValidationError
from ocim.parsing.faults import refuse
from ocim.parsing.written import Written
from ocim.parsing.yaml_text import MAX_BYTES, parse

_SHOWN = 60
_A_NAME = 200
_NAME = re.compile(r"@?(?=\S*[/.~])[^\s:{}\[\]]+|[^\n:{}\[\]]*/[^\n:{}\[\]]*")
"""A text that may be meant as a file's name."""


def text_of_argument(argument: str, *, option: str) -> tuple[str, str]:
    """Return the document, and what faults in it should call it.

    `@PATH` is the file's content, and so is the bare path of a file that exists; anything else is
    the document itself. `~` at its beginning is one's home. ValidationError where a file cannot be
    read.
    """
    path = file_path(argument.removeprefix("@"))
    if argument == "@":
        raise ValidationError([f"{option}: after @, the name of a file is missing."])
    if not argument.startswith("@") and not _is_file(path):
        return argument, option
    try:
        with path.open("rb") as file:
            # One byte more than is allowed is enough to be refused.
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ValidationError([f"{option}: {path} cannot be read: {error.strerror}."]) from error
    if len(content) > MAX_BYTES:
        raise ValidationError(
            [f"{option}: {path} is too large: {MAX_BYTES} bytes at most are read."]
        )
    try:
        return content.decode(), str(path)
    except UnicodeDecodeError:
        raise ValidationError([f"{option}: {path} is not a text file in UTF-8."]) from None


def mapping_of_argument(argument: str, *, option: str, otherwise: str) -> Written:
    """Return the mapping that an option holds, or its file.

    `otherwise` is the sentence that tells what happens without the option: a document that says
    nothing is a slip, and refused.
    """
    value, texts = _read(argument, dict, "a mapping, as {name: value}", option, otherwise)
    return Written(value, texts)


def list_of_argument(argument: str, *, option: str, form: str, otherwise: str) -> list[Any]:
    """Return the list that an option holds, or its file, likewise; `form` says what is in it."""
    return list(_read(argument, list, form, option, otherwise)[0])


def no_such_file(argument: str) -> str:
    """Say that the file does not exist that an argument seems to name; nothing for others."""
    path = file_path(argument)
    if len(argument) > _A_NAME or not _NAME.fullmatch(argument) or _is_file(path):
        return ""
    problem = f"{path} is a directory" if path.is_dir() else f"No such file: {path}"
    return f" {problem} (write @ before a file's name)."


def file_path(name: str) -> Path:
    """Return the path of a file that an option names: shells leave the ~ in `--plan=~/x` to us."""
    try:
        return Path(name).expanduser()
    except RuntimeError:  # nobody has that home
        return Path(name)


def _read(
    argument: str, kind: type[Any], form: str, option: str, otherwise: str
) -> tuple[Any, dict[Any, str]]:
    text, where = text_of_argument(argument, option=option)
    document = parse(text)
    refuse(document.faults, where=where)
    value = document.value
    said_in = "" if where == option else f" {where}"
    if value is None or (isinstance(value, dict | list) and not value):
        fault = f"{option}:{said_in or ' it'} says nothing, and must be {form}. {otherwise}"
        raise ValidationError([fault])
    if not isinstance(value, kind):
        fault = f"{option}, line 1:{said_in or ' it'} must be {form}, and {_shown(value)} is none."
        raise ValidationError([fault + no_such_file(argument) + hint(text)])
    return value, document.written


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # inline YAML may be no possible path at all
        return False
