"""Images: what they are named after, and which of them go."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Image:
    """What hosts are made from on which all that no instance differs in is installed already."""

    name: str
    """A digest of `inputs`: other inputs, another image."""
    inputs: Mapping[str, str]
    """All that it depends on."""
    built: datetime
    size: int
    """In bytes."""
    hosts: tuple[str, ...] = ()
    """The names of the hosts that were made from it and are still there."""


def image_name(inputs: Mapping[str, str]) -> str:
    """The same for equal inputs, whatever process computes it; another for any other."""
    text = json.dumps(sorted(inputs.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def superfluous(images: Iterable[Image], *, keep: int) -> list[Image]:
    """Those that no host needs and that are not among the `keep` newest, the oldest first."""
    newest_first = sorted(images, key=lambda one: one.built, reverse=True)
    return [one for one in reversed(newest_first[keep:]) if not one.hosts]
