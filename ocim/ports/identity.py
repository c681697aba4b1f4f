"""The port of the OpenID Connect provider at which people sign in."""

from typing import Protocol

from ocim.core.single_sign_on import Attempt, Identity


class IdentityProvider(Protocol):
    """The provider that the settings name."""

    @property
    def issuer(self) -> str:
        """URL by which the provider names itself."""

    def begin(self, return_to: str) -> Attempt:
        """Return a new attempt, with the address to which the browser goes.

        Raise TransientError if the provider does not answer, and PermanentError if it is another
        one than the settings name.
        """

    def finish(self, attempt: Attempt, code: str) -> Identity:
        """Return who signed in, for the code with which the browser came back.

        Raise PermanentError if the provider rejects the code, or what it says of the person is not
        meant for this attempt, has expired or is not signed by it; TransientError if it does not
        answer.
        """
