"""Making accounts: `/_security/role`, `/_security/user`."""

import json
import os
import sqlite3
from typing import Any

from rehearsal.search.accounts import MIN_PASSWORD, SUPERUSER, hashed, require_cluster
from rehearsal.search.calls import Answer, Call, route
from rehearsal.search.refusals import malformed, mapping_of, only, unsupported

CLUSTER_PRIVILEGES = {"monitor", "all"}


@route("GET", "/_security/_authenticate")
def authenticate(call: Call) -> dict[str, Any]:
    account = call.account
    row = call.database.execute("SELECT * FROM users WHERE name = ?", (account.name,)).fetchone()
    known = described(row) if row else {"username": account.name, "roles": ["superuser"]}
    return {**known, "enabled": True, "authentication_type": "realm"}


@route("PUT POST", "/_security/role/{name}", ["refresh"])
def put_role(call: Call, name: str) -> dict[str, Any]:
    require_cluster(call.account, "manage_security")
    body = call.json()
    only(body, ("cluster", "indices", "metadata"), "a role")
    indices = []
    for entry in body.get("indices") or []:
        only(mapping_of(entry, "indices"), ("names", "privileges"), "a role's indices")
        if entry.get("privileges") != ["all"]:
            raise unsupported(str(entry.get("privileges")), "privileges, which are always [all]")
        indices.append({"names": strings(entry.get("names"), "names"), "privileges": ["all"]})
    cluster = strings(body.get("cluster") or [], "cluster")
    for privilege in cluster:
        if privilege not in CLUSTER_PRIVILEGES:
            raise unsupported(privilege, "a role's cluster privileges")
    kept = {"cluster": cluster, "indices": indices}
    created = put(call.database, "roles", name, {"body": json.dumps(kept)})
    return {"role": {"created": created}}


@route("GET", "/_security/role/{name}")
def get_role(call: Call, name: str) -> Answer:
    require_cluster(call.account, "manage_security")
    row = call.database.execute("SELECT * FROM roles WHERE name = ?", (name,)).fetchone()
    return Answer({name: json.loads(row["body"])}) if row else Answer({}, 404)


@route("PUT POST", "/_security/user/{name}", ["refresh"])
def put_user(call: Call, name: str) -> dict[str, Any]:
    """Create or change an account. Without a password it keeps its own."""
    require_cluster(call.account, "manage_security")
    body = call.json()
    only(body, ("password", "roles", "full_name", "email", "metadata", "enabled"), "a user")
    if name == SUPERUSER:
        raise malformed(f"user [{name}] is reserved: its password is in the server's settings")
    if body.get("enabled") is False:
        raise unsupported("enabled: false", "a user")
    roles = strings(body.get("roles") or [], "roles")
    kept: dict[str, Any] = {"body": json.dumps({"roles": roles})}
    password = body.get("password")
    if password is not None:
        if not isinstance(password, str) or len(password) < MIN_PASSWORD:
            raise malformed(f"passwords must be at least [{MIN_PASSWORD}] characters long")
        salt = os.urandom(16)
        kept |= {"salt": salt, "hash": hashed(password, salt)}
    elif not call.database.execute("SELECT 1 FROM users WHERE name = ?", (name,)).fetchone():
        raise malformed("a new user needs a password")
    return {"created": put(call.database, "users", name, kept)}


@route("GET", "/_security/user/{name}")
def get_user(call: Call, name: str) -> Answer:
    require_cluster(call.account, "manage_security")
    row = call.database.execute("SELECT * FROM users WHERE name = ?", (name,)).fetchone()
    return Answer({name: described(row)}) if row else Answer({}, 404)


@route("DELETE", "/_security/user/{name}", ["refresh"])
def delete_user(call: Call, name: str) -> Answer:
    return deleted(call, "users", name)


@route("DELETE", "/_security/role/{name}", ["refresh"])
def delete_role(call: Call, name: str) -> Answer:
    return deleted(call, "roles", name)


def deleted(call: Call, table: str, name: str) -> Answer:
    require_cluster(call.account, "manage_security")
    gone = call.database.execute(f"DELETE FROM {table} WHERE name = ?", (name,)).rowcount
    return Answer({"found": bool(gone)}, 200 if gone else 404)


def put(database: sqlite3.Connection, table: str, name: str, columns: dict[str, Any]) -> bool:
    """Write a row; whether it is new."""
    sets = ", ".join(f"{column} = ?" for column in columns)
    update = f"UPDATE {table} SET {sets} WHERE name = ?"
    if database.execute(update, (*columns.values(), name)).rowcount:
        return False
    marks = ", ".join("?" * (len(columns) + 1))
    insert = f"INSERT INTO {table} (name, {', '.join(columns)}) VALUES ({marks})"
    database.execute(insert, (name, *columns.values()))
    return True


def described(row: sqlite3.Row) -> dict[str, Any]:
    return {"username": row["name"], **json.loads(row["body"]), "enabled": True}


def strings(value: object, where: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise malformed(f"{where} must be a list of strings")
    return list(value)
