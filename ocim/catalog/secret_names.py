"""Which of an operator's own settings are secrets, by their names."""

import re
from collections.abc import Mapping
from typing import Any

from ocim.catalog.templates import is_template
from ocim.core.spec import Secret

# Only the end of a name says what it holds: PASSWORD_RESET_SUPPORT_LINK is a link.
_SECRET_NAME = re.compile(
    r"""(?:^|_)
    (?: pass | passwd | password | secret | token | credential | identity | signing_jwk | salt
      | django_auth | django_user
      | (?: secret | api | access | private | signing | transaction | service | shared
          | temp_url | swift | encryption | fernet )_key
    )s?
    (?: _admin | _read_only )? $""",
    re.IGNORECASE | re.VERBOSE,
)


_URL_WITH_PASSWORD = re.compile(r"[a-z][a-z0-9+.-]*://[^/@\s]*:[^/@\s]+@", re.IGNORECASE)


def is_secret_name(name: str) -> bool:
    """Whether what has this name is not for everybody's eyes; OAuth client ids are."""
    return _SECRET_NAME.search(name) is not None


def hidden_url(url: str) -> str | Secret:
    """The URL; a Secret where it has a password in it."""
    return Secret(url) if _URL_WITH_PASSWORD.search(url) else url


def with_secrets_hidden(values: Mapping[str, Any]) -> dict[str, Any]:
    """A copy in which texts under such names, at any depth, are Secrets, and URLs with a password.

    Empty texts stay as they are, and so do templates: they name secrets and hold none.
    """
    return {key: _hidden(value, secret=is_secret_name(key)) for key, value in values.items()}


def _hidden(value: Any, *, secret: bool) -> Any:
    match value:
        case str() if value and not is_template(value):
            return Secret(value) if secret else hidden_url(value)
        case Mapping():
            return {
                key: _hidden(below, secret=secret or is_secret_name(key))
                for key, below in value.items()
            }
        case list():
            return [_hidden(below, secret=secret) for below in value]
    return value
