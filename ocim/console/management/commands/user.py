"""`ocim user`: people's accounts and roles."""

import argparse

from django.contrib.auth.models import User
from django.core.management.base import CommandParser

from ocim.console.command import OcimCommand
from ocim.console.passwords import read_password
from ocim.console.shared_options import add_organization, add_yes
from ocim.core.access import Role
from ocim.core.texts import listed
from ocim.operations import people, second_factor, single_sign_on
from ocim.operations.access import grants_of
from ocim.wiring import identity_issuer

VARIABLE = "OCIM_USER_PASSWORD"
"""Environment variable with the password of a new account."""

ROLES = [role.value for role in Role]


class Command(OcimCommand):
    help = "Create, list and remove people's accounts; grant and revoke their roles."
    examples = f"""examples:
  ocim user create mira --email mira@example.com --role operator --organization Campus
  {VARIABLE}=… ocim user create eve --role viewer
  ocim user list
  ocim user show mira --json
  ocim user grant mira releaser --organization Campus
  ocim user grant mira viewer
  ocim user revoke mira --organization Campus
  ocim user link mira 248289761001
  ocim user reset-second-factor mira
  ocim user disable mira
  ocim user enable mira
  ocim user remove mira

`ocim changepassword mira` sets another password.
"""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the subcommands and their options."""
        add = self.subcommands(parser)
        create = add("create", self.create, "Create an account.", json=True)
        create.description = (
            f"Create an account. Its password is read from {VARIABLE} if that is set, else from the"
            " terminal or standard input."
        )
        create.add_argument("name", metavar="NAME", help="New name, to sign in with.")
        create.add_argument("--email", default="", help="E-mail address (default: none).")
        create.add_argument("--role", choices=ROLES, help="First role (default: none).")
        add_organization(create)
        add("list", self.list, "List accounts and their roles.", json=True)
        parsers = [
            add("show", self.show, "Show an account, its roles and its tokens.", json=True),
            grant := add(
                "grant",
                self.grant,
                "Grant a role; it replaces the person's role for the same organization.",
            ),
            revoke := add("revoke", self.revoke, "Revoke a role."),
            add("disable", self.disable, "Sign a person out, and let them sign in no more."),
            add("enable", self.enable, "Let a person with a disabled account sign in again."),
            link := add(
                "link", self.link, "Let a person sign in to their account by single sign-on."
            ),
            add(
                "reset-second-factor",
                self.reset_second_factor,
                "Remove the second factor of a person who lost it.",
            ),
            remove := add("remove", self.remove, "Remove an account with its roles and tokens."),
        ]
        for command in parsers:
            command.add_argument("name", metavar="NAME", help="Name of the account.")
        grant.add_argument(
            "role",
            choices=ROLES,
            metavar="ROLE",
            help=f"Role: {listed(Role, 'or')}.",
        )
        link.add_argument("subject", metavar="SUBJECT", help="Id of the person at the provider.")
        for command in (grant, revoke):
            add_organization(command)
        add_yes(remove)

    def create(self, options: argparse.Namespace) -> None:
        """Create an account with the password that is typed or passed."""
        user = people.create(
            name=options.name,
            email=options.email,
            password=read_password(VARIABLE),
            role=Role(options.role) if options.role else None,
            organization=options.organization,
        )
        self.out.say(f"Created {user}: {_roles(user)}.")
        self._warn(options.organization)
        if self.out.as_json:
            self.out.facts(_facts(user))

    def list(self, options: argparse.Namespace) -> None:
        """Print a table of accounts."""
        users = User.objects.prefetch_related("role_grants").order_by("username")
        self.out.rows(
            ("name", "email", "roles", "enabled", "last sign-in"),
            [
                (user.username, user.email, _role_list(user), user.is_active, user.last_login)
                for user in users
            ],
        )

    def show(self, options: argparse.Namespace) -> None:
        """Print an account's facts."""
        self.out.facts(_facts(people.find(options.name)))

    def grant(self, options: argparse.Namespace) -> None:
        """Grant a role."""
        user = people.find(options.name)
        people.grant(user=user, role=Role(options.role), organization=options.organization)
        self.out.say(f"{user} is {_roles(user)}.")
        self._warn(options.organization)

    def revoke(self, options: argparse.Namespace) -> None:
        """Revoke a role."""
        user = people.find(options.name)
        people.revoke(user=user, organization=options.organization)
        self.out.say(f"{user} is {_roles(user)}.")

    def disable(self, options: argparse.Namespace) -> None:
        """Disable an account."""
        user = people.find(options.name)
        people.set_active(user=user, active=False)
        self.out.say(f"{user} is signed out, and cannot sign in.")

    def enable(self, options: argparse.Namespace) -> None:
        """Enable an account."""
        user = people.find(options.name)
        people.set_active(user=user, active=True)
        self.out.say(f"{user} can sign in.")

    def link(self, options: argparse.Namespace) -> None:
        """Link an account to a person at the provider of single sign-on."""
        user = people.find(options.name)
        issuer = identity_issuer()
        single_sign_on.link(user=user, issuer=issuer, subject=options.subject)
        self.out.say(f"{user} is {options.subject} at {issuer}, whose roles replace these.")

    def reset_second_factor(self, options: argparse.Namespace) -> None:
        """Remove an account's second factor."""
        second_factor.remove(user=people.find(options.name))
        self.out.say(f"{options.name} signs in with the password alone.")

    def remove(self, options: argparse.Namespace) -> None:
        """Remove an account, after a confirmation."""
        user = people.find(options.name)
        self.confirm(f"Remove {user}, {_roles(user)}?", options.yes)
        people.remove(user=user)
        self.out.say(f"Removed {user}.")

    def _warn(self, organization: str) -> None:
        """Warn if no instance has the organization, which may be a typing error."""
        if organization and not people.is_organization(organization):
            self.out.say(f"No instance has the organization {organization!r} yet.", style="yellow")


def _role_list(user: User) -> list[str]:
    return sorted(map(str, grants_of(user)))


def _roles(user: User) -> str:
    return listed(_role_list(user)) if grants_of(user) else "without a role"


def _facts(user: User) -> dict[str, object]:
    return {
        "name": user.username,
        "email": user.email,
        "roles": _role_list(user),
        "enabled": user.is_active,
        "created": user.date_joined,
        "last sign-in": user.last_login,
        "tokens": [str(token) for token in user.api_tokens.order_by("name")],
    }
