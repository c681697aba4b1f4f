from typing import Any

from django.contrib.auth.hashers import identify_hasher
from django.contrib.auth.models import Group, User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils.crypto import get_random_string

from rehearsal.edxapp.student.models import UserProfile


class Command(BaseCommand):
    help = "Create or update a user: staff, superuser, groups; or remove it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("email")
        parser.add_argument("--remove", action="store_true")
        parser.add_argument("--staff", action="store_true")
        parser.add_argument("--superuser", action="store_true")
        parser.add_argument("--unusable-password", action="store_true")
        parser.add_argument("--initial-password-hash")
        parser.add_argument("-g", "--groups", nargs="*", default=[])

    @transaction.atomic
    def handle(self, *_args: Any, **options: Any) -> None:
        """Create or change the user. Rights and groups that the options do not name are taken away.

        An existing user keeps the password. A user with another e-mail address is not changed.
        """
        username, email = options["username"], options["email"]
        user = User.objects.filter(username=username).first()
        if user and user.email.lower() != email.lower():
            raise CommandError(f"'{username}' exists with another e-mail address; left as it is.")
        if options["remove"]:
            if user:
                user.delete()
            self.stderr.write(f"{'Removed' if user else 'Did not find'} '{username}'.")
            return
        if user is None:
            user = User(username=username, email=email)
            set_initial_password(user, options["initial_password_hash"])
        user.is_staff = options["staff"]
        user.is_superuser = options["superuser"]
        if options["unusable_password"]:
            user.set_unusable_password()
        self.stderr.write(f"{'Updated' if user.pk else 'Created'} '{username}'.")
        user.save()
        UserProfile.objects.get_or_create(user=user)
        user.groups.set(self.groups(options["groups"]))

    def groups(self, names: list[str]) -> list[Group]:
        existing = list(Group.objects.filter(name__in=names))
        for name in set(names) - {group.name for group in existing}:
            self.stderr.write(f"There is no group '{name}'; passed over.")
        return existing


def set_initial_password(user: User, encoded: str | None) -> None:
    """Set the password hash `encoded`, or a random password that only a reset can replace."""
    if encoded is None:
        user.set_password(get_random_string(25))
        return
    try:
        identify_hasher(encoded)
    except ValueError as error:
        raise CommandError("--initial-password-hash is no password hash of Django's.") from error
    user.password = encoded
