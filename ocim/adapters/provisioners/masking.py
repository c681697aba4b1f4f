"""Takes secret values out of texts before anybody sees them."""

import base64
import json
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from urllib.parse import quote, quote_plus

from ocim.core.spec import Secret

MASK = "********"
SHORTEST = 4
"""Shorter texts occur everywhere: masking them would only make the log unreadable."""


def reveal(value: object) -> object:
    """`value` with every Secret in it, at any depth, replaced by its text."""
    match value:
        case Secret():
            return value.reveal()
        case Mapping():
            return {key: reveal(item) for key, item in value.items()}
        case list() | tuple():
            return [reveal(item) for item in value]
    return value


def masker(value: object) -> Callable[[str], str]:
    """A function that masks every Secret found in `value`, in whatever form it is printed."""
    forms = {form for secret in _secrets(value) for form in _forms(secret.reveal())}
    if not forms:
        return str
    pattern = re.compile("|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True)))
    return lambda text: pattern.sub(MASK, text)


def holds_secrets(value: object) -> bool:
    """Whether there is a Secret in `value`, at any depth."""
    return next(_secrets(value), None) is not None


def _secrets(value: object) -> Iterator[Secret]:
    match value:
        case Secret():
            yield value
        case Mapping():
            for item in value.values():
                yield from _secrets(item)
        case list() | tuple():
            for item in value:
                yield from _secrets(item)


def _forms(text: str) -> Iterable[str]:
    """The text and its lines as they look in JSON, Python, YAML, a shell, a URL and base64."""
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
