"""Rights of people, as their roles give them."""

from collections.abc import Collection

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, PermissionsMixin

from ocim.core.access import EVERYTHING, FLEET, Access, Grant, Right, Role
from ocim.store.models import RoleGrant, Rollout


def access_of(user: AbstractBaseUser | AnonymousUser) -> Access:
    """Return what the user may do. One query, none for superusers, who may do everything."""
    if not user.is_active:
        return Access()
    if isinstance(user, PermissionsMixin) and user.is_superuser:
        return EVERYTHING
    grants = RoleGrant.objects.filter(user=user.pk).values_list("role", "organization")
    return Access(frozenset(Grant(Role(role), organization) for role, organization in grants))


def organizations_of(rollout: Rollout) -> set[str]:
    """Return the organizations of a rollout's instances; FLEET stands for deleted instances."""
    upgrades = rollout.upgrades.values_list("instance__ref_set__organization", flat=True)
    return {organization or FLEET for organization in upgrades.distinct()} or {FLEET}


def rights_for(access: Access, organizations: Collection[str]) -> frozenset[Right]:
    """Return what is allowed for every one of the organizations."""
    return frozenset(Right).intersection(*map(access.rights, organizations))
