"""Images of containers: what was written over the base, laid below what others write."""

import os
import shutil
from pathlib import Path

from ocim.adapters.providers.nspawn.container import Container
from ocim.adapters.providers.nspawn.furnishing import OWN

LAYER = "layer"
BASE = "base"
"""Holds the name of the base that the layer belongs on."""
IMAGE = "image"
"""In a container's directory: leads to the image that it was made from."""


def capture(container: Container, base: str, image: Path) -> None:
    """Move what was written on the container, which is not mounted, into the image."""
    upper = container.directory / "upper"
    for path in [path for pattern in OWN for path in upper.glob(pattern)]:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    upper.rename(image / LAYER)
    (image / BASE).write_text(base)


def lay(image: Path, container: Container) -> str:
    """Let the container be one that is made from the image; returns the name of its base."""
    (container.directory / IMAGE).symlink_to(os.path.relpath(image, container.directory))
    return (image / BASE).read_text()


def below(container: Container) -> list[Path]:
    """What lies between the container and its base."""
    layer = container.directory / IMAGE / LAYER
    return [layer] if layer.exists() else []


def of(container: Container) -> str:
    """The name of the image that it was made from; empty where it was bare."""
    link = container.directory / IMAGE
    return link.readlink().name if link.is_symlink() else ""
