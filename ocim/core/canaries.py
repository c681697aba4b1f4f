"""Which instances go first: few, and as different from one another as can be."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Candidate:
    """An instance, and what may make it break where others do not."""

    id: int
    kind: Hashable


def waves(candidates: Sequence[Candidate], canaries: int) -> dict[int, int]:
    """Wave by id: 0 for so many canaries, 1 for the rest; all 0 where no canaries are asked for.

    One of each kind is taken, in the order of the candidates, before a second one of any.
    """
    if canaries <= 0 or canaries >= len(candidates):
        return {one.id: 0 for one in candidates}
    seen: dict[Hashable, int] = {}
    rank = {}
    for position, one in enumerate(candidates):
        seen[one.kind] = seen.get(one.kind, 0) + 1
        rank[one.id] = (seen[one.kind], position)
    first = set(sorted(rank, key=lambda pk: rank[pk])[:canaries])
    return {one.id: 0 if one.id in first else 1 for one in candidates}
