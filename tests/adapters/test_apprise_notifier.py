"""Notices that real servers take, or do not."""

import json
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message

from ocim.adapters.notifiers.apprise import AppriseNotifier
from ocim.core.errors import PermanentError, TransientError
from ocim.core.notices import Notice
from ocim.core.secrets import Secret
from tests.web_servers import answer, dripping, raw_server, web_server

# Apprise's own import of it, which is for pictures in mails.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

NOTICE = Notice("Rollout 3 (juniper2) ended", "12 successful\n1 failed → look", "failure")


def notifier(*addresses: str) -> AppriseNotifier:
    return AppriseNotifier([Secret(address) for address in addresses], key=b"key")


class Mailbox(Message):
    """A mail server's handler that keeps the messages."""

    def __init__(self) -> None:
        super().__init__()
        self.mails: list[EmailMessage] = []

    def prepare_message(self, session: Any, envelope: Any) -> Any:
        return message_from_bytes(envelope.original_content, policy=default)

    def handle_message(self, message: Any) -> None:
        self.mails.append(message)


class MailServer(Controller):
    """A mail server on a free port."""

    def _trigger_server(self) -> None:
        server: Any = self.server
        self.port = server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@pytest.fixture
def mails() -> Iterator[tuple[list[EmailMessage], str]]:
    """Yield the messages that a mail server received, and its address."""
    box = Mailbox()
    server = MailServer(box, hostname="127.0.0.1", port=0)
    server.start()
    address = f"mailto://127.0.0.1:{server.port}?from=ocim@example.com&to=ops@example.com"
    yield box.mails, f"{address}&mode=insecure"
    server.stop()


@pytest.fixture
def posts() -> Iterator[tuple[list[Any], str]]:
    """Yield the JSON that a web server received, and its address, which holds a secret."""
    sent: list[Any] = []

    def take(handler: BaseHTTPRequestHandler) -> None:
        sent.append(json.loads(handler.rfile.read(int(handler.headers["Content-Length"]))))
        answer(handler, 200 if "right" in handler.path else 403)

    with web_server(take) as port:
        yield sent, f"json://127.0.0.1:{port}/hooks/right-hunter2"


def send(*addresses: str) -> None:
    sender = notifier(*addresses)
    for target in sender.targets():
        sender.send(target, NOTICE)


def test_mail_arrives(mails: tuple[list[EmailMessage], str]) -> None:
    arrived, address = mails
    send(address)
    [mail] = arrived
    assert "ops@example.com" in mail["to"]
    assert NOTICE.title in str(mail["subject"])
    plain = mail.get_body(("plain",))
    assert plain
    assert "1 failed → look" in plain.get_content()


def test_a_webhook_is_called(posts: tuple[list[Any], str]) -> None:
    sent, address = posts
    send(address)
    [posted] = sent
    assert (posted["title"], posted["type"]) == (NOTICE.title, "failure")
    assert "1 failed → look" in posted["message"]


def test_what_does_not_answer_is_an_error_that_may_pass(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(TransientError) as failed:
        send("json://hunter:hunter%402@127.0.0.1:1/hunter2")
    output = f"{failed.value}{caplog.text}{capfd.readouterr()}"
    assert "Cannot send the notice" in output
    assert "hunter" not in output


def test_a_refusal_says_why_and_no_secret(posts: tuple[list[Any], str]) -> None:
    _, address = posts
    with pytest.raises(TransientError, match=r"address 1 \(json://…\)\. .*403") as failed:
        send(address.replace("right", "wrong"))
    assert "hunter2" not in str(failed.value)


@pytest.mark.parametrize("address", ["nothing://hunter2", "slack://hunter2"])
def test_an_address_that_is_none_is_refused_for_good(address: str) -> None:
    with pytest.raises(PermanentError) as failed:
        send(address)
    assert "Apprise does not support" in str(failed.value)
    assert "hunter2" not in str(failed.value)


def test_names_of_targets_are_stable_and_hold_no_secret() -> None:
    address = "mailto://me:hunter2@example.com"
    [name] = notifier(address).targets()
    assert [name] == notifier(address).targets()
    assert "hunter2" not in name
    other = AppriseNotifier([Secret(address)], key=b"other")
    assert other.targets() != [name]


def test_what_is_not_among_the_settings_any_more_is_refused() -> None:
    with pytest.raises(PermanentError, match="removed from the settings"):
        notifier().send("gone", NOTICE)


def test_a_server_that_drips_is_not_waited_for_for_ever() -> None:
    with raw_server(dripping(b"HTTP/1.1 200 OK\r\n\r\n")) as port:
        address = Secret(f"json://127.0.0.1:{port}/")
        slow = AppriseNotifier([address], key=b"key", longest=0.2)
        [target] = slow.targets()
        with pytest.raises(TransientError, match=r"more than 0\.2 s"):
            slow.send(target, NOTICE)
