"""Roles of people: what each allows, for the instances of an organization or the whole fleet."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

FLEET = ""
"""Organization of a role that holds for the whole fleet."""


class Role(StrEnum):
    """A kind of work. A role includes those before it."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    RELEASER = "releaser"
    ADMIN = "admin"


class Right(StrEnum):
    """A kind of request that a role allows."""

    VIEW = "view"
    """See instances, app servers, logs and rollouts, with masked secrets."""
    OPERATE = "operate"
    """Spawn, activate and terminate app servers; change services, tags, notes and settings."""
    RELEASE = "release"
    """Plan, start and control rollouts."""
    CONFIGURE = "configure"
    """Create and archive instances; for the fleet, change shared servers and common settings."""
    SEE_SECRETS = "see secrets"
    ADMINISTER = "administer"
    """Manage people, their roles and their tokens."""


_OPERATOR = frozenset({Right.VIEW, Right.OPERATE})
ALLOWED: Mapping[Role, frozenset[Right]] = {
    Role.VIEWER: frozenset({Right.VIEW}),
    Role.OPERATOR: _OPERATOR,
    Role.RELEASER: _OPERATOR | {Right.RELEASE},
    Role.ADMIN: frozenset(Right),
}
"""Rights that each role gives."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A role for the instances of an organization, or for the whole fleet (FLEET)."""

    role: Role
    organization: str = FLEET

    def __str__(self) -> str:
        return f"{self.role} of {self.organization or 'the whole fleet'}"

    def limited(self, limit: "Grant") -> "Grant | None":
        """Return what both this grant and the limit allow; None if they share no organization."""
        shared = {FLEET, self.organization, limit.organization} - {FLEET}
        if len(shared) > 1:
            return None
        return Grant(min(self.role, limit.role, key=list(Role).index), "".join(shared))


@dataclass(frozen=True, slots=True)
class Access:
    """Roles of a person, or of a token, and the rights that they give."""

    grants: frozenset[Grant] = frozenset()

    def rights(self, organization: str) -> frozenset[Right]:
        """Return what is allowed for an organization's instances, or (FLEET) for the fleet.

        Instances without an organization need a role for the whole fleet.
        """
        roles = {grant.role for grant in self.grants if grant.organization in (FLEET, organization)}
        return frozenset().union(*(ALLOWED[role] for role in roles))

    @property
    def of_fleet(self) -> frozenset[Right]:
        """Rights for the whole fleet, as templates ask for them."""
        return self.rights(FLEET)

    def may(self, right: Right, organization: str) -> bool:
        """Return True if a role gives the right for the organization, or (FLEET) for the fleet."""
        return right in self.rights(organization)

    def organizations(self, right: Right) -> frozenset[str] | None:
        """Return the organizations for which a role gives the right. None: the whole fleet."""
        allowed = frozenset(
            grant.organization for grant in self.grants if right in ALLOWED[grant.role]
        )
        return None if FLEET in allowed else allowed

    def limited(self, limit: Grant) -> "Access":
        """Return what is allowed within the limit, which never adds anything."""
        grants = (grant.limited(limit) for grant in self.grants)
        return Access(frozenset(grant for grant in grants if grant))


EVERYTHING = Access(frozenset({Grant(Role.ADMIN)}))
"""Access of administrators of the whole fleet."""
