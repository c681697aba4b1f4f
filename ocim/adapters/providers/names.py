"""The fleet's names, as a host's /etc/hosts has them."""

from collections.abc import Mapping
from ipaddress import ip_address

from ocim.core.errors import ValidationError


def hosts_lines(names: Mapping[str, str]) -> list[str]:
    """Return a line for each name; ValidationError with all that are not fit for hosts(5)."""
    faults = []
    for name, address in names.items():
        if len(name.split()) != 1:
            faults.append(f"{name!r} is not a host name.")
        try:
            ip_address(address)
        except ValueError as error:
            faults.append(f"{name}: {error}.")
    if faults:
        raise ValidationError(faults)
    return [f"{address} {name.lower()}\n" for name, address in names.items()]
