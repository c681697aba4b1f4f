"""Aliases: names that mean one index or several, moved in one step."""

from fnmatch import fnmatchcase
from typing import Any

from rehearsal.search.accounts import may_use, require_index
from rehearsal.search.calls import Answer, Call, route
from rehearsal.search.indexes import EXPANSION, index_named, resolve
from rehearsal.search.refusals import Refused, malformed, mapping_of, only, single, unsupported


@route("POST", "/_aliases")
def update_aliases(call: Call) -> dict[str, Any]:
    """Do all actions in one step.

    An alias to remove that is missing is an error only if there is nothing else to do, or if the
    action has `must_exist`.
    """
    body = call.json()
    only(body, ("actions",), "the body")
    done = 0
    missing = []
    for action in body.get("actions") or []:
        kind, content = single(action, "an action")
        options = mapping_of(content, kind)
        indexes = listed(options, "index", "indices")
        if kind == "remove_index":
            only(options, ("index", "indices"), kind)
            for index in indexes:
                require_index(call.account, index)
                call.database.execute("DELETE FROM indexes WHERE name = ?", (index,))
                done += 1
            continue
        known = ("index", "indices", "alias", "aliases", "must_exist", "is_write_index")
        only(options, known, f"the action {kind}")
        for alias in listed(options, "alias", "aliases"):
            if kind == "add":
                add(call, ",".join(indexes), alias)
                done += 1
            elif kind == "remove":
                must_exist = options.get("must_exist") is True
                gone = remove(call, ",".join(indexes), alias, must_exist=must_exist)
                done += gone
                missing += [] if gone or options.get("must_exist") is False else [alias]
            else:
                raise unsupported(kind, "the actions of _aliases")
    if missing and not done:
        raise no_alias(*missing)
    return {"acknowledged": True}


def listed(options: dict[str, Any], key: str, plural: str) -> list[str]:
    value = options.get(plural) or options.get(key)
    names = value if isinstance(value, list) else [value]
    if not all(isinstance(name, str) and name for name in names):
        raise malformed(f"an action needs [{key}] or [{plural}]")
    return [str(name) for name in names]


@route("PUT POST", "/{index}/_alias/{name}")
@route("PUT POST", "/{index}/_aliases/{name}")
def put_alias(call: Call, index: str, name: str) -> dict[str, Any]:
    only(call.json(), (), "an alias")
    add(call, index, name)
    return {"acknowledged": True}


@route("DELETE", "/{index}/_alias/{name}")
@route("DELETE", "/{index}/_aliases/{name}")
def delete_alias(call: Call, index: str, name: str) -> dict[str, Any]:
    remove(call, index, name, must_exist=True)
    return {"acknowledged": True}


def add(call: Call, index: str, alias: str) -> None:
    require_index(call.account, alias)
    if index_named(call, alias):
        reason = f"Invalid alias name [{alias}]: an index exists with the same name as the alias"
        raise Refused(400, "invalid_alias_name_exception", reason)
    for match in resolve(call, index):
        call.database.execute("INSERT OR IGNORE INTO aliases VALUES (?, ?)", (alias, match.name))


def remove(call: Call, index: str, alias: str, *, must_exist: bool) -> int:
    """Remove an alias of these indexes. Return the number of indexes that had it."""
    gone = 0
    for match in resolve(call, index):
        rows = call.database.execute(
            "SELECT name FROM aliases WHERE index_name = ?", (match.name,)
        ).fetchall()
        for (name,) in rows:
            if fnmatchcase(name, alias) and may_use(call.account, name):
                gone += call.database.execute(
                    "DELETE FROM aliases WHERE name = ? AND index_name = ?", (name, match.name)
                ).rowcount
    if not gone and must_exist:
        raise no_alias(alias)
    return gone


def no_alias(*names: str) -> Refused:
    reason = f"aliases [{', '.join(names)}] missing"
    return Refused(404, "aliases_not_found_exception", reason)


@route("GET", "/_alias", [*EXPANSION, "local"])
def all_aliases(call: Call) -> Answer:
    return aliases(call, "_all", "")


@route("GET", "/_alias/{name}", [*EXPANSION, "local"])
def aliases_named(call: Call, name: str) -> Answer:
    return aliases(call, "_all", name)


@route("GET", "/{index}/_alias", [*EXPANSION, "local"])
def aliases_of_index(call: Call, index: str) -> Answer:
    return aliases(call, index, "")


@route("GET", "/{index}/_alias/{name}", [*EXPANSION, "local"])
def aliases_of_index_named(call: Call, index: str, name: str) -> Answer:
    return aliases(call, index, name)


def aliases(call: Call, index: str, wanted: str) -> Answer:
    """Return aliases per index. If a name in the request is none, add an error, with status 404."""
    patterns = wanted.split(",") if wanted else []
    body: dict[str, Any] = {}
    seen: set[str] = set()
    for match in resolve(call, index):
        rows = call.database.execute(
            "SELECT name FROM aliases WHERE index_name = ? ORDER BY name", (match.name,)
        )
        names = [name for (name,) in rows if may_use(call.account, name)]
        if patterns:
            names = [
                name
                for name in names
                if any(pattern == "_all" or fnmatchcase(name, pattern) for pattern in patterns)
            ]
        if names or not patterns:
            body[match.name] = {"aliases": {name: {} for name in names}}
        seen |= set(names)
    missing = [name for name in patterns if "*" not in name and name != "_all" and name not in seen]
    if missing:
        message = f"alias [{','.join(missing)}] missing"
        return Answer({"error": message, "status": 404, **body}, 404)
    return Answer(body)
