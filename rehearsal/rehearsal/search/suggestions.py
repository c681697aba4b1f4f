"""Suggestions: completions of the text typed so far."""

import json
from typing import Any

from rehearsal.search.lookups import Scope
from rehearsal.search.refusals import malformed, mapping_of, only, whole_number


def of(scope: Scope, wanted: object, *, typed: bool) -> dict[str, Any]:
    results: dict[str, Any] = {}
    suggesters = dict(mapping_of(wanted, "suggest"))
    common = suggesters.pop("text", None)
    for name, definition in suggesters.items():
        body = mapping_of(definition, name)
        only(body, ("prefix", "text", "completion"), f"the suggester {name}")
        if "completion" not in body:
            raise malformed(f"the suggester {name} needs [completion]")
        text = str(body.get("prefix") or body.get("text") or common or "")
        entry = {
            "text": text,
            "offset": 0,
            "length": len(text),
            "options": completed(scope, text, mapping_of(body["completion"], "completion")),
        }
        results[f"completion#{name}" if typed else name] = [entry]
    return results


def completed(scope: Scope, text: str, options: dict[str, Any]) -> list[dict[str, Any]]:
    only(options, ("field", "size", "skip_duplicates"), "a completion")
    field = str(options.get("field", ""))
    if scope.fields.get(field, {}).get("type") != "completion":
        raise malformed(f"Field [{field}] is not a completion suggest field")
    size = whole_number(options.get("size", 5), "size")
    start = text.lower()
    rows = scope.rows(
        "SELECT d.*, v.value FROM documents d JOIN field_values v ON v.document = d.number "
        "WHERE v.field = ? AND substr(v.value, 1, ?) = ?",
        field,
        len(start),
        start,
    )
    options_found: list[dict[str, Any]] = []
    seen: set[object] = set()
    for row in sorted(rows, key=lambda row: (row["value"], row["number"])):
        # Suggest a document once, even if several of its inputs match.
        key = row["value"] if options.get("skip_duplicates") else row["number"]
        if key not in seen and len(options_found) < size:
            seen.add(key)
            source = json.loads(row["source"])
            options_found.append(
                {
                    "text": as_given(source, field, row["value"]),
                    "_index": row["index_name"],
                    "_type": "_doc",
                    "_id": row["id"],
                    "_score": 1.0,
                    "_source": source,
                }
            )
    return options_found


def as_given(source: dict[str, Any], field: str, lowered: str) -> str:
    """Return the document's text, with its capitals, that equals `lowered`."""
    texts: list[Any] = [source]
    for name in field.split("."):
        inner = [text.get(name) for text in texts if isinstance(text, dict)]
        texts = [entry for text in inner for entry in listed(text)]
    texts += [
        entry for text in texts if isinstance(text, dict) for entry in listed(text.get("input"))
    ]
    return next(
        (text for text in texts if isinstance(text, str) and text.lower() == lowered), lowered
    )


def listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]
