"""The people of a verification, and how they sign in at the LMS."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from ocim.core.instance import Service
from ocim.core.pages import Page
from ocim.core.secrets import Secret
from ocim.operations.shop.verify.lines import require
from ocim.operations.shop.verify.scene import Scene
from ocim.ports.browsers import Browser

PREFIX = "ocim-verify"
"""Prefix of all names that a verification creates; it finds what an interrupted one left."""


@dataclass(frozen=True, slots=True)
class Person:
    """User of one verification."""

    username: str
    password: Secret = field(default_factory=lambda: Secret(secrets.token_urlsafe(18)))

    @property
    def email(self) -> str:
        """Mail address, at a domain that gets no mail."""
        return f"{self.username}@example.com"


def invent(token: str, *roles: str) -> Sequence[Person]:
    """Return a new person for each role."""
    return [Person(f"{PREFIX}-{token}-{role}") for role in roles]


def make(scene: Scene, people: Sequence[Person]) -> None:
    """Create people at the LMS, by its own command."""
    accounts = [
        {
            "username": person.username,
            "email": person.email,
            "password": person.password,
            "name": person.username.replace("-", " ").title(),
        }
        for person in people
    ]
    scene.call(Service.LMS, "verify_lms.people", people=accounts)


def sign_in(scene: Scene, browser: Browser, person: Person) -> Page:
    """Sign a person in at the LMS, by the call that its sign-in page makes."""
    name, url = "lms: sign-in", scene.url(Service.LMS, "/user_api/v1/account/login_session/")
    remedy = f"The LMS's log says why: `ocim appserver shell {scene.appserver.pk}`."
    require(name, browser.request("GET", url), remedy=remedy)
    form = {"email": person.email, "password": person.password.reveal(), "remember": "false"}
    return require(name, browser.request("POST", url, form=form), remedy=remedy)
