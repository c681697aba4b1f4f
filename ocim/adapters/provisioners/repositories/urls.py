"""URLs that may be fetched with git, and their parts without passwords."""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from ocim.core.errors import ValidationError
from ocim.core.repositories import fault_of_url


@dataclass(frozen=True)
class GitUrl:
    """A URL in parts: the secret parts are never shown, nor arguments of a process."""

    text: str
    """The URL without its password, and for https without its user: for git, messages and logs."""
    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return self.text


def git_url(url: str) -> GitUrl:
    """Return the parts of a URL.

    Raise ValidationError if git would take it for an option, or run it as a command.
    """
    if fault := fault_of_url(url):
        raise ValidationError([f"configuration_source_repo_url: {fault}"])
    if url.startswith("/"):
        return GitUrl(f"file://{url}")
    parts = urlsplit(url)
    if "://" not in url or "@" not in parts.netloc:
        return GitUrl(url)
    credentials, _, host = parts.netloc.rpartition("@")
    user, _, password = credentials.partition(":")
    if parts.scheme == "ssh":
        return GitUrl(parts._replace(netloc=f"{user}@{host}").geturl())
    bare = parts._replace(netloc=host).geturl()
    return GitUrl(bare, unquote(user), unquote(password))
