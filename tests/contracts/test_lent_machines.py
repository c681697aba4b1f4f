"""The contract of records of lent machines."""

import pytest

from ocim.adapters.memory.lent_machines import MemoryMachines
from ocim.ports.lent_machines import LentMachine, LentMachines
from ocim.store.lent_machines import StoredMachines

MACHINE = {"name": "rack-1", "address": "192.0.2.1"}


@pytest.fixture(params=["memory", pytest.param("database", marks=pytest.mark.django_db)])
def lent(request: pytest.FixtureRequest) -> LentMachines:
    return MemoryMachines() if request.param == "memory" else StoredMachines()


def test_no_machine_is_lent_at_first(lent: LentMachines) -> None:
    assert list(lent.all()) == []
    assert list(lent.of_host("one")) == []


def test_a_machine_is_lent_to_one_host_at_a_time(lent: LentMachines) -> None:
    assert lent.take("rack-1", "one")

    assert not lent.take("rack-1", "two")
    assert lent.take("rack-1", "one")
    assert list(lent.all()) == [LentMachine("rack-1", "one")]


def test_a_host_is_complete_once_its_machine_is_described(lent: LentMachines) -> None:
    lent.take("rack-1", "one")

    assert lent.describe("rack-1", "one", MACHINE)

    assert list(lent.of_host("one")) == [LentMachine("rack-1", "one", MACHINE)]


def test_a_machine_of_another_host_cannot_be_described(lent: LentMachines) -> None:
    lent.take("rack-1", "one")

    assert not lent.describe("rack-1", "two", MACHINE)
    assert list(lent.of_host("one")) == [LentMachine("rack-1", "one")]


def test_a_machine_that_was_not_used_is_free_at_once(lent: LentMachines) -> None:
    lent.take("rack-1", "one")

    lent.release("rack-1", "two")
    assert lent.of_host("one")
    lent.release("rack-1", "one")

    assert lent.take("rack-1", "two")


def test_a_machine_of_a_complete_host_is_not_free_before_it_is_cleaned(lent: LentMachines) -> None:
    lent.take("rack-1", "one")
    lent.describe("rack-1", "one", MACHINE)

    lent.release("rack-1", "one")

    assert not lent.take("rack-1", "two")


def test_services_that_were_stopped_are_recorded(lent: LentMachines) -> None:
    lent.take("rack-1", "one")
    lent.set_stopped("one", True)
    assert [machine.is_stopped for machine in lent.of_host("one")] == [True]

    lent.set_stopped("one", False)
    assert [machine.is_stopped for machine in lent.of_host("one")] == [False]


def test_a_machine_is_free_once_it_is_cleaned(lent: LentMachines) -> None:
    lent.take("rack-1", "one")
    lent.describe("rack-1", "one", MACHINE)
    token = lent.begin_cleaning("rack-1", "one")
    assert not lent.take("rack-1", "one")

    assert lent.end_cleaning("rack-1", token)

    assert list(lent.of_host("one")) == []
    assert lent.take("rack-1", "two")


def test_only_the_attempt_that_began_last_makes_it_free(lent: LentMachines) -> None:
    lent.take("rack-1", "one")
    first = lent.begin_cleaning("rack-1", "one")
    second = lent.begin_cleaning("rack-1", "one")

    assert not lent.end_cleaning("rack-1", first)
    assert not lent.take("rack-1", "two")
    assert lent.end_cleaning("rack-1", second)
    assert lent.take("rack-1", "two")


def test_a_machine_of_another_host_cannot_be_cleaned(lent: LentMachines) -> None:
    lent.take("rack-1", "one")

    assert lent.begin_cleaning("rack-1", "two") == ""
    assert lent.begin_cleaning("rack-2", "one") == ""


def test_a_machine_whose_host_is_cleaned_away_is_not_described(lent: LentMachines) -> None:
    lent.take("rack-1", "one")
    lent.begin_cleaning("rack-1", "one")

    assert not lent.describe("rack-1", "one", MACHINE)


def test_an_interrupted_cleaning_keeps_a_machine_out_of_use(lent: LentMachines) -> None:
    lent.take("rack-1", "one")
    lent.begin_cleaning("rack-1", "one")

    (machine,) = lent.all()

    assert machine.kept_out == "cleaning it was interrupted"


def test_a_machine_that_was_not_cleaned_is_not_lent_until_it_is_readmitted(
    lent: LentMachines,
) -> None:
    lent.take("rack-1", "one")
    token = lent.begin_cleaning("rack-1", "one")
    lent.end_cleaning("rack-1", token, "no such tool")
    assert not lent.take("rack-1", "two")
    assert list(lent.all()) == [LentMachine("rack-1", kept_out="no such tool")]

    assert lent.readmit("rack-1")

    assert not lent.readmit("rack-1")
    assert lent.take("rack-1", "two")
