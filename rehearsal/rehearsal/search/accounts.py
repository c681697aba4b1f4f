"""Users and roles, as in Elasticsearch's security API."""

import hashlib
import hmac
import json
import os
import sqlite3
from base64 import b64decode
from binascii import Error as NoBase64
from collections.abc import Iterable
from fnmatch import fnmatchcase

from rehearsal.search.calls import Account
from rehearsal.search.refusals import Refused

SUPERUSER = "elastic"
MIN_PASSWORD = 6


def hashed(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)


class Door:
    """Check of the accounts of requests."""

    def __init__(self, password: str) -> None:
        self.password = password
        # scrypt is slow on purpose: a password that was right is remembered.
        self.salt = os.urandom(16)
        self.known: dict[tuple[str, bytes], bytes] = {}

    def admit(self, connection: sqlite3.Connection, header: str) -> Account:
        """Return the account in a request's Authorization. Refuse all other requests."""
        name, password = credentials(header)
        if name == SUPERUSER and hmac.compare_digest(password.encode(), self.password.encode()):
            return Account(name, superuser=True)
        row = connection.execute("SELECT * FROM users WHERE name = ?", (name,)).fetchone()
        if row is None or not self.is_right(name, password, row):
            raise stranger(f"unable to authenticate user [{name}]")
        return account(connection, name, json.loads(row["body"])["roles"])

    def is_right(self, name: str, password: str, row: sqlite3.Row) -> bool:
        seen = hashlib.blake2b(password.encode(), key=self.salt).digest()
        if hmac.compare_digest(self.known.get((name, row["hash"]), b""), seen):
            return True
        right = hmac.compare_digest(hashed(password, row["salt"]), row["hash"])
        if right:
            self.known[name, row["hash"]] = seen
        return right


def credentials(header: str) -> tuple[str, str]:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        raise stranger("missing authentication credentials")
    try:
        name, colon, password = b64decode(encoded.strip()).decode().partition(":")
    except (NoBase64, UnicodeDecodeError) as error:
        raise stranger("invalid basic authentication header encoding") from error
    if not colon:
        raise stranger("invalid basic authentication header value")
    return name, password


def account(connection: sqlite3.Connection, name: str, roles: Iterable[str]) -> Account:
    """Return an account with all rights of the roles. Unknown roles give none."""
    cluster: list[str] = []
    patterns: list[str] = []
    for role in roles:
        if role == "superuser":
            return Account(name, superuser=True)
        row = connection.execute("SELECT body FROM roles WHERE name = ?", (role,)).fetchone()
        if row:
            body = json.loads(row["body"])
            cluster += body["cluster"]
            patterns += [text for entry in body["indices"] for text in entry["names"]]
    return Account(name, superuser=False, cluster=tuple(cluster), patterns=tuple(patterns))


def may_use(account: Account, index: str) -> bool:
    """Return True if the account may see and change the index or alias."""
    return account.superuser or any(fnmatchcase(index, pattern) for pattern in account.patterns)


def require_index(account: Account, index: str) -> None:
    if not may_use(account, index):
        raise forbidden(account, f"on indices [{index}]")


def require_cluster(account: Account, privilege: str) -> None:
    """Refuse the account without the privilege; all but `monitor` need a superuser."""
    allowed = privilege in account.cluster or "all" in account.cluster
    if not account.superuser and not (privilege == "monitor" and allowed):
        raise forbidden(account, f"which needs the cluster privilege [{privilege}]")


def stranger(reason: str) -> Refused:
    return Refused(401, "security_exception", f"{reason} for REST request")


def forbidden(account: Account, what: str) -> Refused:
    reason = f"action is unauthorized for user [{account.name}] {what}"
    return Refused(403, "security_exception", reason)
