from typing import Any

from django.contrib.auth.models import Group, Permission
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction


class Command(BaseCommand):
    help = "Create or update a group and its permissions, or remove it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("group_name")
        parser.add_argument("--remove", action="store_true")
        parser.add_argument(
            "-p", "--permissions", nargs="*", default=[], help="each as app:model:codename"
        )

    @transaction.atomic
    def handle(self, *_args: Any, **options: Any) -> None:
        """Give the group exactly these permissions. Change nothing if one does not exist."""
        name = options["group_name"]
        if options["remove"]:
            deleted, _rows = Group.objects.filter(name=name).delete()
            self.stderr.write(f"{'Removed' if deleted else 'Did not find'} group '{name}'.")
            return
        permissions = resolve(options["permissions"])
        group, created = Group.objects.get_or_create(name=name)
        group.permissions.set(permissions)
        self.stderr.write(f"{'Created' if created else 'Updated'} group '{name}'.")


def resolve(names: list[str]) -> list[Permission]:
    """Return the permissions with these `app:model:codename` names.

    Raise CommandError with all names that are malformed or unknown.
    """
    permissions: list[Permission] = []
    unknown: list[str] = []
    for name in names:
        app, _, rest = name.partition(":")
        model, _, codename = rest.partition(":")
        permission = Permission.objects.filter(
            content_type__app_label=app, content_type__model=model.lower(), codename=codename
        ).first()
        if permission:
            permissions.append(permission)
        else:
            unknown.append(name)
    if unknown:
        raise CommandError(f"No such permission (app:model:codename): {', '.join(unknown)}")
    return permissions
