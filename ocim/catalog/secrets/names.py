"""Recognition of secret settings by their names."""

import re
from functools import lru_cache

# Only the end of a name says what its value is: PASSWORD_RESET_SUPPORT_LINK is a link.
_SECRET_NAME = re.compile(
    r"""(?:^|_)
    (?: pass | passwd | password | pwd | passphrase | secret | token | credential | identity
      | signing_jwk | salt | hash_seed
      | django_auth | django_user | mongo_users | auth_extra | dsn | session_?id
      | webhook (?: _ur[il] | _address )?
      | (?: secret | api | access | private | signing | transaction | service | shared | temp_url
          | swift | encryption | fernet | segment | ssh | license | account | master | session
          | cluster )
        _?key
    )s?
    (?: _admin | _read_only | _pem | _base64 | _sso )? $
    # … but all settings with these words are secret.
    | (?:^|_) (?: basic_auth | license ) (?:_|s?$)
    | ^auth$""",
    re.IGNORECASE | re.VERBOSE,
)
IN_NAMES = (
    "pass",
    "pwd",
    "secret",
    "token",
    "credential",
    "identity",
    "signing",
    "salt",
    "auth",
    "dsn",
    "session",
    "webhook",
    "key",
    "license",
    "django",
)
"""Texts of which every name of a secret contains at least one, in lower case."""
_PASSWORD = re.compile(r"(?:^|_)(?:pass|passwd|password|pwd|passphrase|pin)$", re.IGNORECASE)
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[-. ]")


@lru_cache(maxsize=10_000)
def is_secret_name(name: str) -> bool:
    """Return True if settings of this name are secret; OAuth client ids are not."""
    return (
        _SECRET_NAME.search(name) is not None
        or _SECRET_NAME.search(_WORDS.sub("_", name)) is not None
    )


def is_password_name(name: str) -> bool:
    """Return True if settings of this name are passwords: texts, even if written as numbers."""
    return _PASSWORD.search(name) is not None
