"""Writing and reading single documents, and many at once."""

import json
import sqlite3
import uuid
from typing import Any

from rehearsal.search import analysis, fields
from rehearsal.search.accounts import require_index
from rehearsal.search.calls import Answer, Call, route
from rehearsal.search.indexes import (
    Index,
    all_names,
    create,
    index_named,
    resolve,
    save_mappings,
    shards,
)
from rehearsal.search.refusals import Refused, malformed, mapping_of, only

MAX_ID_BYTES = 512


def to_write(call: Call, name: str) -> Index:
    """Return the only index behind a name; create it if there is none, like Elasticsearch."""
    require_index(call.account, name)
    meant = all_names(call).get(name)
    if meant is None:
        return create(call, name, {})
    if len(meant) > 1:
        raise malformed(
            f"no write index is defined for alias [{name}]. The write index may be explicitly "
            "disabled using is_write_index=false or the alias points to multiple indices"
        )
    index = index_named(call, meant[0])
    if index is None:
        raise TypeError(f"{name} means an index that is not there")
    return index


def row_of(call: Call, index: Index, identifier: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = call.database.execute(
        "SELECT * FROM documents WHERE index_name = ? AND id = ?", (index.name, identifier)
    ).fetchone()
    return row


def save(
    call: Call, index: Index, identifier: str, source: dict[str, Any], *, fresh: bool = False
) -> dict[str, Any]:
    """Save a document under its id. With `fresh`, refuse to replace an existing one."""
    if not identifier or len(identifier.encode()) > MAX_ID_BYTES:
        raise malformed(f"id [{identifier[:40]}] is empty or longer than {MAX_ID_BYTES} bytes")
    before = row_of(call, index, identifier)
    if before and fresh:
        reason = f"[{identifier}]: version conflict, document already exists"
        raise Refused(409, "version_conflict_engine_exception", reason)
    had = json.dumps(index.mappings)
    entries = list(fields.values(source, index.mappings))
    if json.dumps(index.mappings) != had:
        save_mappings(call, index)
    if before:
        call.database.execute("DELETE FROM documents WHERE number = ?", (before["number"],))
    version = before["version"] + 1 if before else 1
    number = call.database.execute(
        "INSERT INTO documents (number, index_name, id, version, source) VALUES (?, ?, ?, ?, ?)",
        (before and before["number"], index.name, identifier, version, json.dumps(source)),
    ).lastrowid
    definitions = index.fields
    for path, value in entries:
        definition = definitions[path]
        if definition["type"] == "text":
            passage = call.database.execute(
                "INSERT INTO passages (document, field) VALUES (?, ?)", (number, path)
            ).lastrowid
            text = fields.without_tags(value) if analysis.strips_tags(definition) else value
            call.database.execute(
                "INSERT INTO words (rowid, text) VALUES (?, ?)",
                (passage, analysis.passage(text, definition)),
            )
        else:
            call.database.execute(
                "INSERT INTO field_values VALUES (?, ?, ?)",
                (number, path, value.lower() if analysis.folds(definition) else value),
            )
    return written(index, identifier, version, "updated" if before else "created")


def written(index: Index, identifier: str, version: int, result: str) -> dict[str, Any]:
    return {
        "_index": index.name,
        "_type": "_doc",
        "_id": identifier,
        "_version": version,
        "result": result,
        "_shards": shards(),
        "_seq_no": version - 1,
        "_primary_term": 1,
    }


def status_of(result: dict[str, Any]) -> int:
    return {"created": 201, "not_found": 404}.get(result["result"], 200)


@route("PUT POST", "/{index}/_doc/{identifier}", ["refresh", "op_type"])
def put_document(call: Call, index: str, identifier: str) -> Answer:
    fresh = call.query.get("op_type") == "create"
    result = save(call, to_write(call, index), identifier, call.json(), fresh=fresh)
    return Answer(result, status_of(result))


@route("POST", "/{index}/_doc", ["refresh", "op_type"])
def post_document(call: Call, index: str) -> Answer:
    return Answer(save(call, to_write(call, index), uuid.uuid4().hex[:20], call.json()), 201)


@route("PUT POST", "/{index}/_create/{identifier}", ["refresh"])
def create_document(call: Call, index: str, identifier: str) -> Answer:
    return Answer(save(call, to_write(call, index), identifier, call.json(), fresh=True), 201)


@route("POST", "/{index}/_update/{identifier}", ["refresh", "retry_on_conflict"])
def update_document(call: Call, index: str, identifier: str) -> Answer:
    result = update(call, to_write(call, index), identifier, call.json())
    return Answer(result, status_of(result))


def update(call: Call, index: Index, identifier: str, body: dict[str, Any]) -> dict[str, Any]:
    """Update a document with the fields of `doc`."""
    only(body, ("doc", "doc_as_upsert", "detect_noop"), "an update")
    before = row_of(call, index, identifier)
    if before is None and not body.get("doc_as_upsert"):
        reason = f"[{identifier}]: document missing"
        raise Refused(404, "document_missing_exception", reason)
    source = json.loads(before["source"]) if before else {}
    merged = laid_over(source, mapping_of(body.get("doc"), "doc"))
    if before and merged == source:
        return written(index, identifier, before["version"], "noop")
    return save(call, index, identifier, merged)


def laid_over(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    merged = dict(old)
    for name, value in new.items():
        both = isinstance(value, dict) and isinstance(merged.get(name), dict)
        merged[name] = laid_over(merged[name], value) if both else value
    return merged


@route("GET", "/{index}/_doc/{identifier}", ["realtime", "refresh"])
def get_document(call: Call, index: str, identifier: str) -> Answer:
    [*indexes] = resolve(call, index)
    if len(indexes) != 1:
        raise malformed(f"[{index}] means {len(indexes)} indices, can't execute a single index op")
    row = row_of(call, indexes[0], identifier)
    place = {"_index": indexes[0].name, "_type": "_doc", "_id": identifier}
    if row is None:
        return Answer({**place, "found": False}, 404)
    return Answer(
        {
            **place,
            "_version": row["version"],
            "found": True,
            "_source": json.loads(row["source"]),
        }
    )


@route("DELETE", "/{index}/_doc/{identifier}", ["refresh"])
def delete_document(call: Call, index: str, identifier: str) -> Answer:
    result = delete(call, to_write(call, index), identifier)
    return Answer(result, status_of(result))


def delete(call: Call, index: Index, identifier: str) -> dict[str, Any]:
    row = row_of(call, index, identifier)
    if row is None:
        return written(index, identifier, 1, "not_found")
    call.database.execute("DELETE FROM documents WHERE number = ?", (row["number"],))
    return written(index, identifier, row["version"] + 1, "deleted")
