"""`ocim token`: tokens with which programs use the API."""

import argparse

from django.core.management.base import CommandParser

from ocim.console.command import OcimCommand
from ocim.console.shared_options import add_organization
from ocim.core.access import Role
from ocim.operations import people, tokens
from ocim.store.models import ApiToken
from ocim.wiring import context


class Command(OcimCommand):
    help = "Create, list and revoke the tokens with which programs use the API."
    examples = """examples:
  ocim token create mira ci --role operator --organization Campus
  ocim token create mira report --role viewer --days 7 --json
  ocim token list
  ocim token list mira --json
  ocim token revoke mira ci
"""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the subcommands and their options."""
        add = self.subcommands(parser)
        create = add(
            "create", self.create, "Create a token, and print it, only this once.", json=True
        )
        create.description = (
            "Create a token, and print it, only this once. It allows what its role does, but never"
            " more than its owner's roles do at that time."
        )
        show = add("list", self.list, "List tokens, without their texts.", json=True)
        show.add_argument(
            "owner", nargs="?", metavar="OWNER", help="Name of an account (default: all)."
        )
        revoke = add("revoke", self.revoke, "Revoke a token; its next use is rejected.")
        for command in (create, revoke):
            command.add_argument("owner", metavar="OWNER", help="Name of the account.")
            command.add_argument("name", metavar="NAME", help="Name of the token.")
        create.add_argument(
            "--role",
            choices=[role.value for role in Role],
            default=Role.VIEWER.value,
            help="Role (default: viewer).",
        )
        add_organization(create)
        create.add_argument(
            "--days",
            type=int,
            default=tokens.DAYS,
            help=f"Number of days until it expires (default: {tokens.DAYS}).",
        )

    def create(self, options: argparse.Namespace) -> None:
        """Create a token, and print its text."""
        token, text = tokens.create(
            owner=people.find(options.owner),
            name=options.name,
            role=Role(options.role),
            organization=options.organization,
            days=options.days,
            context=context(),
        )
        self.out.say(f"{token} is {token.grant}, until {token.expires_at:%Y-%m-%d at %H:%M} UTC.")
        self.out.say(f"Its text is shown only this once: {text.reveal()}")
        if self.out.as_json:
            self.out.facts({**_facts(token), "token": text.reveal()})

    def list(self, options: argparse.Namespace) -> None:
        """Print a table of tokens."""
        rows = ApiToken.objects.select_related("owner").order_by("owner__username", "name")
        if options.owner:
            rows = rows.filter(owner=people.find(options.owner))
        columns = ("owner", "name", "role", "organization", "created", "expires", "last used")
        self.out.rows(columns, [tuple(_facts(token).values()) for token in rows])

    def revoke(self, options: argparse.Namespace) -> None:
        """Revoke a token."""
        tokens.revoke(owner=people.find(options.owner), name=options.name)
        self.out.say(f"Revoked {options.name}.")


def _facts(token: ApiToken) -> dict[str, object]:
    return {
        "owner": token.owner.username,
        "name": token.name,
        "role": token.role,
        "organization": token.organization,
        "created": token.created,
        "expires": token.expires_at,
        "last used": token.last_used_at,
    }
