"""An OpenID Connect provider in memory."""

from ocim.core.errors import PermanentError, TransientError
from ocim.core.single_sign_on import Attempt, Identity

ISSUER = "https://id.example.com"


class MemoryIdentityProvider:
    """A provider that knows a person for each code in `people`; an `away` one does not answer."""

    issuer = ISSUER

    def __init__(self) -> None:
        self.people: dict[str, Identity] = {}
        self.away = False

    def begin(self, return_to: str) -> Attempt:
        """Return an attempt, whose secrets are easily guessed."""
        self._answer()
        return Attempt(f"{ISSUER}/authorize?state=state", return_to, "state", "nonce", "verifier")

    def finish(self, attempt: Attempt, code: str) -> Identity:
        """Return the code's person, once."""
        self._answer()
        if not (identity := self.people.pop(code, None)):
            raise PermanentError(f"{ISSUER} answered 400: invalid_grant.", remedy="Begin again.")
        return identity

    def _answer(self) -> None:
        if self.away:
            raise TransientError(
                f"The sign-in provider {ISSUER} does not answer: it is away.",
                remedy="Try again later, or sign in with a password if your account has one.",
            )
