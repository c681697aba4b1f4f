"""The contracts on all places: the rehearsal's services, and those that a file names."""

import re
from pathlib import Path

import pytest

import ocim
from ocim.catalog.steps.all_steps import STEPS
from tests.conformance import contracts
from tests.conformance.contracts import CONTRACTS, Contract
from tests.conformance.place import Place

IN_ADMIN = re.compile(r"/admin/[a-z]+/[a-z]+/(?:add/)?")


@pytest.mark.xdist_group("services")
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("contract", CONTRACTS, ids=str)
def test_a_contract_is_kept(place: Place, contract: Contract) -> None:
    contract.check(place)


def test_every_admin_address_that_ocim_names_is_tried() -> None:
    """Compare the addresses in Ocim's texts with those that the contracts try."""
    sources = Path(ocim.__file__).parent
    texts = [*(sources / "catalog").rglob("*.py"), *(sources / "operations").rglob("*.py")]
    named = {address for path in texts for address in IN_ADMIN.findall(path.read_text())}
    assert named == {path for paths in contracts.ADMIN.values() for path in paths}


def test_every_set_up_step_is_tried() -> None:
    assert [step.name for step in STEPS] == [
        name for names in contracts.STEPS.values() for name in names
    ]
