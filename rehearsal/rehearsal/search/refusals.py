"""Refusals of requests, with Elasticsearch's names of errors."""

from collections.abc import Iterable, Mapping
from typing import Any


class Refused(Exception):
    """A response with an error status; `kind` is Elasticsearch's name of the error."""

    def __init__(self, status: int, kind: str, reason: str, **details: object) -> None:
        super().__init__(reason)
        self.status = status
        self.cause = {"type": kind, "reason": reason, **details}

    @property
    def body(self) -> dict[str, Any]:
        return {"error": {"root_cause": [self.cause], **self.cause}, "status": self.status}


def malformed(reason: str) -> Refused:
    """Return the refusal of a request that Elasticsearch would refuse, too."""
    return Refused(400, "illegal_argument_exception", reason)


def unsupported(what: str, where: str) -> Refused:
    """Return the refusal of a feature that Elasticsearch may have, but not this server."""
    reason = f"the rehearsal's search server does not support [{what}] in {where}"
    return Refused(400, "illegal_argument_exception", reason)


def no_index(name: str) -> Refused:
    return Refused(404, "index_not_found_exception", f"no such index [{name}]", index=name)


def only(content: Mapping[str, object], known: Iterable[str], where: str) -> None:
    """Refuse the first key of `content` that is not among `known`."""
    for key in content:
        if key not in known:
            raise unsupported(key, where)


def mapping_of(value: object, where: str) -> dict[str, Any]:
    """Return the value if it is a JSON object. Refuse any other value."""
    if not isinstance(value, dict):
        raise malformed(f"{where} must be an object, not [{value}]")
    return value


def single(value: object, where: str) -> tuple[str, Any]:
    """Return the only key of a JSON object, and its value."""
    content = mapping_of(value, where)
    if len(content) != 1:
        raise malformed(f"{where} must have exactly one key, not {sorted(content)}")
    return next(iter(content.items()))


def whole_number(value: object, where: str) -> int:
    """Return a whole number, or a text of one. Refuse negative numbers."""
    try:
        number = int(str(value))
    except ValueError as error:
        raise malformed(f"{where} must be a whole number, not [{value}]") from error
    if number < 0:
        raise malformed(f"{where} must not be negative, but is [{value}]")
    return number
