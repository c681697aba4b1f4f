import pytest

from ocim.adapters.providers import flavors
from ocim.adapters.providers.flavors import Limits
from ocim.adapters.providers.nspawn import limits
from ocim.core.errors import ValidationError


def test_both_limits_are_read() -> None:
    assert flavors.read("memory=2G, cpus=1.5") == Limits(memory=2 * 2**30, cpus=1.5)


def test_without_a_flavor_there_are_no_limits() -> None:
    assert flavors.read("") == Limits()


def test_all_faults_of_a_flavor_are_told_at_once() -> None:
    with pytest.raises(ValidationError) as caught:
        flavors.read("memory=lots,cpus=0,disk=1G")

    assert len(caught.value.faults) == 3


def test_systemd_enforces_the_same_limits() -> None:
    properties = limits.of_unit(Limits(memory=2**30, cpus=1.5))
    assert {"--property=MemoryMax=1073741824", "--property=CPUQuota=150%"} <= set(properties)
