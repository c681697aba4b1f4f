"""Mappings: which fields there are, and what is made of a document's values for each."""

import html
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from rehearsal.search import dates
from rehearsal.search.refusals import Refused, malformed, mapping_of, only, unsupported

NUMBERS = {"long", "integer", "short", "byte", "double", "float", "half_float"}
WHOLE = {"long", "integer", "short", "byte"}
TYPES = {"text", "keyword", "date", "boolean", "completion", "object", "nested", *NUMBERS}
OBJECTS = ("object", "nested")
"""Types of fields with fields of their own. Those of nested objects are found like all others."""
PARAMETERS = {
    *("type", "fields", "properties", "analyzer", "search_analyzer", "normalizer"),
    *("ignore_above", "index", "store", "doc_values", "fielddata", "dynamic", "enabled"),
    *("null_value", "boost", "preserve_separators", "preserve_position_increments"),
    *("max_input_length", "include_in_parent", "include_in_root"),
}
UNSUPPORTED = {"enabled", "null_value", "boost"}
TAG = re.compile(r"<[^>]*>")
DYNAMIC_TEXT = {"type": "text", "fields": {"keyword": {"type": "keyword", "ignore_above": 256}}}
Definitions = dict[str, dict[str, Any]]


def check_mappings(mappings: dict[str, Any]) -> None:
    """Refuse mappings with anything that would be searched in another way than they say."""
    only(mappings, ("properties", "dynamic", "_source", "_meta", "date_detection"), "mappings")
    check_properties(mappings.get("properties") or {}, "mappings")


def check_properties(properties: object, where: str) -> None:
    for name, definition in mapping_of(properties, f"{where}.properties").items():
        place = f"{where}.{name}"
        kind = mapping_of(definition, place).get("type", "object")
        if kind not in TYPES:
            raise unsupported(f"type: {kind}", place)
        for parameter in definition:
            if parameter not in PARAMETERS or parameter in UNSUPPORTED:
                raise unsupported(parameter, place)
        check_properties(definition.get("properties") or {}, place)
        check_properties(definition.get("fields") or {}, place)


def definitions(mappings: Mapping[str, Any], prefix: str = "") -> Definitions:
    """Return all fields that can be searched, by path: `title`, `title.raw`, `course.key`."""
    fields: Definitions = {}
    for name, definition in (mappings.get("properties") or {}).items():
        path = f"{prefix}{name}"
        if "properties" in definition or definition.get("type") in OBJECTS:
            fields |= definitions(definition, f"{path}.")
        else:
            fields[path] = definition
            for sub, variant in (definition.get("fields") or {}).items():
                fields[f"{path}.{sub}"] = variant
    return fields


def values(source: Mapping[str, Any], mappings: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield (path, value) of a document's fields. Add its new fields to `mappings`."""
    yield from within(source, mappings.setdefault("properties", {}), mappings.get("dynamic"), "")


def within(
    source: Mapping[str, Any], properties: dict[str, Any], dynamic: object, prefix: str
) -> Iterator[tuple[str, Any]]:
    for name, value in source.items():
        path = f"{prefix}{name}"
        entries = value if isinstance(value, list) else [value]
        definition = properties.get(name)
        # A completion may be a list or an object, but is one value.
        if definition and definition.get("type") == "completion":
            for text in completions(value, path):
                yield path, text
            continue
        for entry in entries:
            if entry is None:
                continue
            if definition is None:
                if dynamic in (False, "false"):
                    break
                if dynamic == "strict":
                    raise Refused(
                        400,
                        "strict_dynamic_mapping_exception",
                        f"mapping set to strict, dynamic introduction of [{path}] is not allowed",
                    )
                definition = properties[name] = guessed(entry)
            if isinstance(entry, dict) and definition.get("type", "object") in OBJECTS:
                inner = definition.setdefault("properties", {})
                yield from within(entry, inner, definition.get("dynamic", dynamic), f"{path}.")
            else:
                yield from of_field(path, entry, definition)


def of_field(path: str, entry: object, definition: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    variants = {path: definition}
    variants |= {f"{path}.{sub}": it for sub, it in (definition.get("fields") or {}).items()}
    for name, variant in variants.items():
        if variant["type"] == "completion":
            for text in completions(entry, name):
                yield name, text
        elif not (
            variant["type"] == "keyword" and len(str(entry)) > variant.get("ignore_above", 2**31)
        ):
            yield name, stored(entry, variant, name)


def stored(entry: object, definition: Mapping[str, Any], path: str) -> Any:
    """Return a value in its form for comparisons, the same in documents and in queries."""
    kind = definition["type"]
    if isinstance(entry, dict | list):
        raise unparsable(path, kind, entry)
    try:
        if kind in WHOLE:
            return int(float(entry)) if isinstance(entry, str | float) else int(entry)  # type: ignore[call-overload]
        if kind in NUMBERS:
            return float(entry)  # type: ignore[arg-type]
        if kind == "date":
            return dates.milliseconds(entry)
    except (TypeError, ValueError, OverflowError) as error:
        raise unparsable(path, kind, entry) from error
    text = json.dumps(entry) if isinstance(entry, bool) else str(entry)
    if kind == "boolean":
        if text not in {"true", "false", ""}:
            raise unparsable(path, kind, entry)
        return int(text == "true")
    return text


def unparsable(path: str, kind: str, entry: object) -> Refused:
    return Refused(
        400,
        "mapper_parsing_exception",
        f"failed to parse field [{path}] of type [{kind}]: [{entry}]",
    )


def completions(value: object, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        only(value, ("input", "weight"), f"the completion {path}")
        if value.get("weight") is not None:
            raise unsupported("weight", f"the completion {path}")
        value = value.get("input")
    for text in value if isinstance(value, list) else [value]:
        if isinstance(text, str):
            yield text
        elif text is not None:
            raise malformed(f"the completion {path} must be text, not [{text}]")


def guessed(entry: object) -> dict[str, Any]:
    """Return the mapping that the first value of a new field makes."""
    if isinstance(entry, bool):
        return {"type": "boolean"}
    if isinstance(entry, int):
        return {"type": "long"}
    if isinstance(entry, float):
        return {"type": "float"}
    if isinstance(entry, dict):
        return {"properties": {}}
    if isinstance(entry, str) and dates.looks_like_one(entry):
        return {"type": "date"}
    return json.loads(json.dumps(DYNAMIC_TEXT))  # type: ignore[no-any-return]


def without_tags(text: str) -> str:
    return html.unescape(TAG.sub(" ", text))
