"""The SMTP relay that sends mail, and a message for it."""

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from ocim.core.secrets import Secret

PORTS = {"smtp": 25, "smtp+starttls": 587}
"""The usual port by scheme."""


@dataclass(frozen=True, slots=True)
class MailRelay:
    """An SMTP server with an account."""

    host: str
    port: int
    starttls: bool = False
    """True if connections begin TLS before the account is named."""
    user: str = ""
    """Empty: the relay needs no account."""
    password: Secret = field(default_factory=lambda: Secret(""))

    def __str__(self) -> str:
        scheme = "smtp+starttls" if self.starttls else "smtp"
        return f"{scheme}://{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Mail:
    """A message of plain text to one person."""

    sender: str
    recipient: str
    subject: str
    text: str


def read_relay(url: str) -> MailRelay:
    """Return the relay of a URL. Raise ValueError, without the URL, which may hold a password."""
    wrong = "is no relay's URL. Write it as smtp+starttls://user:password@smtp.example.com:587."
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS[parts.scheme]
    except (ValueError, KeyError):
        raise ValueError(wrong) from None
    if (
        not parts.hostname
        or parts.path not in ("", "/")
        or bool(parts.username) != bool(parts.password)
    ):
        raise ValueError(wrong)
    return MailRelay(
        host=parts.hostname,
        port=port,
        starttls=parts.scheme == "smtp+starttls",
        user=unquote(parts.username or ""),
        password=Secret(unquote(parts.password or "")),
    )
