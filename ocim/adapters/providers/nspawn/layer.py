"""Images of containers: overlay layers between the base and what containers write."""

import os
import shutil
from pathlib import Path

from ocim.adapters.providers.nspawn.container import Container
from ocim.adapters.providers.nspawn.root import OWN

LAYER = "layer"
BASE = "base"
"""Name of an image's file with the name of its base."""
IMAGE = "image"
"""Name of a link in a container's directory, to the image that it was made from."""


def capture(container: Container, base: str, image: Path) -> None:
    """Move what was written on an unmounted container into the image."""
    upper = container.directory / "upper"
    for path in [path for pattern in OWN for path in upper.glob(pattern)]:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    upper.rename(image / LAYER)
    (image / BASE).write_text(base)


def link(image: Path, container: Container) -> str:
    """Link the container to the image, and return the name of the image's base."""
    (container.directory / IMAGE).symlink_to(os.path.relpath(image, container.directory))
    return (image / BASE).read_text()


def layers_of(container: Container) -> list[Path]:
    """Return the layers between the container and its base."""
    layer = container.directory / IMAGE / LAYER
    return [layer] if layer.exists() else []


def image_of(container: Container) -> str:
    """Return the name of the container's image; empty if it has none."""
    path = container.directory / IMAGE
    return path.readlink().name if path.is_symlink() else ""
