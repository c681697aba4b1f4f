"""People: their accounts and their roles."""

from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import transaction
from django.db.models import Q

from ocim.core.access import FLEET, Grant, Role
from ocim.core.audit import AuditAction
from ocim.core.errors import Conflict, ValidationError
from ocim.core.secrets import Secret
from ocim.operations import audit, sessions
from ocim.operations.access import grants_of
from ocim.operations.instance_settings import faults_of
from ocim.store.models import InstanceReference, RoleGrant


def find(name: str) -> User:
    """Return the account with this name. Raise Conflict if there is none."""
    if user := User.objects.filter(username=name).first():
        return user
    raise Conflict(f"No account {name!r}.", remedy="`ocim user list` lists all accounts.")


@transaction.atomic
def create(
    *,
    name: str,
    email: str = "",
    password: Secret | None,
    role: Role | None = None,
    organization: str = FLEET,
) -> User:
    """Create an account; without a password nobody can sign in until one is set.

    Raise ValidationError with every fault of the name, the address, the password and the role.
    """
    user = User(username=name, email=User.objects.normalize_email(email))
    faults = faults_of(lambda: user.full_clean(exclude=["password"]))
    if password:
        faults += _weaknesses(password, user)
    user.set_password(password.reveal() if password else None)
    row = RoleGrant(role=role or Role.VIEWER, organization=organization)
    faults += faults_of(lambda: row.clean_fields(exclude=["user"]))
    if faults:
        raise ValidationError(faults)
    user.save()
    audit.record(
        AuditAction.USER_CREATE, user, after={"email": user.email}, organization=organization
    )
    if role:
        row.user = user
        row.save()
        _record_grant(row)
    return user


def grant(*, user: User, role: Role, organization: str = FLEET) -> None:
    """Give a person a role, which replaces their role for the same organization.

    Raise ValidationError if the organization's name is not acceptable, and Conflict if nobody would
    be an administrator of the fleet any more.
    """
    row = RoleGrant(user=user, role=role, organization=organization)
    if faults := faults_of(row.clean_fields):
        raise ValidationError(faults)
    with _keeping_an_administrator():
        before = _role(user, organization)
        _take(user, organization)
        row.save(force_insert=True)
        _record_grant(row, before)


def revoke(*, user: User, organization: str = FLEET) -> None:
    """Take a person's role for the organization or (FLEET) for the fleet away.

    Raise Conflict if they have none, or nobody would be an administrator of the fleet any more.
    """
    with _keeping_an_administrator():
        before = _role(user, organization)
        if not _take(user, organization):
            raise Conflict(
                f"{user} has no role for {organization or 'the whole fleet'}.",
                remedy=f"`ocim user show {user}` shows the roles.",
            )
        audit.record(AuditAction.ROLE_REVOKE, user, before=before, organization=organization)


@transaction.atomic
def set_password(*, user: User, password: Secret) -> None:
    """Set another password, and end all sessions.

    Raise ValidationError with every weakness of the password.
    """
    if faults := _weaknesses(password, user):
        raise ValidationError(faults)
    user.set_password(password.reveal())
    user.save(update_fields=["password"])
    sessions.end_all(user=user)
    audit.record(AuditAction.USER_CHANGE_PASSWORD, user)


def set_grants(*, user: User, grants: Set[Grant]) -> None:
    """Make these the person's only roles.

    Raise Conflict if nobody would be an administrator of the fleet any more.
    """
    with _keeping_an_administrator():
        held = grants_of(user)
        for item in sorted(grants - held, key=str):
            grant(user=user, role=item.role, organization=item.organization)
        for organization in sorted(
            {item.organization for item in held} - {item.organization for item in grants}
        ):
            revoke(user=user, organization=organization)


def set_active(*, user: User, active: bool) -> None:
    """Enable or disable an account; a disabled one is signed out and its tokens are rejected.

    Raise Conflict if nobody would be an administrator of the fleet any more.
    """
    with _keeping_an_administrator():
        user.is_active = active
        user.save(update_fields=["is_active"])
        audit.record(AuditAction.USER_ENABLE if active else AuditAction.USER_DISABLE, user)


def remove(*, user: User) -> None:
    """Delete an account with its roles and tokens. What it did stays, without its name.

    Raise Conflict if nobody would be an administrator of the fleet any more.
    """
    with _keeping_an_administrator():
        audit.record(AuditAction.USER_REMOVE, user)
        user.delete()


def is_organization(name: str) -> bool:
    """Return True if an instance has the organization."""
    return InstanceReference.objects.filter(organization=name).exists()


def _weaknesses(password: Secret, user: User) -> list[str]:
    try:
        validate_password(password.reveal(), user)
    except DjangoValidationError as error:
        return [f"password: {message}" for message in error.messages]
    return []


def _record_grant(row: RoleGrant, before: Mapping[str, str] | None = None) -> None:
    after = {"role": str(row.grant)}
    where = row.organization
    audit.record(AuditAction.ROLE_GRANT, row.user, before=before, after=after, organization=where)


def _role(user: User, organization: str) -> dict[str, str]:
    """Return the role for just this organization, for the audit log."""
    held = [grant for grant in grants_of(user) if grant.organization == organization]
    return {"role": str(held[0])} if held else {}


def _take(user: User, organization: str) -> bool:
    """Remove a role; return True if there was one. A superuser is an admin of the fleet."""
    if organization == FLEET and user.is_superuser:
        user.is_superuser = False
        user.save(update_fields=["is_superuser"])
        return True
    deleted, _ = user.role_grants.filter(organization=organization).delete()
    return deleted > 0


@contextmanager
def _keeping_an_administrator() -> Iterator[None]:
    """Make a change as a whole; undo it and raise Conflict if it removes the last administrator."""
    of_the_fleet = Q(is_superuser=True) | Q(
        pk__in=RoleGrant.objects.filter(role=Role.ADMIN, organization=FLEET).values("user")
    )
    administrators = User.objects.filter(of_the_fleet, is_active=True).order_by("pk")
    with transaction.atomic():
        before = list(administrators.select_for_update())
        yield
        if before and not administrators.exists():
            raise Conflict(
                f"{before[0]} is the only administrator of the whole fleet.",
                remedy="Make somebody else one before: `ocim user grant NAME admin`.",
            )
