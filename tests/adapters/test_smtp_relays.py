"""SMTP relays on real connections."""

from collections.abc import Iterator
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult

from ocim.adapters.mail.smtp import SmtpRelays
from ocim.core.errors import PermanentError, TransientError
from ocim.core.mail import Mail, MailRelay
from ocim.core.secrets import Secret
from tests.adapters.test_apprise_notifier import Mailbox, MailServer


class Choosy(Mailbox):
    """A relay that accepts senders of one domain only."""

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name and arguments
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if not address.endswith("@example.com"):
            return "553 5.7.1 Sender not allowed."
        envelope.mail_from = address
        return "250 OK"


def authenticated(_server: Any, _session: Any, _envelope: Any, _mechanism: Any, data: Any) -> Any:
    return AuthResult(success=data.password == b"right", handled=False)


@pytest.fixture
def server() -> Iterator[MailServer]:
    server = MailServer(
        Choosy(),
        hostname="127.0.0.1",
        port=0,
        authenticator=authenticated,
        auth_require_tls=False,
    )
    server.start()
    yield server
    server.stop()


def relay(server: MailServer, **account: Any) -> MailRelay:
    return MailRelay("127.0.0.1", server.port, **account)


def test_senders_are_accepted_or_rejected_with_the_reason_and_nothing_is_sent(
    server: MailServer,
) -> None:
    senders = ["ops@example.com", "ops@other.example"]
    rejected = SmtpRelays().rejected(relay(server), senders)
    assert rejected == {"ops@other.example": "553 5.7.1 Sender not allowed"}
    assert server.handler.mails == []


def test_an_account_signs_in_first(server: MailServer) -> None:
    account = relay(server, user="me", password=Secret("right"))
    assert SmtpRelays().rejected(account, ["ops@example.com"]) == {}


def test_a_wrong_password_is_refused_without_showing_it(server: MailServer) -> None:
    account = relay(server, user="me", password=Secret("hunter2"))
    with pytest.raises(PermanentError, match="rejects the account") as refused:
        SmtpRelays().rejected(account, [])
    assert "hunter2" not in str(refused.value)


def test_a_relay_without_tls_is_refused_where_tls_is_wanted(server: MailServer) -> None:
    with pytest.raises(PermanentError, match="STARTTLS"):
        SmtpRelays().rejected(relay(server, starttls=True), [])


def test_where_nothing_answers_it_may_pass() -> None:
    with pytest.raises(TransientError, match="does not answer"):
        SmtpRelays().rejected(MailRelay("127.0.0.1", 1), [])


def test_a_message_is_sent_with_its_text(server: MailServer) -> None:
    mail = Mail("ops@example.com", "mira@example.org", "Set your password", "A link.\n")
    SmtpRelays().send(relay(server), mail)
    [sent] = server.handler.mails
    assert (sent["From"], sent["To"], sent["Subject"]) == (
        "ops@example.com",
        "mira@example.org",
        "Set your password",
    )
    assert sent.get_content().strip() == "A link."
    assert sent["Date"]
    assert sent["Message-ID"]


def test_a_message_of_a_rejected_sender_is_not_sent(server: MailServer) -> None:
    mail = Mail("ops@other.example", "mira@example.org", "Set your password", "A link.\n")
    with pytest.raises(PermanentError, match=r"the message: 553 5\.7\.1 Sender not allowed"):
        SmtpRelays().send(relay(server), mail)
    assert server.handler.mails == []
