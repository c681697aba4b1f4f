"""How a request is refused: with Elasticsearch's names for what is wrong."""

from collections.abc import Iterable, Mapping
from typing import Any


class Refused(Exception):
    """An answer with an error status; `kind` is Elasticsearch's name of the error."""

    def __init__(self, status: int, kind: str, reason: str, **details: object) -> None:
        super().__init__(reason)
        self.status = status
        self.cause = {"type": kind, "reason": reason, **details}

    @property
    def body(self) -> dict[str, Any]:
        return {"error": {"root_cause": [self.cause], **self.cause}, "status": self.status}


def malformed(reason: str) -> Refused:
    """What would be wrong for Elasticsearch too."""
    return Refused(400, "illegal_argument_exception", reason)


def unspoken(what: str, where: str) -> Refused:
    """What Elasticsearch may know, and this server does not."""
    reason = f"the rehearsal's search server does not speak [{what}] in {where}"
    return Refused(400, "illegal_argument_exception", reason)


def no_index(name: str) -> Refused:
    return Refused(404, "index_not_found_exception", f"no such index [{name}]", index=name)


def only(given: Mapping[str, object], known: Iterable[str], where: str) -> None:
    """Refuse the first key of `given` that is not among `known`."""
    for key in given:
        if key not in known:
            raise unspoken(key, where)


def mapping_of(value: object, where: str) -> dict[str, Any]:
    """`value`, which must be a JSON object."""
    if not isinstance(value, dict):
        raise malformed(f"{where} must be an object, not [{value}]")
    return value


def single(value: object, where: str) -> tuple[str, Any]:
    """The only key of a JSON object, and its value."""
    content = mapping_of(value, where)
    if len(content) != 1:
        raise malformed(f"{where} must have exactly one key, not {sorted(content)}")
    return next(iter(content.items()))


def whole_number(value: object, where: str) -> int:
    """A number that is not negative, also where it comes as text."""
    try:
        number = int(str(value))
    except ValueError as error:
        raise malformed(f"{where} must be a whole number, not [{value}]") from error
    if number < 0:
        raise malformed(f"{where} must not be negative, but is [{value}]")
    return number
