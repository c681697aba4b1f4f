"""Routings and errors as JSON, between managers and the balancer's machine."""

import json
from dataclasses import fields
from http import HTTPStatus
from typing import Any

from ocim.core.errors import (
    Conflict,
    LostClaim,
    OcimError,
    PermanentError,
    TransientError,
    ValidationError,
)
from ocim.core.routing import Routing, Site, written

UPGRADE = "Upgrade Ocim on the balancer's machine first, then on the managers' machines."

STATUSES: dict[type[OcimError], HTTPStatus] = {
    ValidationError: HTTPStatus.UNPROCESSABLE_ENTITY,
    LostClaim: HTTPStatus.CONFLICT,
    TransientError: HTTPStatus.SERVICE_UNAVAILABLE,
    PermanentError: HTTPStatus.BAD_GATEWAY,
    Conflict: HTTPStatus.NOT_FOUND,
}
"""Status of the answer for each class of errors."""

_LISTS = ("domains", "upstreams")
_NAMES = {item.name for item in fields(Site)}


def write_routing(routing: Routing) -> bytes:
    """Return the routing as JSON."""
    sites = [written(site) for site in routing.sites]
    return json.dumps({"version": routing.version, "sites": sites}).encode()


def read_routing(body: bytes) -> Routing:
    """Return the routing of a JSON document. Raise ValidationError if it is none."""
    try:
        match json.loads(body):
            case {"version": int(version), "sites": [*sites]}:
                return Routing(tuple(map(_site, sites)), version)
    except ValueError:
        pass
    raise ValidationError(["The request is not a routing."], remedy=UPGRADE)


def _site(value: Any) -> Site:
    if not isinstance(value, dict) or any(name not in value for name in _LISTS):
        raise ValidationError(["A site has no names or app servers."], remedy=UPGRADE)
    if unknown := sorted(set(value) - _NAMES):
        raise ValidationError([f"Unknown fields of a site: {', '.join(unknown)}."], remedy=UPGRADE)
    for name, item in value.items():
        texts = item if name in _LISTS else [item]
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise ValidationError([f"The field {name} of a site is invalid."], remedy=UPGRADE)
    fields_of: dict[str, Any] = {
        name: tuple(item) if name in _LISTS else item for name, item in value.items()
    }
    return Site(**fields_of)


def write_error(error: OcimError) -> tuple[HTTPStatus, bytes]:
    """Return the status and the JSON document for an error."""
    kind = next((kind for kind in STATUSES if isinstance(error, kind)), PermanentError)
    faults = error.faults if isinstance(error, ValidationError) else [error.problem]
    return STATUSES[kind], json.dumps({"faults": faults, "remedy": error.remedy}).encode()


def read_error(status: int, body: bytes) -> OcimError:
    """Return the error that an answer stands for."""
    kind = next((kind for kind in STATUSES if STATUSES[kind] == status), None)
    try:
        answer = json.loads(body)
        faults, remedy = [str(fault) for fault in answer["faults"]], str(answer["remedy"])
    except (ValueError, KeyError, TypeError):
        kind, faults, remedy = None, [], ""
    if kind is None:
        return TransientError(
            f"The balancer's machine answered with status {status}.",
            remedy="The log of `ocim balancer run control` there says why.",
        )
    if kind is ValidationError:
        return ValidationError(faults, remedy=remedy)
    return kind(" ".join(faults), remedy=remedy)
