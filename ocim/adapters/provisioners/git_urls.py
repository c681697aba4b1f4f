"""What may be fetched with git, and how its URL is shown and handed over without passwords."""

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from ocim.core.errors import BadInput
from ocim.core.secrets import without_credentials

SCHEMES = ("https", "ssh", "file", "http", "git")
_SCP_LIKE = re.compile(r"(?:[\w.+-]+@)?[A-Za-z0-9][\w.-]*:(?!:)[^\s:][^\s]*")
_REMEDY = (
    "Set configuration_source_repo_url to 'builtin' or to the URL of a git repository: "
    "https://, ssh://, user@host:path, git://, http://, file:// or an absolute path."
)


@dataclass(frozen=True)
class GitUrl:
    """A URL in parts: the secret ones are never arguments of a process, nor shown."""

    text: str
    """Without password, and for https without user: for git, for messages and for logs."""
    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return self.text


def git_url(url: str) -> GitUrl:
    """Take a URL apart; BadInput for what git would take for an option or run as a command."""
    plain = url.strip()
    if plain.startswith("/") and plain.isprintable():
        return GitUrl(f"file://{plain}")
    if _SCP_LIKE.fullmatch(plain) and "://" not in plain:
        return GitUrl(plain)
    parts = urlsplit(plain) if plain.isprintable() and " " not in plain else None
    if parts is None or parts.scheme not in SCHEMES or (parts.hostname or "").startswith("-"):
        problem = f"{without_credentials(plain)!r} is not a repository that can be used."
        raise BadInput([problem], remedy=_REMEDY)
    if "@" not in parts.netloc:
        return GitUrl(plain)
    credentials, _, host = parts.netloc.rpartition("@")
    user, _, password = credentials.partition(":")
    if parts.scheme == "ssh":
        return GitUrl(parts._replace(netloc=f"{user}@{host}").geturl())
    bare = parts._replace(netloc=host).geturl()
    return GitUrl(bare, unquote(user), unquote(password))
