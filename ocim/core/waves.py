"""Which instances go first: few, and as different from one another as can be."""

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import ceil

from ocim.core.errors import ValidationError

_NUMBER = re.compile(r"([1-9][0-9]{0,8})(%?)")
_TAG = "tag:"
_ALL = 100
"""Percent."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An instance, and what may make it break where others do not."""

    id: int
    kind: Hashable
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Share:
    """Who goes in one wave: just one of these is set."""

    count: int = 0
    percent: int = 0
    """Of all instances, rounded up."""
    tag: str = ""

    @classmethod
    def of(cls, text: str) -> "Share":
        """Read `3`, `10%` or `tag:early`; ValidationError for anything else."""
        text = text.strip()
        if text.startswith(_TAG) and text != _TAG:
            return cls(tag=text.removeprefix(_TAG))
        found = _NUMBER.fullmatch(text)
        if not found:
            raise ValidationError([f"{text!r} is no wave."], remedy="As in 3, 10% or tag:early.")
        number = int(found[1])
        if found[2] and number > _ALL:
            raise ValidationError([f"{text!r} is no wave: {_ALL}% are all instances."])
        return cls(percent=number) if found[2] else cls(count=number)

    def __str__(self) -> str:
        if self.tag:
            return f"{_TAG}{self.tag}"
        return str(self.count) if self.count else f"{self.percent}%"

    def taken(self, left: Sequence[Candidate], total: int) -> list[Candidate]:
        """Those of the ones that are left; where not all go, one of each kind before a second."""
        if self.tag:
            return [one for one in left if self.tag in one.tags]
        return _by_variety(left)[: self.count or ceil(self.percent * total / 100)]


def read_shares(text: str) -> tuple[Share, ...]:
    """Read `3,10%,tag:early`. Raise ValidationError with everything that is wrong with it."""
    shares: list[Share] = []
    faults: list[str] = []
    for word in text.split(","):
        try:
            shares.append(Share.of(word))
        except ValidationError as error:
            faults += error.faults
    if not faults and (percent := sum(share.percent for share in shares)) > _ALL:
        faults.append(f"{text} is {percent}% of the instances: {_ALL}% are all.")
    if faults:
        raise ValidationError(faults, remedy="As in 3,10%,tag:early.")
    return tuple(shares)


def waves(candidates: Sequence[Candidate], shares: Sequence[Share]) -> dict[int, int]:
    """Wave by id, from 0 on without gaps; those in no share come last."""
    wave_of: dict[int, int] = {}
    wave = 0
    for share in shares:
        left = [one for one in candidates if one.id not in wave_of]
        if chosen := share.taken(left, len(candidates)):
            wave_of |= {one.id: wave for one in chosen}
            wave += 1
    return {one.id: wave_of.get(one.id, wave) for one in candidates}


def _by_variety(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The first of each kind, then the second of each, and so on; otherwise in their order."""
    seen: dict[Hashable, int] = {}
    rounds = []
    for one in candidates:
        seen[one.kind] = seen.get(one.kind, 0) + 1
        rounds.append(seen[one.kind])
    order = sorted(range(len(candidates)), key=lambda position: (rounds[position], position))
    return [candidates[position] for position in order]
