"""Waves of a rollout: the instances that go first, few and as different as possible."""

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
    """An instance, with its kind: all that may make it fail where others do not."""

    id: int
    kind: Hashable
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Share:
    """The share of the instances that goes in one wave. Exactly one field is set."""

    count: int = 0
    percent: int = 0
    """Percentage of all instances, rounded up."""
    tag: str = ""

    @classmethod
    def of(cls, text: str) -> "Share":
        """Read `3`, `10%` or `tag:early`. Raise ValidationError for anything else."""
        text = text.strip()
        if text.startswith(_TAG) and text != _TAG:
            return cls(tag=text.removeprefix(_TAG))
        match = _NUMBER.fullmatch(text)
        if not match:
            raise ValidationError([f"{text!r} is no wave."], remedy="As in 3, 10% or tag:early.")
        number = int(match[1])
        if match[2] and number > _ALL:
            raise ValidationError([f"{text!r} is no wave: {_ALL}% are all instances."])
        return cls(percent=number) if match[2] else cls(count=number)

    def __str__(self) -> str:
        if self.tag:
            return f"{_TAG}{self.tag}"
        return str(self.count) if self.count else f"{self.percent}%"

    def taken(self, left: Sequence[Candidate], total: int) -> list[Candidate]:
        """Choose this wave's members from `left`: one of every kind before a second of any kind.

        `total` is the number of instances in all waves.
        """
        if self.tag:
            return [candidate for candidate in left if self.tag in candidate.tags]
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
    """Return the wave of every instance, by id: from 0 on, without gaps.

    Instances that are in no share come in the last wave.
    """
    wave_of: dict[int, int] = {}
    wave = 0
    for share in shares:
        left = [candidate for candidate in candidates if candidate.id not in wave_of]
        if chosen := share.taken(left, len(candidates)):
            wave_of |= {candidate.id: wave for candidate in chosen}
            wave += 1
    return {candidate.id: wave_of.get(candidate.id, wave) for candidate in candidates}


def _by_variety(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Sort candidates: the first of each kind, then the second of each kind, and so on."""
    seen: dict[Hashable, int] = {}
    rounds = []
    for candidate in candidates:
        seen[candidate.kind] = seen.get(candidate.kind, 0) + 1
        rounds.append(seen[candidate.kind])
    order = sorted(range(len(candidates)), key=lambda position: (rounds[position], position))
    return [candidates[position] for position in order]
