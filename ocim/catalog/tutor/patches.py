"""Ocim's own plugin for Tutor: patches for what Tutor has no settings for.

Ansible's playbooks have variables for it, so that an instance keeps its settings when it changes
from one to the other.
"""

from collections.abc import Mapping
from typing import Any

from ocim.catalog.tutor.configuration import OWN_PLUGIN
from ocim.core.secrets import revealed

_EXTRA = {
    "openedx-lms-production-settings": "EDXAPP_LMS_ENV_EXTRA",
    "openedx-cms-production-settings": "EDXAPP_CMS_ENV_EXTRA",
}
FEATURES = "EDXAPP_FEATURES_EXTRA"
USED = frozenset({"EDXAPP_TIME_ZONE", FEATURES, *_EXTRA.values()})
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


def plugin(variables: Mapping[str, Any], *, dry_run: bool = False) -> dict[str, Any]:
    """Return the plugin as Tutor reads it from YAML, in clear text.

    `dry_run`: only migrations are run with these settings, and must leave the search server alone.
    """
    common = [f"TIME_ZONE = {variables['EDXAPP_TIME_ZONE']!r}", _UPLOADS]
    if features := variables.get(FEATURES):
        common.append(f"FEATURES.update({_literal(features)})")
    if dry_run:
        common.append(_WITHOUT_SEARCH)
    patches = {"openedx-common-settings": "\n".join(common), "caddyfile": _UNKNOWN_NAMES}
    for patch, variable in _EXTRA.items():
        if extra := variables.get(variable):
            patches[patch] = f"globals().update({_literal(extra)})"
    return {"name": OWN_PLUGIN, "version": "1", "patches": patches}


def _literal(value: Any) -> str:
    """Return the value as Python reads it; Tutor renders it, so that it must hold no template."""
    return repr(revealed(value))
