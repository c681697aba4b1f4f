"""Analysis settings of an index: how texts become words.

Texts become lower-case words, without HTML tags, common words or with beginnings of words where the
settings ask for it; a text that is one keyword is compared as a whole. Words are not stemmed, and
have no synonyms: `snowball` and `synonym` are accepted and do nothing. All other parts are refused,
so that nobody takes this server's results for Elasticsearch's.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from rehearsal.search.refusals import malformed, mapping_of, only, unsupported

SETTINGS = {"number_of_shards", "number_of_replicas", "refresh_interval", "max_result_window"}
FIXED = ("number_of_shards", "analysis")
"""Settings that an existing index keeps."""
BLOCKS = ("read_only", "read_only_allow_delete", "read", "write", "metadata")
BUILTIN = {"standard", "simple", "default"}
PARTS: dict[str, dict[str, set[str]]] = {
    "analyzer": {
        "tokenizer": {"standard", "lowercase", "keyword"},
        "filter": {"lowercase", "stop", "snowball"},
        "char_filter": {"html_strip"},
    },
    "normalizer": {"filter": {"lowercase"}, "char_filter": set()},
}
FILTERS: dict[str, set[str]] = {
    "edge_ngram": {"min_gram", "max_gram"},
    "synonym": {"synonyms", "ignore_case", "expand", "lenient"},
    "snowball": {"language"},
    "stop": {"stopwords"},
}
"""Options of a filter that an index defines, by its type."""
STOP_WORDS = frozenset(
    (
        *("a", "an", "and", "are", "as", "at", "be", "but", "by", "for", "if", "in", "into", "is"),
        *("it", "no", "not", "of", "on", "or", "such", "that", "the", "their", "then", "there"),
        *("these", "they", "this", "to", "was", "will", "with"),
    )
)
"""Words that Lucene leaves out of English texts."""
WORD = re.compile(r"\w+")


def normal_settings(sent: Mapping[str, Any]) -> dict[str, Any]:
    """Return checked settings without the outer `index`."""
    settings: dict[str, Any] = {}
    for name, value in sent.items():
        if name == "index":
            settings |= mapping_of(value, "settings.index")
        else:
            settings[name.removeprefix("index.")] = value
    only(settings, (*SETTINGS, "analysis", "blocks"), "settings")
    check_blocks(mapping_of(settings.get("blocks") or {}, "settings.blocks"))
    analysis = mapping_of(settings.get("analysis") or {}, "settings.analysis")
    only(analysis, (*PARTS, "filter"), "settings.analysis")
    filters = mapping_of(analysis.get("filter") or {}, "filter")
    for name, definition in filters.items():
        check_filter(name, mapping_of(definition, name))
    for section in PARTS:
        for name, made_of in mapping_of(analysis.get(section) or {}, section).items():
            check_parts(section, name, mapping_of(made_of, name), filters)
    return settings


def changed_settings(sent: Mapping[str, Any]) -> dict[str, Any]:
    """Return checked settings for an existing index. Refuse those that it keeps for ever."""
    settings = normal_settings(sent)
    for name in FIXED:
        if name in settings:
            raise malformed(f"Can't update non dynamic settings [[index.{name}]] for open indices")
    return settings


def check_blocks(blocks: Mapping[str, Any]) -> None:
    """Refuse a block that is on: this server never has one."""
    only(blocks, BLOCKS, "settings.blocks")
    for name, value in blocks.items():
        if value not in (None, False, "false"):
            raise unsupported(f"{name}: {value}", "settings.blocks")


def check_filter(name: str, definition: Mapping[str, Any]) -> None:
    kind = definition.get("type")
    if kind not in FILTERS:
        raise unsupported(f"type: {kind}", f"the filter {name}")
    only(definition, ("type", *FILTERS[str(kind)]), f"the filter {name}")


def check_parts(
    section: str, name: str, made_of: Mapping[str, Any], filters: Mapping[str, Any]
) -> None:
    place = f"the {section} {name}"
    known = PARTS[section]
    if made_of.get("type", "custom") != "custom":
        raise unsupported(f"type: {made_of['type']}", place)
    only(made_of, ("type", *known), place)
    for part, supported in known.items():
        defined = filters if (section, part) == ("analyzer", "filter") else {}
        for name_of_part in listed(made_of.get(part)):
            if name_of_part not in {*supported, *defined}:
                raise unsupported(f"{part}: {name_of_part}", place)


def listed(parts: Any) -> list[str]:
    return parts if isinstance(parts, list) else [parts] if parts else []


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


def resolved(definition: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return a field's definition with the parts of its analyzer as `chain`.

    A text whose tokenizer is `keyword` is compared as a whole, so it becomes a keyword.
    """
    analysis = settings.get("analysis") or {}
    made_of = (analysis.get("analyzer") or {}).get(definition.get("analyzer"))
    if definition.get("type") != "text" or made_of is None:
        return dict(definition)
    filters = listed(made_of.get("filter"))
    if made_of.get("tokenizer") == "keyword":
        folds = {"normalizer": "lowercase"} if "lowercase" in filters else {}
        return {**definition, "type": "keyword", **folds}
    defined = analysis.get("filter") or {}
    chain = [defined.get(name) or {"type": name} for name in filters]
    strips = [{"type": name} for name in listed(made_of.get("char_filter"))]
    return {**definition, "chain": [*strips, *chain]}


def kinds(definition: Mapping[str, Any]) -> set[str]:
    """Return the types of the parts of a resolved field's analyzer."""
    return {part["type"] for part in definition.get("chain") or ()}


def terms(text: str, definition: Mapping[str, Any]) -> list[str]:
    """Return the words of a text that a resolved field keeps and looks for."""
    words = WORD.findall(text)
    if "stop" in kinds(definition):
        return [word for word in words if word.lower() not in STOP_WORDS]
    return words


def passage(text: str, definition: Mapping[str, Any]) -> str:
    """Return the text that is searched word by word for a resolved field."""
    grams = [part for part in definition.get("chain") or () if part["type"] == "edge_ngram"]
    if grams:
        return " ".join(beginnings(terms(text, definition), grams[0]))
    return " ".join(terms(text, definition)) if "stop" in kinds(definition) else text


def beginnings(words: Iterable[str], options: Mapping[str, Any]) -> Iterable[str]:
    """Yield the beginnings of words that are as long as an `edge_ngram` says."""
    shortest, longest = int(options.get("min_gram", 1)), int(options.get("max_gram", 2))
    for word in words:
        for length in range(shortest, min(longest, len(word)) + 1):
            yield word[:length]


def strips_tags(definition: Mapping[str, Any]) -> bool:
    """Return True if the resolved field's analyzer strips HTML tags."""
    return "html_strip" in kinds(definition)


def folds(definition: Mapping[str, Any]) -> bool:
    """Return True if comparisons of the field's values ignore case."""
    return definition["type"] == "completion" or bool(definition.get("normalizer"))
