"""Indexes: making them, removing them, what they are made of, and which a name means."""

import json
import re
import time
import uuid
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from rehearsal.search import analysis, fields
from rehearsal.search.accounts import may_use, require_index
from rehearsal.search.calls import Answer, Call, route
from rehearsal.search.refusals import Refused, malformed, mapping_of, no_index, only

# elasticsearch refuses these characters; a name must not begin with _ - or + either.
BAD_NAME = re.compile(r'[A-Z\\/*?"<>| ,#:]|^[_+-]|^\.\.?$')
EXPANSION = ("ignore_unavailable", "allow_no_indices", "expand_wildcards", "include_type_name")


@dataclass(frozen=True)
class Index:
    name: str
    uuid: str
    created: int
    settings: dict[str, Any]
    mappings: dict[str, Any]

    @property
    def fields(self) -> fields.Definitions:
        """Fields that can be searched, by path, with the parts of their analyzers."""
        return {
            path: analysis.resolved(definition, self.settings)
            for path, definition in fields.definitions(self.mappings).items()
        }


def index_named(call: Call, name: str) -> Index | None:
    row = call.database.execute("SELECT * FROM indexes WHERE name = ?", (name,)).fetchone()
    return (
        Index(
            row["name"],
            row["uuid"],
            row["created"],
            json.loads(row["settings"]),
            json.loads(row["mappings"]),
        )
        if row
        else None
    )


def all_names(call: Call) -> dict[str, list[str]]:
    """Return the indexes behind every index and alias that the account may see."""
    names: dict[str, list[str]] = {}
    for (name,) in call.database.execute("SELECT name FROM indexes ORDER BY name"):
        names[name] = [name]
    for name, index in call.database.execute(
        "SELECT name, index_name FROM aliases ORDER BY name, index_name"
    ):
        names.setdefault(name, []).append(index)
    return {name: meant for name, meant in names.items() if may_use(call.account, name)}


def resolve(call: Call, expression: str) -> list[Index]:
    """Return the indexes behind comma-separated names, aliases and patterns, each once.

    Refuse unknown names, unless the request sets `ignore_unavailable`.
    """
    known = all_names(call)
    meant: dict[str, None] = {}
    for part in expression.split(","):
        if part in {"_all", "*"} or "*" in part:
            pattern = "*" if part == "_all" else part
            matching = [name for name in known if fnmatchcase(name, pattern)]
            if not matching and not call.flag("allow_no_indices", default=True):
                raise no_index(part)
        else:
            require_index(call.account, part)
            matching = [part] if part in known else []
            if not matching and not call.flag("ignore_unavailable"):
                raise no_index(part)
        meant |= dict.fromkeys(index for name in matching for index in known[name])
    return [index for name in meant if (index := index_named(call, name))]


@route("PUT", "/{index}", ["include_type_name"])
def put_index(call: Call, index: str) -> dict[str, Any]:
    create(call, index, call.json())
    return {"acknowledged": True, "shards_acknowledged": True, "index": index}


def create(call: Call, name: str, body: dict[str, Any]) -> Index:
    """Make an index from a body with `settings`, `mappings` and `aliases`."""
    require_index(call.account, name)
    if BAD_NAME.search(name):
        raise Refused(400, "invalid_index_name_exception", f"Invalid index name [{name}]")
    if meant := all_names(call).get(name):
        if meant != [name]:
            reason = f"Invalid index name [{name}], already exists as alias"
            raise Refused(400, "invalid_index_name_exception", reason)
        reason = f"index [{name}] already exists"
        raise Refused(400, "resource_already_exists_exception", reason, index=name)
    only(body, ("settings", "mappings", "aliases"), "the body")
    settings = analysis.normal_settings(mapping_of(body.get("settings") or {}, "settings"))
    mappings = mapping_of(body.get("mappings") or {}, "mappings")
    fields.check_mappings(mappings)
    analysis.check_names(fields.definitions(mappings), settings)
    made = Index(name, uuid.uuid4().hex[:22], int(time.time() * 1000), settings, mappings)
    call.database.execute(
        "INSERT INTO indexes VALUES (?, ?, ?, ?, ?)",
        (name, made.uuid, made.created, json.dumps(settings), json.dumps(mappings)),
    )
    for alias, options in mapping_of(body.get("aliases") or {}, "aliases").items():
        only(mapping_of(options, alias), (), "an alias")
        require_index(call.account, alias)
        call.database.execute("INSERT INTO aliases VALUES (?, ?)", (alias, name))
    return made


@route("DELETE", "/{index}", EXPANSION)
def delete_index(call: Call, index: str) -> dict[str, Any]:
    known = all_names(call)
    for part in index.split(","):
        if part in known and known[part] != [part]:
            raise malformed(
                f"The provided expression [{part}] matches an alias, specify the corresponding "
                "concrete indices instead."
            )
    for match in resolve(call, index):
        call.database.execute("DELETE FROM indexes WHERE name = ?", (match.name,))
    return {"acknowledged": True}


@route("GET", "/{index}", [*EXPANSION, "flat_settings", "include_defaults", "local"])
def get_index(call: Call, index: str) -> Answer:
    """Show indexes. HEAD asks if they exist: 404 for an unknown name."""
    return Answer(
        {
            match.name: {
                "aliases": aliases_of(call, match.name),
                "mappings": match.mappings,
                "settings": {"index": shown_settings(match)},
            }
            for match in resolve(call, index)
        }
    )


def aliases_of(call: Call, index: str) -> dict[str, Any]:
    rows = call.database.execute(
        "SELECT name FROM aliases WHERE index_name = ? ORDER BY name", (index,)
    )
    return {name: {} for (name,) in rows}


def shown_settings(index: Index) -> dict[str, Any]:
    """Return settings with numbers as texts, like Elasticsearch."""
    texts = {
        name: value if isinstance(value, dict) else str(value)
        for name, value in index.settings.items()
    }
    return {
        "number_of_shards": "1",
        "number_of_replicas": "1",
        **texts,
        "uuid": index.uuid,
        "creation_date": str(index.created),
        "provided_name": index.name,
        "version": {"created": "7170099"},
    }


@route("GET", "/{index}/_mapping", EXPANSION)
def get_mapping(call: Call, index: str) -> dict[str, Any]:
    return {match.name: {"mappings": match.mappings} for match in resolve(call, index)}


@route("PUT POST", "/{index}/_mapping", EXPANSION)
def put_mapping(call: Call, index: str) -> dict[str, Any]:
    """Add fields. Refuse to change the type of an existing one."""
    body = call.json()
    fields.check_mappings(body)
    for match in resolve(call, index):
        for name, definition in (body.get("properties") or {}).items():
            present = match.mappings.setdefault("properties", {}).setdefault(name, definition)
            if present.get("type") != definition.get("type"):
                raise malformed(
                    f"mapper [{name}] cannot be changed from type [{present.get('type')}] "
                    f"to [{definition.get('type')}]"
                )
            present |= definition
        analysis.check_names(match.fields, match.settings)
        save_mappings(call, match)
    return {"acknowledged": True}


def save_mappings(call: Call, index: Index) -> None:
    call.database.execute(
        "UPDATE indexes SET mappings = ? WHERE name = ?", (json.dumps(index.mappings), index.name)
    )


@route("GET", "/{index}/_settings", [*EXPANSION, "flat_settings", "include_defaults"])
def get_settings(call: Call, index: str) -> dict[str, Any]:
    return {
        match.name: {"settings": {"index": shown_settings(match)}} for match in resolve(call, index)
    }


@route("PUT", "/{index}/_settings", [*EXPANSION, "preserve_existing", "flat_settings"])
@route("PUT", "/_settings", [*EXPANSION, "preserve_existing", "flat_settings"])
def put_settings(call: Call, index: str = "_all") -> dict[str, Any]:
    """Change settings. Refuse those that an index has for ever."""
    body = call.json()
    settings = analysis.changed_settings(mapping_of(body.get("settings", body), "settings"))
    for match in resolve(call, index):
        call.database.execute(
            "UPDATE indexes SET settings = ? WHERE name = ?",
            (json.dumps(match.settings | settings), match.name),
        )
    return {"acknowledged": True}


@route("POST GET", "/{index}/_refresh", EXPANSION, writes=False)
def refresh(call: Call, index: str) -> dict[str, Any]:
    """Do nothing: new documents can be found at once."""
    return {"_shards": shards(len(resolve(call, index)))}


def shards(count: int = 1) -> dict[str, int]:
    return {"total": count, "successful": count, "failed": 0}
