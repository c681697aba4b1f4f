"""Arguments of commands that contain a document, or name a file with one."""

import re
from pathlib import Path
from typing import Any

from ocim.core.characters import hint
from ocim.core.errors import ValidationError
from ocim.core.texts import shortened
from ocim.parsing.document import Written
from ocim.parsing.faults import refuse
from ocim.parsing.yaml_text import MAX_BYTES, parse

_SHOWN = 60
"""Maximum length of a quoted value in a fault, in characters."""
_LONGEST_PATH = 200
"""Maximum length of an argument that may be meant as a path, in characters."""
_NAME = re.compile(r"@?(?=\S*[/.~])[^\s:{}\[\]]+|[^\n:{}\[\]]*/[^\n:{}\[\]]*")
"""Texts that may be meant as the path of a file."""


def text_of_argument(argument: str, *, option: str) -> tuple[str, str]:
    """Return the document, and its name for faults: the path of its file, or the option.

    `@PATH` and the path of an existing file mean the content of the file (`~` is the user's home);
    any other argument is the document itself. Raise ValidationError if the file cannot be read.
    """
    path = file_path(argument.removeprefix("@"))
    if argument == "@":
        raise ValidationError([f"{option}: no file name after @. Write {option}=@PATH."])
    if not argument.startswith("@") and not _is_file(path):
        return argument, option
    try:
        with path.open("rb") as file:
            # One byte more than allowed shows that the file is too large.
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ValidationError([f"{option}: cannot read {path}: {error.strerror}."]) from error
    if len(content) > MAX_BYTES:
        raise ValidationError([f"{option}: {path} is too large: the maximum is {MAX_BYTES} bytes."])
    try:
        return content.decode(), str(path)
    except UnicodeDecodeError:
        raise ValidationError([f"{option}: {path} is not a text file in UTF-8."]) from None


def mapping_of_argument(argument: str, *, option: str, otherwise: str) -> Written:
    """Return the mapping in the argument of an option, or in its file.

    Raise ValidationError if it is empty, which is a mistake, and tell in `otherwise` what happens
    without the option.
    """
    value, texts = _read(argument, dict, "a mapping such as {name: value}", option, otherwise)
    return Written(value, texts)


def list_of_argument(argument: str, *, option: str, form: str, otherwise: str) -> list[Any]:
    """Return the list in the argument of an option, or in its file; `form` names its content."""
    return list(_read(argument, list, form, option, otherwise)[0])


def no_such_file(argument: str) -> str:
    """Return a hint if the argument looks like the name of a file that does not exist."""
    path = file_path(argument)
    if len(argument) > _LONGEST_PATH or not _NAME.fullmatch(argument) or _is_file(path):
        return ""
    problem = f"{path} is a directory" if path.is_dir() else f"No such file: {path}"
    return f" {problem} (write @ before the name of a file)."


def file_path(name: str) -> Path:
    """Return the path, with `~` expanded, since shells do not expand it in `--plan=~/x`."""
    try:
        return Path(name).expanduser()
    except RuntimeError:  # there is no such user
        return Path(name)


def _read(
    argument: str, kind: type[Any], form: str, option: str, otherwise: str
) -> tuple[Any, dict[Any, str]]:
    text, where = text_of_argument(argument, option=option)
    document = parse(text)
    refuse(document.faults, where=where)
    value = document.value
    subject = "the argument" if where == option else where
    if value is None or (isinstance(value, dict | list) and not value):
        fault = f"{option}: {subject} is empty, but must be {form}. {otherwise}"
        raise ValidationError([fault])
    if not isinstance(value, kind):
        fault = f"{option}, line 1: {subject} must be {form}, not {_shown(value)}."
        raise ValidationError([fault + no_such_file(argument) + hint(text)])
    return value, document.written


def _shown(value: Any) -> str:
    return shortened(repr(value), _SHOWN)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # inline YAML may be an impossible path
        return False


def tags_of(text: str) -> list[str]:
    """Return the tags that a text lists with commas between them."""
    return [tag.strip() for tag in text.split(",") if tag.strip()]
