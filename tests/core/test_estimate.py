import pytest

from ocim.core.estimate import seconds_left


@pytest.mark.parametrize(
    "ended, running, waiting, slots, left",
    [
        ([], [5], 3, 2, None),
        ([60], [], 0, 2, None),
        ([60], [], 4, 2, 120),
        ([60], [], 5, 2, 180),
        ([60], [20, 50], 0, 2, 40),
        ([60], [20, 50], 1, 2, 70),
        ([60], [90], 0, 1, 0),
        ([60], [90], 1, 1, 60),
        ([50, 60, 600], [], 1, 6, 60),
        ([60], [10, 10, 10], 1, 2, 110),
    ],
)
def test_it_goes_by_what_it_took_so_far(
    ended: list[float], running: list[float], waiting: int, slots: int, left: float | None
) -> None:
    assert seconds_left(ended=ended, running=running, waiting=waiting, slots=slots) == left
