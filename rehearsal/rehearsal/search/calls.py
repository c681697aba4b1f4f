"""A request as its handler sees it, and which handler that is."""

import json
import re
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from rehearsal.search.refusals import Refused, malformed, mapping_of, unsupported

Handler = Callable[..., "Answer | dict[str, Any]"]
H = TypeVar("H", bound=Handler)
ALWAYS = ("pretty", "human", "error_trace", "timeout", "master_timeout", "wait_for_active_shards")


@dataclass(frozen=True)
class Account:
    """An account. A `superuser` may do everything, others only use indexes like `patterns`."""

    name: str
    superuser: bool
    cluster: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    body: Any
    status: int = 200


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    query: Mapping[str, str]
    content: bytes
    database: sqlite3.Connection
    account: Account
    cluster: str = "elasticsearch"

    def json(self) -> dict[str, Any]:
        """Return the JSON object in the request; empty if there is no body."""
        return mapping_of(self.parsed(self.content), "the body") if self.content.strip() else {}

    def lines(self) -> list[dict[str, Any]]:
        """Return the JSON objects in the request, one for each line."""
        return [
            mapping_of(self.parsed(line), "a line") for line in self.content.splitlines() if line
        ]

    def parsed(self, content: bytes) -> Any:
        try:
            return json.loads(content)
        except ValueError as error:
            raise Refused(400, "parse_exception", f"Failed to parse: {error}") from error

    def flag(self, name: str, *, default: bool = False) -> bool:
        return self.query.get(name, str(default)).lower() in {"", "true"}


@dataclass(frozen=True)
class Route:
    method: str
    pattern: re.Pattern[str]
    query: frozenset[str]
    handler: Handler
    writes: bool


ROUTES: list[Route] = []


def route(
    methods: str, template: str, query: Iterable[str] = (), *, writes: bool = True
) -> Callable[[H], H]:
    """Let a function answer `methods` (separated by spaces) at `template`.

    `{index}` stands for a name or several, other names in braces for one segment; `query` are the
    parameters that it understands besides those that all do. A GET never writes.
    """
    text = re.escape(template).replace(r"\{", "{").replace(r"\}", "}")
    text = text.replace("{index}", "(?P<index>_all|[^/_][^/]*)")
    pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", text))

    def decorate(handler: H) -> H:
        known = frozenset((*query, *ALWAYS))
        ROUTES.extend(
            Route(method, pattern, known, handler, writes and method != "GET")
            for method in methods.split()
        )
        return handler

    return decorate


def find(method: str, path: str) -> tuple[Route, dict[str, str]]:
    """Return the route of a request and the names in its path. Refuse unknown addresses."""
    others = set()
    # HEAD is GET without the body.
    methods = {method} | ({"GET"} if method == "HEAD" else set())
    for candidate in ROUTES:
        if match := candidate.pattern.fullmatch(path):
            if candidate.method in methods:
                return candidate, match.groupdict()
            others.add(candidate.method)
    if others:
        raise malformed(f"{path} takes {', '.join(sorted(others))}, not {method}")
    raise unsupported(f"{method} {path}", "its addresses")
