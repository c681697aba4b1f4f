"""Variables that must have equal values, since two services share them."""

from collections.abc import Collection, Mapping
from typing import Any

from ocim.catalog.shop import currency

SAME: Mapping[str, str] = {
    "ECOMMERCE_EDX_API_KEY": "EDXAPP_EDX_API_KEY",
    "ECOMMERCE_WORKER_JWT_SECRET_KEY": "COMMON_JWT_SECRET_KEY",
    "ECOMMERCE_OSCAR_FROM_EMAIL": "EDXAPP_DEFAULT_FROM_EMAIL",
    "FORUM_API_KEY": "EDXAPP_COMMENTS_SERVICE_KEY",
    "NOTIFIER_COMMENT_SERVICE_API_KEY": "EDXAPP_COMMENTS_SERVICE_KEY",
    "NOTIFIER_LMS_SECRET_KEY": "EDXAPP_EDXAPP_SECRET_KEY",
    "NOTIFIER_USER_SERVICE_API_KEY": "EDXAPP_EDX_API_KEY",
}
"""Leading variables by the variables that follow them."""


def followed(extra: Mapping[str, Any], *, generated: Collection[str]) -> dict[str, Any]:
    """Return the variables that follow from an operator's settings of leading ones."""
    following: dict[str, Any] = {
        follower: extra[leader]
        for follower, leader in SAME.items()
        if leader in extra and follower in generated
    }
    code = extra.get("ECOMMERCE_OSCAR_DEFAULT_CURRENCY")
    if isinstance(code, str) and code in currency.codes():
        following |= currency.of_lms(code)
    return following
