"""Rights of people, as their roles give them."""

from collections.abc import Collection

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User

from ocim.core.access import EVERYTHING, FLEET, Access, Grant, Right
from ocim.store.models import Rollout


def access_of(user: AbstractBaseUser | AnonymousUser) -> Access:
    """Return the rights of the user. One query, none for superusers, who may do everything."""
    if not isinstance(user, User) or not user.is_active:
        return Access()
    return Access(grants_of(user))


def grants_of(user: User) -> frozenset[Grant]:
    """Return the roles of a person, whose account may be disabled."""
    if user.is_superuser:
        return EVERYTHING.grants
    return frozenset(row.grant for row in user.role_grants.all())


def organizations_of(rollout: Rollout) -> set[str]:
    """Return the organizations of a rollout's instances; FLEET stands for deleted instances."""
    upgrades = rollout.upgrades.values_list("instance__ref_set__organization", flat=True)
    return {organization or FLEET for organization in upgrades.distinct()} or {FLEET}


def rights_for(access: Access, organizations: Collection[str]) -> frozenset[Right]:
    """Return the rights for every one of the organizations."""
    return frozenset(Right).intersection(*map(access.rights, organizations))
