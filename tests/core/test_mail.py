import pytest

from ocim.core.mail import MailRelay, read_relay
from ocim.core.secrets import Secret


@pytest.mark.parametrize(
    "url, relay",
    [
        ("smtp://mail.example.com", MailRelay("mail.example.com", 25)),
        ("smtp://10.0.0.9:2525/", MailRelay("10.0.0.9", 2525)),
        (
            "smtp+starttls://me%40example.com:p%2Fw@mail.example.com",
            MailRelay("mail.example.com", 587, True, "me@example.com", Secret("p/w")),
        ),
    ],
)
def test_a_url_is_read_with_the_usual_port_of_its_scheme(url: str, relay: MailRelay) -> None:
    assert read_relay(url) == relay


@pytest.mark.parametrize(
    "url",
    ["mail.example.com", "smtps://h", "smtp://", "smtp://h:port", "smtp://h/x", "smtp://me@h"],
)
def test_a_url_that_is_no_relays_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"is no relay's URL\. Write it as smtp\+starttls:"):
        read_relay(url)


def test_a_refusal_does_not_show_the_password() -> None:
    with pytest.raises(ValueError, match="is no relay") as refused:
        read_relay("smtp://me:hunter2@mail.example.com/path")
    assert "hunter2" not in str(refused.value)


def test_a_relay_is_shown_without_its_account() -> None:
    assert str(read_relay("smtp+starttls://me:hunter2@h")) == "smtp+starttls://h:587"
