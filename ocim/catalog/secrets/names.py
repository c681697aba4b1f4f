"""Which of an operator's own settings are secrets, by their names."""

import re
from functools import lru_cache

# Only the end of a name says what it holds: PASSWORD_RESET_SUPPORT_LINK is a link.
_SECRET_NAME = re.compile(
    r"""(?:^|_)
    (?: pass | passwd | password | pwd | passphrase | secret | token | credential | identity
      | signing_jwk | salt | django_auth | django_user | auth_extra | dsn | session_?id
      | webhook (?: _ur[il] | _address )?
      | (?: secret | api | access | private | signing | transaction | service | shared | temp_url
          | swift | encryption | fernet | segment | ssh | license | account | master | session )
        _?key
    )s?
    (?: _admin | _read_only | _pem | _base64 )? $
    # … but everything of these is one.
    | (?:^|_) (?: basic_auth | license ) (?:_|s?$)
    | ^auth$""",
    re.IGNORECASE | re.VERBOSE,
)
IN_NAMES = (
    "pass", "pwd", "secret", "token", "credential", "identity", "signing", "salt", "auth", "dsn",
    "session", "webhook", "key", "license", "django",
)  # fmt: skip
"""One of these, in lower case, is in every name of a secret."""
_PASSWORD = re.compile(r"(?:^|_)(?:pass|passwd|password|pwd|passphrase|pin)$", re.IGNORECASE)
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[-. ]")


@lru_cache(maxsize=10_000)
def is_secret_name(name: str) -> bool:
    """Return whether what has this name is not for everybody's eyes; OAuth client ids are."""
    return (
        _SECRET_NAME.search(name) is not None
        or _SECRET_NAME.search(_WORDS.sub("_", name)) is not None
    )


def is_password_name(name: str) -> bool:
    """Return whether what has this name is a text, even where it is written as a number."""
    return _PASSWORD.search(name) is not None
