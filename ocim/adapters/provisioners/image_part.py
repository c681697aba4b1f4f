"""The part of a configuration that no instance differs in: its playbook, and what that depends on.

`site.image.yml` beside `site.yml` installs it, mostly with `tasks/image.yml` of roles.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from ocim.adapters.provisioners.masking import holds_secrets
from ocim.core.errors import NotPossible
from ocim.core.secrets import without_credentials
from ocim.core.spec import ProvisionJob
from ocim.documents.configuration_repository import read_repository

SUFFIX = ".image.yml"
TASKS = ("image.yml", "main.yml")
"""What of a role is run: the first that it has."""
_WORD = re.compile(r"[A-Za-z_][\w.-]*")
_COMMENT = re.compile(r"(?m)^\s*#.*$")


def image_part(job: ProvisionJob, playbook: Path) -> tuple[Path, dict[str, object]]:
    """The playbook of the job's image, and the variables that it is given: no others.

    NotPossible where there is no such playbook, or where it names something secret.
    """
    of_image = playbook.with_name(f"{playbook.stem}{SUFFIX}")
    if not of_image.is_file():
        where = without_credentials(job.source.repository_url)
        raise NotPossible(
            f"There are no images for {playbook.name} of {where}: it has"
            f" no {of_image.name}, which would say what no instance differs in.",
        )
    names = names_in(of_image)
    variables = {name: value for name, value in job.variables.items() if name in names}
    if secret := sorted(name for name, value in variables.items() if holds_secrets(value)):
        raise NotPossible(
            f"{of_image.name} names what is secret: {', '.join(secret)}. Images hold no secrets.",
            remedy="Leave what needs it to the instance part.",
        )
    return of_image, variables


def names_in(playbook: Path) -> frozenset[str]:
    """Every name that an image playbook may read, and many that it does not.

    Names are words: of the playbook, of others like it and of the tasks of roles that it names, of
    files of these roles that are named there, and of the defaults of all variables that are named.
    A name that is put together from pieces, or given by what runs on the host, is not found.
    """
    roles = playbook.parent / "roles"
    definitions = read_repository(playbook.parent).definitions if roles.is_dir() else {}
    found: set[str] = set()
    new = set(_words(playbook))
    while new:
        found |= new
        files = [playbook.with_name(name) for name in new if name.endswith(SUFFIX)]
        files = [file for file in files if file.is_file()]
        files += [file for name in found for file in _files(roles / name, found)]
        values = [one.used for name in new for one in definitions.get(name, ())]
        new = {word for file in files for word in _words(file)}.union(*values) - found
    return frozenset(found)


def digest_of_values(variables: Mapping[str, object]) -> str:
    """The same for equal values, whatever their order."""
    text = json.dumps(variables, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def digest_of(directory: Path) -> str:
    """The same for the same files, whatever their times and whatever compiled code is there."""
    digest = hashlib.sha256()
    for path in sorted(directory.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            name = path.relative_to(directory).as_posix()
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"{name}\0{content}\0{path.stat().st_mode & 0o111}\n".encode())
    return digest.hexdigest()[:16]


def _files(role: Path, names: set[str]) -> Iterator[Path]:
    """What of a role is read where these names are spoken of; nothing where it is no role."""
    tasks = [role / "tasks" / name for name in TASKS]
    if begin := next(filter(Path.is_file, tasks), None):
        yield begin
        for part in ("tasks", "handlers", "templates", "files", "meta"):
            for file in (role / part).rglob("*"):
                if file.is_file() and file not in tasks and file.name in names:
                    yield file


def _words(file: Path) -> Iterator[str]:
    for word in _WORD.findall(_COMMENT.sub("", file.read_text(errors="replace"))):
        yield word
        yield from re.split(r"[.-]", word)
