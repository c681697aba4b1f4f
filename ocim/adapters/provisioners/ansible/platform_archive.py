"""The archive of the platform's directory for app servers: the same content gives the same file."""

import gzip
import hashlib
import os
import tarfile
import tempfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

TOP = "edx-platform"
EPOCH = 315532800
"""Modification time of every packed file (1980), since real ones differ between checkouts."""


def platform_archive(platform: Path, cache: Path) -> Path:
    """Return the tar.gz of `platform` in `cache`, named after its content; pack it if missing.

    It unpacks to `edx-platform/`. The last file in the archive is an empty marker: with it, the
    directory is complete. It is named as the archive, but with a dot before and without a suffix.
    """
    files = list(_files(platform))
    digest = _digest(files)
    archive = cache / f"{TOP}-{digest}.tar.gz"
    if not archive.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=cache, delete=False) as unfinished:
            _pack(files, digest, unfinished.name)
        os.replace(unfinished.name, archive)  # noqa: PTH105
    return archive


def _files(platform: Path) -> Iterator[tuple[str, bytes, int]]:
    """Yield path, content and mode of every file, in order; links are followed."""
    for path in sorted(platform.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc":
            mode = 0o755 if path.stat().st_mode & 0o100 else 0o644
            yield path.relative_to(platform).as_posix(), path.read_bytes(), mode


def _digest(files: list[tuple[str, bytes, int]]) -> str:
    digest = hashlib.sha256()
    for name, content, mode in files:
        digest.update(f"{name}\0{mode}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]


def _pack(files: list[tuple[str, bytes, int]], digest: str, target: str) -> None:
    # Without a name and a time, which gzip would write into the file.
    with (
        Path(target).open("wb") as raw,
        gzip.GzipFile("", "wb", compresslevel=6, fileobj=raw, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        directory = tarfile.TarInfo(TOP)
        directory.type, directory.mode, directory.mtime = tarfile.DIRTYPE, 0o755, EPOCH
        archive.addfile(directory)
        for name, content, mode in [*files, (f".{TOP}-{digest}", b"", 0o644)]:
            entry = tarfile.TarInfo(f"{TOP}/{name}")
            entry.size, entry.mode, entry.mtime = len(content), mode, EPOCH
            archive.addfile(entry, BytesIO(content))
