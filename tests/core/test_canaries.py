from hypothesis import given
from hypothesis import strategies as st

from ocim.core.canaries import Candidate, waves

FLEETS = st.lists(st.sampled_from("abc"), max_size=20).map(
    lambda kinds: [Candidate(pk, kind) for pk, kind in enumerate(kinds)]
)


def canaries(fleet: list[Candidate], count: int) -> list[Candidate]:
    of = waves(fleet, count)
    return [one for one in fleet if of[one.id] == 0]


def test_one_of_each_kind_goes_before_a_second_of_any() -> None:
    fleet = [Candidate(pk, kind) for pk, kind in enumerate("aaabbc")]
    assert [one.id for one in canaries(fleet, 2)] == [0, 3]
    assert [one.id for one in canaries(fleet, 3)] == [0, 3, 5]
    assert [one.id for one in canaries(fleet, 4)] == [0, 1, 3, 5]


@given(FLEETS, st.integers(1, 20))
def test_there_are_as_many_as_asked_for_and_of_as_many_kinds_as_can_be(
    fleet: list[Candidate], count: int
) -> None:
    chosen = canaries(fleet, count)
    assert len(chosen) == min(count, len(fleet))
    kinds = {one.kind for one in fleet}
    assert len({one.kind for one in chosen}) == min(count, len(kinds))


@given(FLEETS)
def test_without_canaries_all_go_at_once(fleet: list[Candidate]) -> None:
    assert set(waves(fleet, 0).values()) <= {0}
