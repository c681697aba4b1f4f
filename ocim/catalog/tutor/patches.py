"""Ocim's own plugin for Tutor: patches for what Tutor has no settings for.

Ansible's playbooks have variables for it, so that an instance keeps its settings when it changes
from one to the other.
"""

from collections.abc import Mapping
from typing import Any

from ocim.catalog.shop.shop import CONFIG
from ocim.catalog.tutor.configuration import OWN_PLUGIN
from ocim.catalog.tutor.operators import plugins
from ocim.core.secrets import revealed

_EXTRA = {
    "openedx-lms-production-settings": "EDXAPP_LMS_ENV_EXTRA",
    "openedx-cms-production-settings": "EDXAPP_CMS_ENV_EXTRA",
}
FEATURES = "EDXAPP_FEATURES_EXTRA"
SECRETS = {
    "EDX_API_KEY": "EDXAPP_EDX_API_KEY",
    "FERNET_KEYS": "EDXAPP_FERNET_KEYS",
    "PROFILE_IMAGE_HASH_SEED": "EDXAPP_PROFILE_IMAGE_HASH_SEED",
    "RETIRED_USER_SALTS": "EDXAPP_RETIRED_USER_SALTS",
}
"""Secrets of LMS and studio that Tutor leaves at the platform's public defaults, with variables.

Names of learners' pictures, encrypted fields and the names of retired users depend on them.
"""
_CLIENT, _PARTS = "BACKEND_SERVICE_EDX_OAUTH2", ("KEY", "SECRET")
_WORKER_SETTINGS = "plugins/ecommerce/apps/ecommerce-worker/settings/production.py"
USED = frozenset({"EDXAPP_TIME_ZONE", FEATURES, CONFIG, *_EXTRA.values(), *SECRETS.values()})
"""Variables that the patches take effect by."""

# Where Tutor's web server knows no name, it answers 200 with an empty page.
_UNKNOWN_NAMES = """
:80 {
    redir https://{{ LMS_HOST }}{uri}
}
"""
# Tutor keeps these files in a directory of each app server.
_UPLOADS = 'ORA2_FILEUPLOAD_ROOT = "/openedx/media-private/ora2"'
_WITHOUT_SEARCH = "MEILISEARCH_ENABLED = False"
# What Tutor has made of a partner's keys stays, such as those for `cybersource-rest`.
_PAYMENT = """
for _code, _keys in {}.items():
    PAYMENT_PROCESSOR_CONFIG.setdefault(_code, {{}}).update(_keys)
"""
# Tutor names the broker to the shop's worker only, whose image serves a queue of another name.
_QUEUE = """
BROKER_URL = "redis://{% if REDIS_PASSWORD %}{{ REDIS_USERNAME }}:{{ REDIS_PASSWORD }}@{% endif %}\
{{ REDIS_HOST }}:{{ REDIS_PORT }}"
CELERY_ROUTES["ecommerce_worker.fulfillment.v1.tasks.fulfill_order"] = {"queue": "fulfillment"}
"""


def plugin(variables: Mapping[str, Any], *, dry_run: bool = False) -> dict[str, Any]:
    """Return the plugin as Tutor reads it from YAML, in clear text.

    `dry_run`: only migrations are run with these settings, and must leave the search server alone.
    """
    common = [f"TIME_ZONE = {variables['EDXAPP_TIME_ZONE']!r}", _UPLOADS]
    common += [f"{name} = {_literal(variables[source])}" for name, source in SECRETS.items()]
    if features := variables.get(FEATURES):
        common.append(f"FEATURES.update({_literal(features)})")
    if dry_run:
        common.append(_WITHOUT_SEARCH)
    patches = {"openedx-common-settings": "\n".join(common), "caddyfile": _UNKNOWN_NAMES}
    for patch, variable in _EXTRA.items():
        if extra := variables.get(variable):
            patches[patch] = f"globals().update({_literal(extra)})"
    if "ecommerce" in plugins(variables):
        keys = _PAYMENT.format(_literal(variables.get(CONFIG) or {}))
        patches["ecommerce-settings-common"] = f"{keys}{_QUEUE}"
    return {"name": OWN_PLUGIN, "version": "1", "patches": patches}


def endings(variables: Mapping[str, Any]) -> dict[str, str]:
    """Return text for the end of rendered files that have no patch, by path, in clear text.

    Tutor leaves the client of the shop's worker at the LMS, and the shop's address, at their
    defaults, which lead nowhere.
    """
    if "ecommerce" not in plugins(variables):
        return {}
    settings = {
        "ECOMMERCE_API_ROOT": f"{variables['ECOMMERCE_ECOMMERCE_URL_ROOT']}/api/v2/",
        f"{_CLIENT}_PROVIDER_URL": "http://lms:8000/oauth2",
        **{f"{_CLIENT}_{part}": variables[f"ECOMMERCE_{_CLIENT}_{part}"] for part in _PARTS},
    }
    return {_WORKER_SETTINGS: f"globals().update({_literal(settings)})\n"}


def _literal(value: Any) -> str:
    """Return the value as Python reads it; Tutor renders it, so that it must hold no template."""
    return repr(revealed(value))
