"""Analysis settings of an index: how texts become words.

Here they always become lower-case words. Settings that ask for more are refused, so that nobody
takes this server's results for Elasticsearch's.
"""

from collections.abc import Mapping
from typing import Any

from rehearsal.search.refusals import mapping_of, only, unsupported

SETTINGS = {"number_of_shards", "number_of_replicas", "refresh_interval", "max_result_window"}
BUILTIN = {"standard", "simple", "default"}
PARTS: dict[str, dict[str, set[str]]] = {
    "analyzer": {
        "tokenizer": {"standard", "lowercase"},
        "filter": {"lowercase"},
        "char_filter": {"html_strip"},
    },
    "normalizer": {"filter": {"lowercase"}, "char_filter": set()},
}


def normal_settings(sent: Mapping[str, Any]) -> dict[str, Any]:
    """Return checked settings without the outer `index`."""
    settings: dict[str, Any] = {}
    for name, value in sent.items():
        if name == "index":
            settings |= mapping_of(value, "settings.index")
        else:
            settings[name.removeprefix("index.")] = value
    only(settings, (*SETTINGS, "analysis"), "settings")
    analysis = mapping_of(settings.get("analysis") or {}, "settings.analysis")
    only(analysis, PARTS, "settings.analysis")
    for section, parts in analysis.items():
        for name, made_of in mapping_of(section_of(parts), section).items():
            check_parts(section, name, mapping_of(made_of, name))
    return settings


def section_of(parts: object) -> object:
    return parts or {}


def check_parts(section: str, name: str, made_of: Mapping[str, Any]) -> None:
    place = f"the {section} {name}"
    known = PARTS[section]
    if made_of.get("type", "custom") != "custom":
        raise unsupported(f"type: {made_of['type']}", place)
    only(made_of, ("type", *known), place)
    for part, supported in known.items():
        parts = made_of.get(part) or []
        for name_of_part in parts if isinstance(parts, list) else [parts]:
            if name_of_part not in supported:
                raise unsupported(f"{part}: {name_of_part}", place)


def check_names(fields: Mapping[str, Mapping[str, Any]], settings: Mapping[str, Any]) -> None:
    """Refuse fields with an analyzer or normalizer that the index does not have."""
    analysis = settings.get("analysis") or {}
    for path, definition in fields.items():
        for parameter in ("analyzer", "search_analyzer", "normalizer"):
            name = definition.get(parameter)
            section = "normalizer" if parameter == "normalizer" else "analyzer"
            known = {"lowercase"} if section == "normalizer" else BUILTIN
            if name is not None and name not in {*known, *(analysis.get(section) or {})}:
                raise unsupported(f"{parameter}: {name}", path)


def strips_tags(definition: Mapping[str, Any], settings: Mapping[str, Any]) -> bool:
    """Return True if the field's analyzer strips HTML tags."""
    analyzers = (settings.get("analysis") or {}).get("analyzer") or {}
    filters = (analyzers.get(definition.get("analyzer")) or {}).get("char_filter") or []
    return "html_strip" in filters


def folds(definition: Mapping[str, Any]) -> bool:
    """Return True if comparisons of the field's values ignore case."""
    return definition["type"] == "completion" or bool(definition.get("normalizer"))
