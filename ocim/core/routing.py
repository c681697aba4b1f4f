"""Routing of public names to app servers, and its validation before a balancer gets it."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields

from ocim.core.errors import LostClaim, ValidationError


@dataclass(frozen=True, slots=True)
class Site:
    """Public names that are served alike, and the app servers for their requests."""

    domains: tuple[str, ...]
    upstreams: tuple[str, ...]
    """`address:port` of each app server in use; empty: the balancer shows a holding page (503)."""
    health_path: str = ""
    """Path that the balancer requests from each of several upstreams.

    An upstream that does not answer with 200 gets no traffic. A single upstream is not checked:
    its own error page says more than the balancer's.
    """
    host_header: str = ""
    """Host header to send instead of the public name; for preview addresses."""
    user: str = ""
    """User name that visitors must enter; empty: the site is open."""
    password_hash: str = ""
    """bcrypt hash of the password that visitors must enter."""
    notice: str = ""
    """Text of the holding page; empty: the balancer's own. Only for sites without upstreams."""


@dataclass(frozen=True, slots=True)
class Routing:
    """Complete configuration of the balancer."""

    sites: tuple[Site, ...]
    version: int = 0
    """Number that grows whenever a manager reads the routing: an older one replaces none newer."""

    @property
    def digest(self) -> str:
        """Digest of the sites, the same in every process.

        Defaults are left out, so that it is also the same in the next version of Ocim, with fields
        that this one does not have.
        """
        text = json.dumps([written(site) for site in self.sites])
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def written(site: Site) -> dict[str, object]:
    """Return the fields of a site that differ from their defaults."""
    values = ((name, getattr(site, name), default) for name, default in _DEFAULTS)
    return {name: value for name, value, default in values if value != default}


_DEFAULTS = [(item.name, item.default) for item in fields(Site)]


_LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*", re.IGNORECASE | re.ASCII)
_LONGEST_NAME = 253
_UPSTREAM = re.compile(r"(\[[0-9a-f:]+\]|[a-z0-9._-]+):[0-9]{1,5}", re.IGNORECASE | re.ASCII)


def check_routing(routing: Routing) -> None:
    """Raise ValidationError with all faults: invalid or duplicate names, invalid upstreams."""
    faults = [fault for site in routing.sites for fault in _faults(site)]
    uses = Counter(name.lower() for site in routing.sites for name in site.domains)
    faults += [
        f"{name} belongs to {count} sites. Use it for one."
        for name, count in uses.items()
        if count > 1
    ]
    if faults:
        raise ValidationError(faults, remedy="The balancer was not changed.")


def check_version(version: int, applied: int) -> None:
    """Raise LostClaim if the routing is older than the one that was applied last."""
    if version < applied:
        raise LostClaim(
            f"The balancer has routes of version {applied}, and these are of version {version}.",
            remedy="Another manager has read the database later; the balancer was not changed.",
        )


def is_host_name(text: str) -> bool:
    """Return True for a valid name of a site: labels of letters, digits, - and _, between dots."""
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
        yield f"{label}: the health path {site.health_path!r} must start with a slash."
    if site.notice and site.upstreams:
        yield f"{label}: a site with app servers shows no notice."
    if bool(site.user) != bool(site.password_hash):
        yield f"{label}: set both a user and a password hash, or neither."
