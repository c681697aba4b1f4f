import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocim.core.errors import ValidationError
from ocim.core.waves import Candidate, Share, waves

FLEETS = st.lists(st.sampled_from("abc"), max_size=20).map(
    lambda kinds: [Candidate(pk, kind) for pk, kind in enumerate(kinds)]
)


def canaries(fleet: list[Candidate], count: int) -> list[Candidate]:
    of = waves(fleet, [Share(count=count)])
    return [item for item in fleet if of[item.id] == 0]


def test_one_of_each_kind_goes_before_a_second_of_any() -> None:
    fleet = [Candidate(pk, kind) for pk, kind in enumerate("aaabbc")]
    assert [canary.id for canary in canaries(fleet, 2)] == [0, 3]
    assert [canary.id for canary in canaries(fleet, 3)] == [0, 3, 5]
    assert [canary.id for canary in canaries(fleet, 4)] == [0, 1, 3, 5]


@given(FLEETS, st.integers(1, 20))
def test_there_are_as_many_as_asked_for_and_of_as_many_kinds_as_can_be(
    fleet: list[Candidate], count: int
) -> None:
    chosen = canaries(fleet, count)
    assert len(chosen) == min(count, len(fleet))
    kinds = {item.kind for item in fleet}
    assert len({item.kind for item in chosen}) == min(count, len(kinds))


@given(FLEETS)
def test_without_shares_all_go_at_once(fleet: list[Candidate]) -> None:
    assert set(waves(fleet, []).values()) <= {0}


@pytest.mark.parametrize(
    "shares, expected",
    [
        (["1", "50%"], [0, 1, 1, 1, 1, 1, 2, 2, 2, 2]),
        (["1%"], [0] + [1] * 9),
        (["100%"], [0] * 10),
        (["tag:early", "1"], [1, 2, 2, 0, 2, 2, 2, 0, 2, 2]),
        (["tag:nobody", "1"], [0] + [1] * 9),
    ],
)
def test_waves_follow_one_another_without_gaps(shares: list[str], expected: list[int]) -> None:
    fleet = [
        Candidate(pk, "same", frozenset({"early"} if pk in {3, 7} else ())) for pk in range(10)
    ]
    of = waves(fleet, [Share.of(text) for text in shares])
    assert [of[pk] for pk in range(10)] == expected


@pytest.mark.parametrize(
    "text",
    ["", "0", "-1", "ten", "5 %", "tag:", "%", "1.5%", "0%", "101%", "200%", "-5%", "nan", "nan%",
     "1e3", "1e1%", "\u0663%", "1_0"],
)  # fmt: skip
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="is no wave"):
        Share.of(text)
