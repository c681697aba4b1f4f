from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from oauth2_provider.models import Application


def user_named(username: str) -> User:
    """Return the user to attach a client to. Raise CommandError if there is none."""
    try:
        return User.objects.get(username=username)
    except User.DoesNotExist as error:
        raise CommandError(f"There is no user '{username}'.") from error


def save(application: Application, **fields: Any) -> Application:
    """Set the fields that have a value, and save. Raise CommandError with all faults.

    An id that another client has is left to the database, which raises IntegrityError.
    Secrets are not hashed: operators read them in the admin, and they sign OpenID Connect's ID
    tokens.
    """
    for name, value in fields.items():
        if value is not None:
            setattr(application, name, value)
    application.hash_client_secret = False
    if application.client_type == Application.CLIENT_CONFIDENTIAL:
        application.algorithm = Application.HS256_ALGORITHM
    try:
        application.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        raise CommandError("; ".join(error.messages)) from error
    application.save()
    return application
