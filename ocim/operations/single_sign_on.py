"""Single sign-on: the account of who signed in at the provider, and its roles."""

from collections.abc import Collection
from dataclasses import replace

from django.contrib.auth.models import User
from django.db import transaction

from ocim.core.access import Grant
from ocim.core.actors import acting_as, current_actor
from ocim.core.audit import AuditAction
from ocim.core.errors import Conflict
from ocim.core.single_sign_on import Identity, RoleRule, grants_for
from ocim.operations import audit, people, sessions
from ocim.store.models import ExternalIdentity


def account_for(*, identity: Identity, rules: Collection[RoleRule]) -> User:
    """Return the account that is linked to the identity, with the roles that the rules give it.

    Create it if the identity is new. An account that exists already is never taken over for its
    name or its mail address. Raise Conflict if there is no role, the account is disabled, or the
    name is taken; who lost all roles loses them here, too, and is signed out.
    """
    grants = grants_for(identity.values, rules)
    with acting_as(replace(current_actor(), name=identity.name)):
        user = _linked(identity)
        if user and not user.is_active:
            raise Conflict(
                f"The account {user} is disabled.", remedy="Ask an administrator to enable it."
            )
        if not grants:
            if user:
                _take_all(user)
            raise Conflict(
                "The provider gives you no role here.",
                remedy="Ask an administrator which group you need, and begin again then.",
            )
        return _with_roles(user, identity, grants)


@transaction.atomic
def link(*, user: User, issuer: str, subject: str) -> None:
    """Let who has this subject at the provider sign in to an account that exists already.

    Raise Conflict if the subject has an account, or the account another subject.
    """
    if taken := ExternalIdentity.objects.filter(issuer=issuer, subject=subject).first():
        raise Conflict(f"{subject} at {issuer} is linked to the account {taken.user} already.")
    if known := ExternalIdentity.objects.filter(user=user).first():
        raise Conflict(f"The account {user} is linked to {known} already.")
    ExternalIdentity.objects.create(user=user, issuer=issuer, subject=subject)
    audit.record(AuditAction.USER_LINK, user, after={"subject": subject, "issuer": issuer})


def _linked(identity: Identity) -> User | None:
    rows = ExternalIdentity.objects.select_related("user")
    row = rows.filter(issuer=identity.issuer, subject=identity.subject).first()
    return row.user if row else None


@transaction.atomic
def _take_all(user: User) -> None:
    people.set_grants(user=user, grants=frozenset())
    sessions.end_all(user=user)


@transaction.atomic
def _with_roles(user: User | None, identity: Identity, grants: frozenset[Grant]) -> User:
    if user is None:
        if User.objects.filter(username__iexact=identity.name).exists():
            raise Conflict(
                f"An account {identity.name!r} exists already, and is not linked to the provider.",
                remedy="If it is yours, ask an administrator to link it:"
                f" `ocim user link {identity.name} {identity.subject}`.",
            )
        user = people.create(name=identity.name, email=identity.email, password=None)
        link(user=user, issuer=identity.issuer, subject=identity.subject)
    people.set_grants(user=user, grants=grants)
    return user
