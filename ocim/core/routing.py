"""What is wrong with a routing, before any balancer is asked to serve it."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields

from ocim.core.errors import ValidationError


@dataclass(frozen=True, slots=True)
class Site:
    """One set of public names and where their requests go."""

    domains: tuple[str, ...]
    upstreams: tuple[str, ...]
    """`address:port` of each app server in use; empty shows the holding page, with 503."""
    health_path: str = ""
    """Asked of several upstreams by the balancer; one that does not answer 200 gets no traffic.

    One alone is not asked: its own answer says more than the balancer's.
    """
    host_header: str = ""
    """Sent instead of the public name; for preview addresses."""
    user: str = ""
    password_hash: str = ""
    """bcrypt; where it is set, name and password are asked for."""


@dataclass(frozen=True, slots=True)
class Routing:
    """All that the balancer has to know."""

    sites: tuple[Site, ...]

    @property
    def digest(self) -> str:
        """The same for equal routings, whatever process computes it."""
        names = [item.name for item in fields(Site)]
        text = json.dumps([[getattr(site, name) for name in names] for site in self.sites])
        return hashlib.sha256(text.encode()).hexdigest()[:32]


_LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*", re.IGNORECASE | re.ASCII)
_LONGEST_NAME = 253
_UPSTREAM = re.compile(r"(\[[0-9a-f:]+\]|[a-z0-9._-]+):[0-9]{1,5}", re.IGNORECASE | re.ASCII)


def check_routing(routing: Routing) -> None:
    """Raise ValidationError with all faults: names that are none or used twice, bad upstreams."""
    faults = [fault for site in routing.sites for fault in _faults(site)]
    uses = Counter(name.lower() for site in routing.sites for name in site.domains)
    faults += [f"{name} belongs to {count} sites." for name, count in uses.items() if count > 1]
    if faults:
        raise ValidationError(faults, remedy="Nothing was changed in the balancer.")


def is_host_name(text: str) -> bool:
    """Whether it can be a site's name: labels of letters, digits, - and _, with dots between."""
    return len(text) <= _LONGEST_NAME and bool(_NAME.fullmatch(text))


def _faults(site: Site) -> Iterator[str]:
    label = site.domains[0] if site.domains else "A site"
    if not site.domains:
        yield "A site has no host name."
    names = (*site.domains, site.host_header) if site.host_header else site.domains
    for name in names:
        if not is_host_name(name.split(":")[0]):
            yield f"{name!r} is not a host name."
    for upstream in site.upstreams:
        if not _UPSTREAM.fullmatch(upstream):
            yield f"{label}: {upstream!r} is not `address:port`."
    if site.health_path and not site.health_path.startswith("/"):
        yield f"{label}: the health path {site.health_path!r} does not begin with a slash."
    if bool(site.user) != bool(site.password_hash):
        yield f"{label}: a user and a password hash belong together."
