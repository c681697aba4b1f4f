"""Build the images that stand in for those of Tutor: `python images.py [NAME:TAG …]`.

The engine is the one that DOCKER_HOST names. Nothing comes from a registry of images: Debian's
packages and those of PyPI make a base, and a Dockerfile each the rest. What has been built from the
same files is left as it is. Prints a JSON object: name and tag to the image's digest.
"""

import argparse
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from uv import find_uv_bin

HERE = Path(__file__).parent
CONTEXT = HERE.parent
PREFIX = "ocim-rehearsal"
INPUTS = "ocim.rehearsal.inputs"
BASE = "base:latest"
SUITE = "bookworm"
PACKAGES = (
    *("ca-certificates", "make", "mariadb-client-core", "mariadb-server-core"),
    *("passwd", "python3", "redis-server", "redis-tools", "tzdata"),
)
SCRIPTS = ("celery", "gunicorn", "uwsgi")
LIBRARIES = "usr/local/lib/python3.11/dist-packages"
# Set-up of the base, where "$1" is its root. Compiled once: tasks start Python some fifty times.
# Pages of documentation are removed here: mmdebstrap starts a program for each package to leave out
# what dpkg is told to (path-exclude).
HOOKS = (
    'rm -r "$1"/usr/share/doc/* "$1"/usr/share/locale/* "$1"/usr/share/man/*',
    'chroot "$1" useradd --uid 1000 --create-home --home-dir /openedx app',
    f'"$UV" pip install --quiet --python "$PYTHON" --python-version 3.11 --require-hashes'
    f' --target "$1/{LIBRARIES}" --requirement "$REQUIREMENTS"',
    f'cd "$1/{LIBRARIES}/bin" && sed -i "1s|^#!.*|#!/usr/bin/python3|" {" ".join(SCRIPTS)}'
    f' && mv caddy {" ".join(SCRIPTS)} "$1/usr/local/bin/" && rm -r ../bin',
    'ln -s python3 "$1/usr/bin/python"',
    f'chroot "$1" python3 -m compileall -q -x "/(faker|geodata|locale-data)/" /{LIBRARIES}',
)


@dataclass(frozen=True)
class Image:
    """An image with a Dockerfile of its own, `directory`; some have the rehearsal's code."""

    name: str
    directory: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    code: bool = False

    def files(self) -> Iterator[Path]:
        """Yield the files from which it is built, besides the base."""
        yield from _files(HERE / self.directory)
        if self.code:
            yield from _files(CONTEXT / "rehearsal")


RELEASES = {
    "sumac": "open-release/sumac.3",
    "teak": "release/teak.3",
    "ulmo": "release/ulmo.4",
    "verawood": "release/verawood.1",
}


def _service(name: str, tag: str, **arguments: str) -> Image:
    release = {"RELEASE": RELEASES.get(tag, RELEASES["verawood"])}
    return Image(f"{name}:{tag}", name, release | arguments, code=True)


IMAGES = (
    *(
        Image(f"{name}:latest", name)
        for name in ("caddy", "meilisearch", "mfe", "mongodb", "mysql", "permissions", "redis")
    ),
    Image("search:latest", "search", code=True),
    *(_service(name, tag) for tag in RELEASES for name in ("openedx", "discovery")),
    # It starts, and its heartbeat fails for ever.
    _service("openedx", "broken", FAULTS="heartbeat-500"),
    # There is none after sumac.
    *(_service(name, "sumac") for name in ("ecommerce", "ecommerce-worker")),
)


def main() -> None:
    """Build what the arguments name, or all, and print the digests."""
    parser = argparse.ArgumentParser(description="Build the images that stand in for Tutor's.")
    parser.add_argument("images", nargs="*", metavar="NAME:TAG", help="default: all")
    names = parser.parse_args().images
    unknown = set(names) - {image.name for image in IMAGES}
    if unknown:
        sys.exit(
            f"No image {', '.join(sorted(unknown))}. Choose from:"
            f" {', '.join(image.name for image in IMAGES)}."
        )
    chosen = [image for image in IMAGES if image.name in (names or [image.name])]
    if absent := [name for name in ("docker", "mmdebstrap") if not shutil.which(name)]:
        sys.exit(f"Install {' and '.join(absent)}: no program of this name is on PATH.")
    try:
        print(json.dumps(ensure(chosen), indent=2))  # noqa: T201
    except subprocess.CalledProcessError as error:
        sys.exit(f"Cannot build the images: `{error.cmd[0]}` ended with status {error.returncode}.")


def ensure(images: Sequence[Image]) -> dict[str, str]:
    """Return the digest of each image by its name; build those whose files have changed.

    Processes that need them at once on the same engine build them once, from whatever checkout.
    """
    # Without an engine, some versions of `docker info` only say that they cannot tell its id.
    for command in (["version"], ["info", "--format", "{{.ID}}"]):
        asked = subprocess.run(["docker", *command], capture_output=True, text=True, check=False)
        if asked.returncode:
            sys.exit(asked.stderr.strip())
    name = f"ocim-rehearsal-{os.getuid()}-{_digest([], asked.stdout)}.lock"
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
    lock = os.open(Path(tempfile.gettempdir(), name), flags, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _ensure(images)
    finally:
        os.close(lock)


def _ensure(images: Sequence[Image]) -> dict[str, str]:
    base = _digest([HERE / "requirements.txt"], SUITE, PACKAGES, HOOKS)
    inputs = {
        image.name: _digest(image.files(), base, *image.arguments.items()) for image in images
    }
    present = _inspect([BASE, *inputs])
    if present.get(BASE, ("", ""))[1] != base:
        _build_base(base)
    outdated = [
        image for image in images if present.get(image.name, ("", ""))[1] != inputs[image.name]
    ]
    for image in outdated:
        _build(image, inputs[image.name])
    if outdated:
        _docker("image", "prune", "--force", "--filter", f"label={INPUTS}")
        present = _inspect(list(inputs))
    return {f"{PREFIX}/{name}": present[name][0] for name in inputs}


def _build_base(inputs: str) -> None:
    """Import a Debian with Python's packages, MariaDB, Redis and Caddy: what all images begin with.

    One base is stored once, where an image each with a part of it would be stored several times.
    """
    print(f"Building {PREFIX}/{BASE}", file=sys.stderr)  # noqa: T201
    bootstrap = ["mmdebstrap", "--quiet", "--variant=essential", f"--include={','.join(PACKAGES)}"]
    bootstrap += [f"--customize-hook={hook}" for hook in HOOKS]
    environment = {
        **os.environ,
        "UV": find_uv_bin(),
        "PYTHON": sys.executable,
        "REQUIREMENTS": str(HERE / "requirements.txt"),
    }
    with subprocess.Popen(
        [*bootstrap, SUITE, "-"], stdout=subprocess.PIPE, env=environment
    ) as made:
        change = f"LABEL {INPUTS}={inputs}"
        _docker("import", "--change", change, "-", f"{PREFIX}/{BASE}", stdin=made.stdout)
    if made.returncode:
        _docker("image", "rm", f"{PREFIX}/{BASE}")
        raise subprocess.CalledProcessError(made.returncode, made.args)


def _build(image: Image, inputs: str) -> None:
    print(f"Building {PREFIX}/{image.name}", file=sys.stderr)  # noqa: T201
    arguments = [f"--build-arg={name}={value}" for name, value in image.arguments.items()]
    file = HERE / image.directory / "Dockerfile"
    _docker(
        *("build", "--quiet", "--network=none", f"--label={INPUTS}={inputs}", *arguments),
        *(f"--file={file}", f"--tag={PREFIX}/{image.name}", str(CONTEXT)),
    )


def _inspect(names: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return digest and inputs of those images that the engine has."""
    command = ["docker", "image", "inspect", *(f"{PREFIX}/{name}" for name in names)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if "No such image" not in answer.stderr and answer.returncode:
        sys.exit(answer.stderr.strip())
    return {
        tag.removeprefix(f"{PREFIX}/"): (
            image["Id"],
            (image["Config"]["Labels"] or {}).get(INPUTS, ""),
        )
        for image in json.loads(answer.stdout)
        for tag in image["RepoTags"]
    }


def _docker(*arguments: str, stdin: IO[bytes] | None = None) -> None:
    """Run docker with the old builder: BuildKit would ask a registry for the base."""
    environment = {**os.environ, "DOCKER_BUILDKIT": "0"}
    subprocess.run(
        ["docker", *arguments], stdin=stdin, stdout=sys.stderr, env=environment, check=True
    )


def _files(directory: Path) -> Iterator[Path]:
    for path in sorted(directory.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path


def _digest(files: Iterable[Path], *others: object) -> str:
    """Return a digest of files with their names and modes, and of other values."""
    digest = hashlib.sha256(repr(others).encode())
    for path in files:
        mode = path.stat().st_mode & 0o111
        digest.update(f"{path.relative_to(CONTEXT)} {mode}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


if __name__ == "__main__":
    main()
