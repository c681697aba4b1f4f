"""Arguments of commands that hold a document or name its file."""

from pathlib import Path

from ocim.core.errors import BadInput
from ocim.documents.yaml_text import MAX_BYTES


def text_of_argument(argument: str, *, option: str) -> tuple[str, str]:
    """The document, and what faults in it should call it.

    `@PATH` is the file's content, and so is the bare path of a file that exists; anything else is
    the document itself. BadInput where a file cannot be read.
    """
    path = Path(argument.removeprefix("@"))
    if not argument.startswith("@") and not _is_file(path):
        return argument, option
    try:
        with path.open("rb") as file:
            # One byte more than is allowed is enough to be refused.
            return file.read(MAX_BYTES + 1).decode(), str(path)
    except UnicodeDecodeError:
        raise BadInput([f"{option}: {path} is not a text file in UTF-8."]) from None
    except OSError as error:
        raise BadInput([f"{option}: {path} cannot be read: {error.strerror}."]) from error


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # inline YAML may be no possible path at all
        return False
