"""Images of hosts: their names, and the choice of superfluous ones."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Image:
    """Template of hosts, on which everything is installed that all instances have in common."""

    name: str
    """Digest of `inputs`, so that images with different inputs have different names."""
    inputs: Mapping[str, str]
    """Inputs that determine the content of the image."""
    built: datetime
    size: int
    """Size in bytes."""
    hosts: tuple[str, ...] = ()
    """Names of the existing hosts that were made from it."""


def image_name(inputs: Mapping[str, str]) -> str:
    """Return a digest of the inputs, the same in every process."""
    text = json.dumps(sorted(inputs.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def superfluous(images: Iterable[Image], *, keep: int) -> list[Image]:
    """Return the images that no host uses, without the `keep` newest ones, oldest first."""
    newest_first = sorted(images, key=lambda image: image.built, reverse=True)
    return [image for image in reversed(newest_first[keep:]) if not image.hosts]
