"""Single sign-on by OpenID Connect: what a provider says of a person, and the roles it gives."""

from collections.abc import Collection
from dataclasses import dataclass

from ocim.core.access import FLEET, Grant, Role
from ocim.core.texts import listed


@dataclass(frozen=True, slots=True)
class RoleRule:
    """A value of the provider's claim, and the role that it gives."""

    value: str
    grant: Grant

    def __str__(self) -> str:
        organization = f"@{self.grant.organization}" if self.grant.organization else ""
        return f"{self.value}={self.grant.role}{organization}"


@dataclass(frozen=True, slots=True)
class Attempt:
    """A sign-in that was begun at the provider; the browser's session keeps it."""

    url: str
    """Address at the provider to which the browser is sent."""
    return_to: str
    """Address at which the provider sends the browser back, with a code."""
    state: str
    nonce: str
    verifier: str
    """Secret of this attempt (PKCE), without which nobody can use the code."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A person, as the provider knows them."""

    issuer: str
    subject: str
    """Id of the person at the issuer, which is never given to somebody else."""
    name: str = ""
    email: str = ""
    """Mail address that the provider verified; empty if it has none."""
    values: frozenset[str] = frozenset()
    """Values of the claim that gives roles."""


def read_rules(text: str) -> tuple[RoleRule, ...]:
    """Return the rules of `VALUE=ROLE` or `VALUE=ROLE@ORGANIZATION`, separated by commas.

    Raise ValueError with the first rule that is none.
    """
    rules = []
    for word in filter(None, map(str.strip, text.split(","))):
        value, _, granted = word.rpartition("=")
        role, at, organization = granted.partition("@")
        if not value or role not in list(Role) or (at and not organization):
            raise ValueError(
                f"{word!r} is no rule. Write VALUE=ROLE or VALUE=ROLE@ORGANIZATION, where ROLE is"
                f" {listed(Role, 'or')}."
            )
        rules.append(RoleRule(value, Grant(Role(role), organization or FLEET)))
    return tuple(rules)


def grants_for(values: Collection[str], rules: Collection[RoleRule]) -> frozenset[Grant]:
    """Return the roles that the values give: the highest for each organization."""
    highest: dict[str, Role] = {}
    for rule in rules:
        if rule.value in values:
            role, organization = rule.grant.role, rule.grant.organization
            known = highest.get(organization, role)
            highest[organization] = max(known, role, key=list(Role).index)
    return frozenset(Grant(role, organization) for organization, role in highest.items())
