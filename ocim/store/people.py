"""Accounts that an administrator sees, and those that are theirs alone."""

from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet

from ocim.core.access import Access, Right
from ocim.store.models import RoleGrant


def visible(access: Access) -> "QuerySet[User]":
    """Return the accounts with a role for an organization that somebody administers.

    Admins of the whole fleet see all accounts.
    """
    people = User.objects.prefetch_related("role_grants")
    organizations = access.organizations(Right.ADMINISTER)
    if organizations is None:
        return people
    return people.filter(pk__in=_with_role(organizations))


def owned(access: Access) -> "QuerySet[User]":
    """Return the accounts that somebody may disable, sign out, or give a new password.

    Those are the accounts without a role beyond the organizations that they administer: who sets a
    password gets all rights of the account.
    """
    organizations = access.organizations(Right.ADMINISTER)
    if organizations is None:
        return User.objects.all()
    beyond = RoleGrant.objects.exclude(organization__in=organizations).values("user")
    return visible(access).filter(is_superuser=False).exclude(pk__in=beyond)


def _with_role(organizations: frozenset[str]) -> "QuerySet[RoleGrant, Any]":
    return RoleGrant.objects.filter(organization__in=organizations).values("user")
