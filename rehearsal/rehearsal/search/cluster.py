"""Facts about the server, and its lists for people: `_cat`."""

from fnmatch import fnmatchcase
from typing import Any

from rehearsal.search.accounts import may_use, require_cluster
from rehearsal.search.calls import Answer, Call, route
from rehearsal.search.indexes import EXPANSION, Index, resolve, shards
from rehearsal.search.refusals import unsupported

VERSION = "7.17.0"
CAT = ("format", "h", "v", *EXPANSION, "local")


@route("GET", "/")
def info(call: Call) -> dict[str, Any]:
    require_cluster(call.account, "monitor")
    return {
        "name": "rehearsal",
        "cluster_name": call.cluster,
        "cluster_uuid": call.database.execute("SELECT uuid FROM cluster").fetchone()[0],
        "version": {
            "number": VERSION,
            "build_flavor": "default",
            "build_type": "rehearsal",
            "build_hash": "unknown",
            "build_date": "2026-01-01T00:00:00.000Z",
            "build_snapshot": False,
            "lucene_version": "8.11.1",
            "minimum_wire_compatibility_version": "6.8.0",
            "minimum_index_compatibility_version": "6.0.0-beta1",
        },
        "tagline": "You Know, for Search",
    }


@route("GET", "/_cluster/health", ["wait_for_status", "local", "level"])
@route("GET", "/_cluster/health/{index}", ["wait_for_status", "local", "level"])
def health(call: Call, index: str = "_all") -> dict[str, Any]:
    """Tell of the server's health: yellow while an index has a replica, for want of a node."""
    require_cluster(call.account, "monitor")
    indexes = resolve(call, index)
    count = len(indexes)
    replicas = sum(map(replicas_of, indexes))
    return {
        "cluster_name": call.cluster,
        "status": "yellow" if replicas else "green",
        "timed_out": bool(replicas) and call.query.get("wait_for_status") == "green",
        "number_of_nodes": 1,
        "number_of_data_nodes": 1,
        "active_primary_shards": count,
        "active_shards": count,
        "unassigned_shards": replicas,
    }


@route("GET POST", "/_refresh", EXPANSION, writes=False)
def refresh_everything(_call: Call) -> dict[str, Any]:
    return {"_shards": shards()}


@route("GET", "/_cat/indices", CAT)
def cat_indices(call: Call) -> Answer:
    return cat_indices_named(call, "_all")


@route("GET", "/_cat/indices/{index}", CAT)
def cat_indices_named(call: Call, index: str) -> Answer:
    rows = []
    for match in resolve(call, index):
        count, size = call.database.execute(
            "SELECT count(*), coalesce(sum(length(source)), 0) FROM documents WHERE index_name = ?",
            (match.name,),
        ).fetchone()
        replicas = replicas_of(match)
        row = {"health": "yellow" if replicas else "green", "status": "open"}
        row |= {"index": match.name, "uuid": match.uuid, "pri": "1", "rep": str(replicas)}
        row |= {"docs.count": str(count), "docs.deleted": "0"}
        rows.append({**row, "store.size": f"{size}b", "pri.store.size": f"{size}b"})
    return listing(call, rows)


def replicas_of(index: Index) -> int:
    return int(index.settings.get("number_of_replicas", 1))


@route("GET", "/_cat/aliases", CAT)
def cat_aliases(call: Call) -> Answer:
    return cat_aliases_named(call, "*")


@route("GET", "/_cat/aliases/{name}", CAT)
def cat_aliases_named(call: Call, name: str) -> Answer:
    rows = call.database.execute("SELECT name, index_name FROM aliases ORDER BY name, index_name")
    empty = {"filter": "-", "routing.index": "-", "routing.search": "-", "is_write_index": "-"}
    return listing(
        call,
        [
            {"alias": alias, "index": index, **empty}
            for alias, index in rows
            if may_use(call.account, alias)
            and any(fnmatchcase(alias, pattern) for pattern in name.split(","))
        ],
    )


def listing(call: Call, rows: list[dict[str, str]]) -> Answer:
    """Return a table as text or (`format=json`) JSON; `h` selects columns, `v` adds headings."""
    wanted = call.query["h"].split(",") if call.query.get("h") else None
    if wanted:
        for name in wanted:
            if rows and name not in rows[0]:
                raise unsupported(name, "the columns of _cat")
        rows = [{name: row[name] for name in wanted} for row in rows]
    form = call.query.get("format", "text")
    if form == "json":
        return Answer(rows)
    if form != "text":
        raise unsupported(f"format: {form}", "_cat")
    table = [list(row.values()) for row in rows]
    if call.flag("v") and rows:
        table.insert(0, list(rows[0]))
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [
        " ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in table
    ]
    return Answer("".join(f"{line}\n" for line in lines))
