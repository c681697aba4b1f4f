import pytest

from ocim.core.errors import ValidationError
from ocim.core.routing import Routing, Site, check_routing

GOOD = Site(("demo.localhost", "xn--bcher-kva.example"), ("127.0.0.2:8000", "[fd00::1]:8000"))


def test_a_good_routing_passes() -> None:
    check_routing(Routing((GOOD, Site(("empty.example",), (), user="u", password_hash="h"))))


@pytest.mark.parametrize(
    "site, fault",
    [
        (Site((), ()), "A site has no host name."),
        (Site(("*.example",), ()), "'*.example' is not a host name."),
        (Site(("{env.HOME}",), ()), "'{env.HOME}' is not a host name."),
        (Site(("a.example",), (), host_header="b c"), "'b c' is not a host name."),
        (Site(("a.example",), ("{file./etc/passwd}:1",)), "is not `address:port`"),
        (Site(("a.example",), ("10.0.0.1",)), "a.example: '10.0.0.1' is not `address:port`."),
        (Site(("a.example",), (), health_path="heartbeat"), "must start with a slash"),
        (Site(("a.example",), (), user="staff"), "or neither"),
        (Site(("Demo.localhost",), ()), "demo.localhost belongs to 2 sites. Use it for one."),
    ],
)
def test_a_fault_is_named(site: Site, fault: str) -> None:
    with pytest.raises(ValidationError) as refused:
        check_routing(Routing((GOOD, site)))
    assert len(refused.value.faults) == 1
    assert fault in refused.value.faults[0]
