"""SMTP relays, asked without sending a message."""

import smtplib
import ssl
from collections.abc import Sequence

from ocim.core.errors import PermanentError, TransientError
from ocim.core.mail import MailRelay

TIMEOUT = 10.0
"""Time limit for each answer, in seconds."""
ACCEPTED = 250


class SmtpRelays:
    """Relays that are asked up to the sender of a message."""

    def rejected(self, relay: MailRelay, senders: Sequence[str]) -> dict[str, str]:
        """Begin a message of each sender, and take it back."""
        try:
            with smtplib.SMTP(relay.host, relay.port, timeout=TIMEOUT) as connection:
                return _rejected(connection, relay, senders)
        except smtplib.SMTPAuthenticationError as error:
            raise PermanentError(
                f"{relay} rejects the account: {_text(error.smtp_error)}.",
                remedy="Correct the user and the password in OCIM_SMTP_URL.",
            ) from error
        except (smtplib.SMTPNotSupportedError, ssl.SSLError) as error:
            raise PermanentError(
                f"{relay}: {error}", remedy="Correct the scheme and the port in OCIM_SMTP_URL."
            ) from error
        except (smtplib.SMTPException, OSError) as error:
            raise TransientError(
                f"{relay} does not answer as a relay: {error}",
                remedy="Check that it is running, and that this machine can reach it.",
            ) from error


def _rejected(connection: smtplib.SMTP, relay: MailRelay, senders: Sequence[str]) -> dict[str, str]:
    if relay.starttls:
        connection.starttls(context=ssl.create_default_context())
    if relay.user:
        connection.login(relay.user, relay.password.reveal())
    else:
        connection.ehlo_or_helo_if_needed()
    rejected = {}
    for sender in senders:
        code, answer = connection.mail(sender)
        if code != ACCEPTED:
            rejected[sender] = f"{code} {_text(answer)}"
        connection.rset()
    return rejected


def _text(answer: bytes | str) -> str:
    text = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
    return text.strip().rstrip(".")
