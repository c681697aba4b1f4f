"""The rehearsal's settings, and the names that Tutor's settings of ecommerce change."""

import os
from typing import Any
from urllib.parse import urljoin  # noqa: F401 (Tutor's settings take it from here)

from rehearsal.common import releases
from rehearsal.ecommerce.settings import *  # noqa: F403

RELEASE = releases.parse(os.environ["REHEARSAL_RELEASE"])
INSTALLED_APPS += ["ecommerce.initialization"]  # noqa: F405
# The names alone: Tutor adds those of operators, which the rehearsal does not have.
PAYMENT_PROCESSORS: tuple[str, ...] = ()
CSRF_TRUSTED_ORIGINS: list[str] = []
CORS_ORIGIN_WHITELIST: tuple[str, ...] = ()
JWT_AUTH: dict[str, Any] = {}
LOGGING["handlers"]["local"] = {"class": "logging.NullHandler"}  # noqa: F405
for _logger in LOGGING["loggers"].values():  # noqa: F405
    _logger["handlers"].append("local")
