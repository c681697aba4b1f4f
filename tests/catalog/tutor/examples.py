"""Frozen variables of an instance that Tutor can run."""

from functools import cache
from typing import Any

from ocim.catalog.variables.effective import OPERATOR, effective
from ocim.catalog.variables.jwt import JwtKeys, generate
from ocim.core.instance import ALWAYS
from ocim.core.variables import Layer
from tests.catalog.instances import MYSQL, REDIS, SEED, full

SHARED = {"TUTOR_MONGODB_HOST": "mongo.internal", "TUTOR_MEILISEARCH_URL": "http://meili:7700"}
"""Servers that operators name, as all app servers of an instance share them."""


@cache
def keys() -> JwtKeys:
    return generate()


def tutors(extra: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """Return the variables of an instance with fields changed, and with further settings."""
    release = {"openedx_release": "release/ulmo.3", "edx_platform_commit": "release/ulmo.3"}
    fields = {"broker": REDIS, "databases": MYSQL, "services": ALWAYS, "name": "Campus"}
    instance = full(**{**release, **fields, **changes})
    layer = Layer(OPERATOR, {**SHARED, **(extra or {})})
    return effective(instance, [layer], seed=SEED, jwt_keys=keys()).values
