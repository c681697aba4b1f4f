"""Variables that must have the same value, since two services use what they hold."""

from collections.abc import Collection, Mapping
from typing import Any

from ocim.catalog.shop import currency

SAME: Mapping[str, str] = {
    "ECOMMERCE_EDX_API_KEY": "EDXAPP_EDX_API_KEY",
    "ECOMMERCE_WORKER_JWT_SECRET_KEY": "COMMON_JWT_SECRET_KEY",
    "ECOMMERCE_OSCAR_FROM_EMAIL": "EDXAPP_DEFAULT_FROM_EMAIL",
    "FORUM_API_KEY": "EDXAPP_COMMENTS_SERVICE_KEY",
}
"""The one that follows → the one that leads."""


def followed(extra: Mapping[str, Any], *, generated: Collection[str]) -> dict[str, Any]:
    """What follows from an operator's settings that set one of a pair and not the other."""
    following: dict[str, Any] = {
        follower: extra[leader]
        for follower, leader in SAME.items()
        if leader in extra and follower in generated
    }
    code = extra.get("ECOMMERCE_OSCAR_DEFAULT_CURRENCY")
    if isinstance(code, str) and code in currency.codes():
        following |= currency.of_lms(code)
    return following
