"""The contract of IdentityProvider, on the fake and on a provider that is spoken to by HTTP."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from ocim.adapters.memory.identity import MemoryIdentityProvider
from ocim.core.errors import PermanentError, TransientError
from ocim.core.single_sign_on import Attempt, Identity
from ocim.ports.identity import IdentityProvider
from tests.openid_server import openid_server

RETURN = "https://ocim.example.com/sign-in/single/return/"
ROLES = frozenset({"staff", "campus"})


@dataclass
class Kind:
    """A provider, and what a test needs to do with it."""

    provider: IdentityProvider
    approve: Callable[[Attempt], str]
    """Let Mira sign in at the provider, and return the code."""
    leave: Callable[[], None]
    """Let the provider answer no more."""


def memory() -> Iterator[Kind]:
    fake = MemoryIdentityProvider()
    fake.people["code"] = Identity(fake.issuer, "1234", "mira", "mira@example.com", ROLES)
    yield Kind(fake, lambda _: "code", lambda: setattr(fake, "away", True))


def openid() -> Iterator[Kind]:
    with openid_server() as server:
        server.more = {
            "preferred_username": "mira",
            "email": "mira@example.com",
            "email_verified": True,
            "groups": list(ROLES),
        }

        def approve(attempt: Attempt) -> str:
            server.nonce = attempt.nonce
            return "code"

        def leave() -> None:
            server.is_away = True

        yield Kind(server.provider(), approve, leave)


@pytest.fixture(params=[memory, openid], ids=["memory", "openid"])
def kind(request: pytest.FixtureRequest) -> Iterator[Kind]:
    yield from request.param()


def test_who_signed_in_is_told_with_verified_address_and_roles(kind: Kind) -> None:
    attempt = kind.provider.begin(RETURN)
    assert attempt.url.startswith(kind.provider.issuer)
    assert attempt.state in attempt.url
    identity = kind.provider.finish(attempt, kind.approve(attempt))
    issuer = kind.provider.issuer
    assert identity == Identity(issuer, "1234", "mira", "mira@example.com", ROLES)


def test_a_code_works_once(kind: Kind) -> None:
    attempt = kind.provider.begin(RETURN)
    code = kind.approve(attempt)
    kind.provider.finish(attempt, code)
    with pytest.raises(PermanentError, match="invalid_grant"):
        kind.provider.finish(attempt, code)


def test_a_code_that_the_provider_did_not_give_is_rejected(kind: Kind) -> None:
    with pytest.raises(PermanentError, match="invalid_grant"):
        kind.provider.finish(kind.provider.begin(RETURN), "guessed")


def test_a_provider_that_is_away_may_come_back(kind: Kind) -> None:
    attempt = kind.provider.begin(RETURN)
    code = kind.approve(attempt)
    kind.leave()
    with pytest.raises(TransientError, match="does not answer"):
        kind.provider.begin(RETURN)
    with pytest.raises(TransientError, match="does not answer"):
        kind.provider.finish(attempt, code)
