"""`_bulk`: many documents at once."""

import uuid
from typing import Any

from rehearsal.search.calls import Call, route
from rehearsal.search.documents import delete, save, status_of, to_write, update
from rehearsal.search.refusals import Refused, malformed, mapping_of, only, single, unsupported


@route("POST PUT", "/_bulk", ["refresh"])
def bulk(call: Call) -> dict[str, Any]:
    return bulk_into(call, "")


@route("POST PUT", "/{index}/_bulk", ["refresh"])
def bulk_into(call: Call, index: str) -> dict[str, Any]:
    """Run each action by itself. One that fails reports its error; the others count."""
    lines = iter(call.lines())
    items: list[dict[str, Any]] = []
    for line in lines:
        kind, metadata = single(line, "an action")
        if kind not in {"index", "create", "update", "delete"}:
            raise unsupported(kind, "the actions of _bulk")
        place = {"_index": index, **mapping_of(metadata, kind)}
        only(place, ("_index", "_id", "_type", "retry_on_conflict"), f"the action {kind}")
        if place.get("_type", "_doc") != "_doc":
            raise unsupported(f"_type: {place['_type']}", f"the action {kind}")
        body = {} if kind == "delete" else next(lines, None)
        if body is None:
            raise malformed(f"the last action, {kind}, has no line with its document")
        items.append({kind: act(call, kind, place, body)})
    failed = any("error" in result for item in items for result in item.values())
    return {"took": 0, "errors": failed, "items": items}


def act(call: Call, kind: str, place: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    name, identifier = str(place["_index"]), place.get("_id")
    call.database.execute("SAVEPOINT action")
    try:
        index = to_write(call, name)
        if identifier is None and kind in {"index", "create"}:
            identifier = uuid.uuid4().hex[:20]
        elif identifier is None:
            raise malformed(f"the action {kind} needs an [_id]")
        result = {
            "index": lambda: save(call, index, str(identifier), body),
            "create": lambda: save(call, index, str(identifier), body, fresh=True),
            "update": lambda: update(call, index, str(identifier), body),
            "delete": lambda: delete(call, index, str(identifier)),
        }[kind]()
    except Refused as refused:
        call.database.execute("ROLLBACK TO action")
        result = {"_index": name, "_type": "_doc", "_id": identifier, "error": refused.cause}
        return {**result, "status": refused.status}
    finally:
        call.database.execute("RELEASE action")
    return {**result, "status": status_of(result)}
