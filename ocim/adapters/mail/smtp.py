"""SMTP relays."""

import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from ocim.core.errors import PermanentError, TransientError
from ocim.core.mail import Mail, MailRelay

TIMEOUT = 10.0
"""Time limit for each answer, in seconds."""
ACCEPTED = 250


class SmtpRelays:
    """Relays that are connected to for each message."""

    def rejected(self, relay: MailRelay, senders: Sequence[str]) -> dict[str, str]:
        """Begin a message of each sender, and take it back."""
        rejected = {}
        with _connection(relay) as connection:
            for sender in senders:
                code, answer = connection.mail(sender)
                if code != ACCEPTED:
                    rejected[sender] = f"{code} {_text(answer)}"
                connection.rset()
        return rejected

    def send(self, relay: MailRelay, mail: Mail) -> None:
        """Send the message, with the headers that filters ask for."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = (
            mail.sender,
            mail.recipient,
            mail.subject,
        )
        message["Date"], message["Message-ID"] = formatdate(), make_msgid()
        message.set_content(mail.text)
        with _connection(relay) as connection:
            connection.send_message(message)


@contextmanager
def _connection(relay: MailRelay) -> Iterator[smtplib.SMTP]:
    """Yield a connection on which the account is named; raise Ocim's errors."""
    try:
        with smtplib.SMTP(relay.host, relay.port, timeout=TIMEOUT) as connection:
            if relay.starttls:
                connection.starttls(context=ssl.create_default_context())
            if relay.user:
                connection.login(relay.user, relay.password.reveal())
            else:
                connection.ehlo_or_helo_if_needed()
            yield connection
    except smtplib.SMTPAuthenticationError as error:
        raise PermanentError(
            f"{relay} rejects the account: {_text(error.smtp_error)}.",
            remedy="Correct the user and the password in OCIM_SMTP_URL.",
        ) from error
    except smtplib.SMTPRecipientsRefused as error:
        [(code, answer)] = error.recipients.values()
        raise PermanentError(f"{relay} rejects the message: {code} {_text(answer)}.") from error
    except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
        reason = f"{error.smtp_code} {_text(error.smtp_error)}"
        raise PermanentError(f"{relay} rejects the message: {reason}.") from error
    except (smtplib.SMTPNotSupportedError, ssl.SSLError) as error:
        raise PermanentError(
            f"{relay}: {error}", remedy="Correct the scheme and the port in OCIM_SMTP_URL."
        ) from error
    except (smtplib.SMTPException, OSError) as error:
        raise TransientError(
            f"{relay} does not answer as a relay: {error}",
            remedy="Check that it is running, and that this machine can reach it.",
        ) from error


def _text(answer: bytes | str) -> str:
    text = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
    return text.strip().rstrip(".")
