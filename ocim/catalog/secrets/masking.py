"""Mask secrets in everything that people see: by name, by pattern, or by value.

Values of settings become a `Secret` as a whole; in texts, only the secret part is replaced.
"""

import base64
import json
import re
import shlex
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any
from urllib.parse import quote, quote_plus

from ocim.catalog.secrets.forms import has_any, without_forms
from ocim.catalog.secrets.names import IN_NAMES, is_password_name, is_secret_name
from ocim.catalog.templates import is_template
from ocim.core.secrets import MASK, Secret, secret_texts
from ocim.core.variables import Effective, Leaf

SHORTEST = 4
"""Minimum length of a masked text: shorter ones occur everywhere in logs."""
_NAME = re.compile(
    r"""(?<![\w.-]) (?: --(?P<option>[A-Za-z][\w-]*) (?:=|\s+)
      | (?P<name>[A-Za-z_][\w.-]*) \\*["']? \]? \s* (?:=>|:=|[:=]) (?!//) \s* )""",
    re.VERBOSE,
)
_VALUE = re.compile(
    r"""(?P<quote>\\*["']) (?P<quoted>.*?) (?<!\\)(?P=quote)
      | \\*["'] (?P<unended>[^\n]+)
      | \[ (?P<listed>[^\[\]]*) \]
      | \{ (?!\{) (?P<mapped>[^{}]*) \}
      | (?P<bare>[^\s&"'<>,;{}\[\]]+ (?: [,;] [^\s&"'<>,;{}\[\]]+ )*)""",
    re.VERBOSE | re.DOTALL,
)
_NOT_SECRET = frozenset({"", MASK, "true", "false", "null", "none", "yes", "no", "-"})
_REFERENCE = re.compile(r"\{\{[\w\s.|\[\]()]*\}\}")
_LITERAL = re.compile(r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\"")
_WORD = re.compile(r"[A-Za-z_][\w.]*")
_PLAIN = re.compile(r"[\w .,-]{0,15}")


def with_secrets_hidden(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy with a Secret for each text that looks like one, or is below a secret's name.

    Empty texts and references to other variables stay as they are.
    """
    return {key: _hidden(value, str(key)) for key, value in values.items()}


def _hidden(value: Any, name: str, *, below_secret: bool = False) -> Any:
    below_secret = below_secret or is_secret_name(name)
    match value:
        case str() if below_secret and not _REFERENCE.fullmatch(value):
            return Secret(value) if value else value
        case str():
            return hidden_text(value)
        case int() if is_password_name(name) and not isinstance(value, bool):
            return Secret(str(value))
        case Mapping():
            return {
                key: _hidden(below, str(key), below_secret=below_secret)
                for key, below in value.items()
            }
        case list():
            return [_hidden(below, name, below_secret=below_secret) for below in value]
    return value


def hidden_again(variables: Effective, layers: Collection[str]) -> Effective:
    """Return the variables, with the secrets in the layers hidden by the present rules."""
    leaves = [
        leaf._replace(value=_hidden_leaf(leaf)) if leaf.layer in layers else leaf
        for leaf in variables.leaves
    ]
    return replace(variables, leaves=tuple(leaves))


def _hidden_leaf(leaf: Leaf) -> Any:
    below_secret = any(is_secret_name(str(key)) for key in leaf.path)
    return _hidden(leaf.value, str(leaf.path[-1]), below_secret=below_secret)


@lru_cache(maxsize=10_000)
def hidden_text(text: str) -> str | Secret:
    """Return the text, as a Secret if it contains one (such as a password in a URL)."""
    if _PLAIN.fullmatch(text) or mask_text(text) == text:
        return text
    return Secret(text)


def masked_place(name: str, value: Any) -> Any:
    """Return a copy with everything masked, at any depth, that is secret by name or pattern."""
    match value:
        case Mapping():
            return {key: masked_place(str(key), below) for key, below in value.items()}
        case list() | tuple():
            return [masked_place(name, below) for below in value]
        case str() if value and not is_template(value) and is_secret_name(name):
            return MASK
        case str():
            return mask_text(value)
    return value


def mask_text(text: str) -> str:
    """Return the text with everything masked that looks like a secret or follows its name."""
    if len(text) < SHORTEST:
        return text
    return _without_named(without_forms(text))


def mask_sql(statement: str) -> str:
    """Return the SQL statement; mask all literals if it is about a secret."""
    if any(is_secret_name(word) for word in _WORD.findall(_LITERAL.sub("", statement))):
        statement = _LITERAL.sub(f"'{MASK}'", statement)
    return mask_text(statement)


def secret_literals(statement: str) -> list[Secret]:
    """Return the literals of a statement about a secret, which errors may quote."""
    if mask_sql(statement) == statement:
        return []
    return [Secret(literal[1:-1]) for literal in _LITERAL.findall(statement)]


def _without_named(text: str) -> str:
    if not has_any(text.lower(), IN_NAMES):
        return text
    parts, end = [], 0
    for name in _NAME.finditer(text):
        if name.start() < end or not is_secret_name(name["option"] or name["name"]):
            continue
        value = _VALUE.match(text, name.end())
        if value is None:
            continue
        kind = next(kind for kind in _KINDS if value[kind] is not None)
        if value[kind].strip().lower() in _NOT_SECRET or is_template(value[kind]):
            continue
        parts += [text[end : value.start(kind)], MASK]
        end = value.end(kind)
    return "".join([*parts, text[end:]]) if parts else text


_KINDS = ("quoted", "unended", "listed", "mapped", "bare")


def masker(values: Any) -> Callable[[str], str]:
    """Return a function that masks every Secret in `values`, in all encodings of `_forms`.

    Longer forms go first, as they may contain shorter ones. To look for each form costs less than
    one regular expression of all, which takes longer to compile than most logs take to mask.
    """
    forms = {form for secret in secret_texts(values) for form in _forms(secret)}
    longest_first = sorted(forms, key=len, reverse=True)

    def mask(text: str) -> str:
        for form in longest_first:
            if form in text:
                text = text.replace(form, MASK)
        return text

    return mask


def _forms(text: str) -> Iterable[str]:
    """Return the text and its lines, as encoded in JSON, Python, YAML, shells, URLs and base64."""
    plain = {part.strip() for part in [text, *text.splitlines()]}
    plain = {part for part in plain if len(part) >= SHORTEST}
    in_json = {_json(part) for part in plain} | {json.dumps(part)[1:-1] for part in plain}
    return (
        plain
        | in_json
        | {_json(part) for part in in_json}  # JSON within JSON
        | {repr(part)[1:-1] for part in plain}
        | {part.replace("'", "''") for part in plain}
        | {shlex.quote(part) for part in plain}
        | {quote(part, safe="") for part in plain}
        | {quote(part) for part in plain}
        | {quote_plus(part) for part in plain}
        | {base64.b64encode(part.encode()).decode().rstrip("=") for part in plain}
        | {base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in plain}
    )


def _json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]
