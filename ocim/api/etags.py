"""ETags: a client names the version that it read, so that no change of another is lost."""

import json
import re
from typing import Any

from django.utils.crypto import salted_hmac
from rest_framework.request import Request

from ocim.api.problems import PreconditionFailed, PreconditionRequired

_TAG = re.compile(r'(?:W/)?("[^"]*")')


def etag(content: Any) -> str:
    """Return the ETag of a JSON value; nobody can guess a secret in the value from it."""
    text = json.dumps(content, sort_keys=True, default=str)
    return f'"{salted_hmac("ocim.api.etag", text, algorithm="sha256").hexdigest()[:32]}"'


def require_match(request: Request, current: str) -> None:
    """Raise PreconditionRequired without `If-Match`, PreconditionFailed if it names another tag."""
    wanted = request.headers.get("If-Match")
    if wanted is None:
        raise PreconditionRequired
    if wanted.strip() != "*" and current not in _TAG.findall(wanted):
        raise PreconditionFailed


def is_known(request: Request, current: str) -> bool:
    """Return True if `If-None-Match` names the ETag: the client has this version already."""
    return current in _TAG.findall(request.headers.get("If-None-Match", ""))
