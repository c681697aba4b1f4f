"""The image part of a configuration, which is the same for all instances.

The playbook `site.image.yml` beside `site.yml` installs it, mostly with `tasks/image.yml` of roles.
"""

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path, PurePosixPath

from ocim.core.errors import Conflict
from ocim.core.provisioning import ProvisionJob
from ocim.core.secrets import secret_texts, without_credentials
from ocim.core.variables import exact
from ocim.parsing.configuration_repository import read_repository
from ocim.parsing.tree import Tree

SUFFIX = ".image.yml"
TASKS = ("image.yml", "main.yml")
"""Task files of a role that an image part may run; the first that exists is used."""
_WORD = re.compile(r"[A-Za-z_][\w.-]*")
_COMMENT = re.compile(r"(?m)^\s*#.*$")


def image_part(job: ProvisionJob, playbook: Path, tree: Tree) -> tuple[Path, dict[str, object]]:
    """Return the playbook of the job's image, and the variables that it may read.

    `tree`: the configuration that `playbook` is in. Raise Conflict if there is no such playbook, or
    if it names a secret variable.
    """
    of_image = playbook.with_name(f"{playbook.stem}{SUFFIX}")
    if not tree.has(tree.name_of(of_image)):
        url = without_credentials(job.source.repository_url)
        raise Conflict(
            f"There are no images for {playbook.name} of {url}: it has no {of_image.name}, which"
            " would install the part that is the same for all instances.",
        )
    names = names_in(tree, tree.name_of(of_image))
    variables = {name: value for name, value in job.variables.items() if name in names}
    if secret := sorted(name for name, value in variables.items() if secret_texts(value)):
        raise Conflict(
            f"{of_image.name} uses secret variables: {', '.join(secret)}.",
            remedy="Use them in the instance part: images must not contain secrets.",
        )
    return of_image, variables


def names_in(tree: Tree, playbook: str) -> frozenset[str]:
    """Return every name that an image playbook may read, and many that it does not read.

    Names are the words of the playbook, of other image playbooks and roles' tasks that it names, of
    files of these roles that are named there, and of the defaults of all named variables. Names
    that are composed, or come from programs on the host, are not included.
    """
    directory = PurePosixPath(playbook).parent
    roles = set(tree.directories(str(directory / "roles")))
    definitions = read_repository(tree.root / directory).definitions if roles else {}
    names: set[str] = set()
    new = set(_words(tree, playbook))
    while new:
        names |= new
        files = [str(directory / name) for name in new if name.endswith(SUFFIX)]
        files = [file for file in files if tree.has(file)]
        named = roles.intersection(str(directory / "roles" / name) for name in names)
        files += [file for role in sorted(named) for file in _files(tree, role, names)]
        values = [definition.used for name in new for definition in definitions.get(name, ())]
        new = {word for file in files for word in _words(tree, file)}.union(*values) - names
    return frozenset(names)


def digest_of_values(variables: Mapping[str, object]) -> str:
    """Return a digest that is the same for equal values, whatever their order."""
    return hashlib.sha256(exact(variables).encode()).hexdigest()[:16]


def digest_of(directory: Path) -> str:
    """Return a digest of the files' content, names and modes.

    Times and compiled code are ignored.
    """
    digest = hashlib.sha256()
    tree = Tree(directory)
    for name in tree.files(deep=True):
        if "__pycache__" not in PurePosixPath(name).parts:
            content = hashlib.sha256(tree.read(name)).hexdigest()
            digest.update(f"{name}\0{content}\0{tree.is_executable(name):d}\n".encode())
    return digest.hexdigest()[:16]


def _files(tree: Tree, role: str, names: Collection[str]) -> Iterator[str]:
    """Yield the files of a role that are read if these names are mentioned.

    Yield nothing if the directory is no role.
    """
    tasks = [f"{role}/tasks/{name}" for name in TASKS]
    if begin := next(filter(tree.has, tasks), None):
        yield begin
        for part in ("tasks", "handlers", "templates", "files", "meta"):
            for file in tree.files(f"{role}/{part}", deep=True):
                if file not in tasks and PurePosixPath(file).name in names:
                    yield file


def _words(tree: Tree, file: str) -> Iterator[str]:
    for word in _WORD.findall(_COMMENT.sub("", tree.text(file))):
        yield word
        yield from re.split(r"[.-]", word)
